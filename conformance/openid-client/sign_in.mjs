// The authorization code flow by every kind of client, and what must not work about a code.
import * as client from 'openid-client';

import { Page } from '../agent/agent.mjs';
import { ensure, equal } from '../agent/checks.mjs';
import { ISSUER, arrived, confidential, errorOf, firstParty, keyed, open, person, posting } from './relying.mjs';

export async function signIn({ check }) {
  await check('metadata says what the code flow needs', async () => {
    const metadata = (await confidential()).config.serverMetadata();
    const has = (name, ...values) => values.every((value) => metadata[name]?.includes(value));
    ensure(has('response_types_supported', 'code'), 'response types');
    ensure(has('response_modes_supported', 'query', 'fragment', 'form_post'), 'response modes');
    ensure(has('grant_types_supported', 'authorization_code', 'refresh_token'), 'grants');
    equal(JSON.stringify(metadata.code_challenge_methods_supported), '["S256"]', 'PKCE methods');
    equal(metadata.authorization_response_iss_parameter_supported, true, 'iss in answers');
    equal(metadata.claims_parameter_supported, true, 'claims parameter');
    ensure(metadata.end_session_endpoint?.startsWith(ISSUER), 'logout');
  });

  await check('a confidential client signs somebody in, once with pages and then without', async () => {
    const [relying, ada] = [await confidential(), person()];
    const claims = (await relying.signIn(ada)).claims();
    equal(ada.asked.join(), 'sign-in,consent', 'pages');
    ensure(claims.sub && claims.sid, 'sub or sid is missing');
    equal(claims.aud, 'web', 'audience');
    const again = (await relying.signIn(ada)).claims();
    equal(ada.asked.join(), '', 'pages of the second time');
    equal(again.sub, claims.sub, 'sub');
    equal(again.sid, claims.sid, 'sid');
  });

  for (const [name, make] of [['public', open], ['client_secret_post', posting], ['private_key_jwt', keyed]]) {
    await check(`a ${name} client signs somebody in`, async () => {
      const tokens = await (await make()).signIn(person());
      equal(tokens.token_type, 'bearer', 'token type');
    });
  }

  await check('nobody is asked for consent to a first-party client', async () => {
    const ada = person();
    await (await firstParty()).signIn(ada);
    equal(ada.asked.join(), 'sign-in', 'pages');
  });

  for (const mode of ['query', 'fragment', 'form_post']) {
    await check(`response_mode=${mode}`, async () => {
      const relying = await confidential();
      const answer = await relying.authorize(person(), { response_mode: mode });
      equal(answer.arrival.method, mode === 'form_post' ? 'POST' : 'GET', 'method');
      equal(Boolean(answer.arrival.url.hash), mode === 'fragment', 'a fragment');
      ensure((await relying.exchange(answer)).access_token, 'no token');
    });
  }

  await check('a request by POST is as good as one by GET', async () => {
    const [relying, ada] = [await confidential(), person()];
    const { url, checks } = await relying.request();
    const endpoint = new URL(url.pathname, url);
    const arrival = await ada.goOn(await ada.agent.post(endpoint, url.searchParams, 'https://rp.example.test'));
    arrived(arrival, checks);
    ensure((await relying.exchange({ arrival, checks })).access_token, 'no token');
  });

  await check('a request without PKCE, or with the plain method, is invalid_request', async () => {
    for (const relying of [await confidential(), await open()]) {
      const none = { code_challenge: '', code_challenge_method: '' };
      equal(await relying.refusal(person(), none), 'invalid_request', 'without PKCE');
      equal(await relying.refusal(person(), { code_challenge_method: 'plain' }), 'invalid_request', 'plain');
    }
  });

  await check('another response type is unsupported_response_type', async () => {
    const relying = await confidential();
    equal(await relying.refusal(person(), { response_type: 'id_token' }), 'unsupported_response_type', 'error');
  });

  await check('an unregistered redirect or client ends on a page and goes nowhere', async () => {
    const relying = await confidential();
    const elsewhere = { redirect_uri: 'https://rp.example.test/callback/more' };
    for (const parameters of [elsewhere, { client_id: 'nobody' }]) {
      const page = await person().walk((await relying.request(parameters)).url);
      ensure(page instanceof Page && page.status === 400 && page.byId('error'), JSON.stringify(parameters));
    }
  });

  await check('a code needs its own verifier and its own client', async () => {
    const relying = await confidential();
    const guess = await relying.authorize(person());
    guess.checks.pkceCodeVerifier = client.randomPKCECodeVerifier();
    equal(await errorOf(() => relying.exchange(guess)), 'invalid_grant', 'another verifier');
    const stolen = await relying.authorize(person());
    equal(await errorOf(async () => (await posting()).exchange(stolen)), 'invalid_grant', 'another client');
  });

  await check('a code used twice is refused and takes its tokens with it', async () => {
    const relying = await confidential();
    const answer = await relying.authorize(person());
    const tokens = await relying.exchange(answer);
    equal(await relying.isActive(tokens.access_token), true, 'active at first');
    equal(await errorOf(() => relying.exchange(answer)), 'invalid_grant', 'second use');
    equal(await relying.isActive(tokens.access_token), false, 'active afterwards');
  });

  await check('an answer for another issuer is noticed', async () => {
    const relying = await confidential();
    const answer = await relying.authorize(person());
    answer.arrival.parameters.set('iss', 'https://elsewhere.example.test');
    let seen;
    await relying.exchange(answer).catch((error) => (seen = error));
    ensure(/iss/.test(`${seen?.message} ${seen?.cause?.message}`), 'not noticed');
  });
}
