// A site that people sign in to. It lives on another host than the issuer, so the browser treats the two as strangers.
//
// /start?.. sends the browser to the issuer with these parameters, /post?.. does so with a form, /callback takes the
// answer and shows claims or the error, /sign-out signs out there, /signed-out is where that ends.
import * as client from 'openid-client';

import { variable } from '../agent/checks.mjs';
import { escapeText, page, redirect, serve } from './server.mjs';

export async function startRelyingParty() {
  const authentication = client.ClientSecretBasic(variable('CONFORMANCE_SECRET'));
  const config = await client.discovery(new URL(variable('ISSUER')), 'browser', {}, authentication);
  config.timeout = 15;
  const site = new RelyingParty(config);
  const server = await serve(Number(variable('BROWSER_PORT')), (request) => site.answer(request));
  site.origin = server.origin;
  return { origin: server.origin, close: () => server.close() };
}

class RelyingParty {
  constructor(config) {
    this.config = config;
    this.begun = new Map();
    this.idToken = undefined;
  }

  answer(request) {
    switch (request.url.pathname) {
      case '/start':
        return this.start(request.url.searchParams).then(redirect);
      case '/post':
        return this.post(request.url.searchParams);
      case '/callback':
        return this.callback(request);
      case '/sign-out':
        return redirect(this.signOut());
      case '/signed-out':
        return page('Goodbye', `<p id="back">${escapeText(request.url.searchParams.get('state'))}</p>`);
      default:
        return undefined;
    }
  }

  async start(parameters) {
    const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
    this.begun.set(state, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
    return client.buildAuthorizationUrl(this.config, {
      redirect_uri: `${this.origin}/callback`,
      scope: 'openid profile',
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...Object.fromEntries(parameters),
    });
  }

  async post(parameters) {
    const url = await this.start(parameters);
    const inputs = [...url.searchParams].map(
      ([name, value]) => `<input type="hidden" name="${escapeText(name)}" value="${escapeText(value)}">`,
    );
    const action = escapeText(url.origin + url.pathname);
    return page('By form', `<form method="post" action="${action}">${inputs.join('')}<button id="go">Go</button></form>`);
  }

  async callback({ method, url, body }) {
    const given = method === 'POST' ? new URLSearchParams(body) : url.searchParams;
    const checks = this.begun.get(given.get('state'));
    if (!checks) return page('Unknown', '<p id="refused">unknown state</p>');
    this.begun.delete(given.get('state'));
    try {
      const seen = method === 'POST' ? new Request(url, { method, body: given }) : url;
      const tokens = await client.authorizationCodeGrant(this.config, seen, checks);
      this.idToken = tokens.id_token;
      const info = await client.fetchUserInfo(this.config, tokens.access_token, tokens.claims().sub);
      const claims = JSON.stringify({ ...tokens.claims(), ...info, method });
      return page('Welcome', `<pre id="claims">${escapeText(claims)}</pre>`);
    } catch (error) {
      return page('Refused', `<p id="refused">${escapeText(error.error ?? error.message)}</p>`);
    }
  }

  signOut() {
    return client.buildEndSessionUrl(this.config, {
      id_token_hint: this.idToken,
      post_logout_redirect_uri: `${this.origin}/signed-out`,
      state: 'bye',
    });
  }
}
