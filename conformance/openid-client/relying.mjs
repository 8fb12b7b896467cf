// A relying party of openid-client: what a client asks, what comes back, and the exchange of the code.
import { readFile } from 'node:fs/promises';

import * as client from 'openid-client';

import { Arrival } from '../agent/agent.mjs';
import { equal, variable } from '../agent/checks.mjs';
import { Person } from '../agent/person.mjs';

export const ISSUER = variable('ISSUER');
/** No server listens there: the agent stops on the way to it. */
export const REDIRECT = 'https://rp.example.test/callback';
export const SIGNED_OUT = 'https://rp.example.test/signed-out';
const PASSWORD = variable('CONFORMANCE_PASSWORD');
const SECRET = variable('CONFORMANCE_SECRET');

export const person = (username = 'ada') => new Person(username, PASSWORD, ['https://rp.example.test/']);

export class Relying {
  constructor(config) {
    this.config = config;
  }

  static async discover(clientId, authentication, metadata = {}) {
    const config = await client.discovery(new URL(ISSUER), clientId, metadata, authentication);
    config.timeout = 15;
    return new Relying(config);
  }

  /** An authorization request with PKCE, state and nonce: `{url, checks}`. */
  async request(parameters = {}) {
    const verifier = client.randomPKCECodeVerifier();
    const checks = {
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    };
    const url = client.buildAuthorizationUrl(this.config, {
      redirect_uri: REDIRECT,
      scope: 'openid profile email',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...parameters,
    });
    return { url, checks };
  }

  /** Sends `who` there, and demands that an answer with this request's state and the issuer's name comes back. */
  async authorize(who, parameters, walk) {
    const { url, checks } = await this.request(parameters);
    const arrival = await who.walk(url, walk);
    arrived(arrival, checks);
    return { arrival, checks };
  }

  async exchange({ arrival, checks }) {
    return client.authorizationCodeGrant(this.config, asReceived(arrival), checks);
  }

  async signIn(who, parameters) {
    return this.exchange(await this.authorize(who, parameters));
  }

  /** The error that the client is answered with. */
  async refusal(who, parameters, walk) {
    const { arrival } = await this.authorize(who, parameters, walk);
    equal(arrival.parameters.has('code'), false, 'a code beside the error');
    return arrival.parameters.get('error');
  }

  async isActive(token) {
    return (await client.tokenIntrospection(this.config, token)).active;
  }
}

/** Demands that `arrival` is an answer to the request that `checks` belong to. */
export function arrived(arrival, checks) {
  if (!(arrival instanceof Arrival)) {
    const problem = arrival.byId('error') ?? arrival.byId('problem');
    throw new Error(`stopped at ${arrival.url.pathname}, ${arrival.status}: ${problem?.text.trim().replace(/\s+/g, ' ')}`);
  }
  equal(arrival.parameters.get('state'), checks.expectedState, 'state');
  equal(arrival.parameters.get('iss'), ISSUER, 'iss');
}

/** The answer as the client's own server would see it. */
function asReceived({ url, method, parameters }) {
  if (method === 'POST') return new Request(url, { method, body: parameters });
  const seen = new URL(url);
  seen.hash = '';
  seen.search = parameters.toString();
  return seen;
}

/** The OAuth error that `call` is refused with. */
export async function errorOf(call) {
  try {
    await call();
  } catch (error) {
    if (error.error) return error.error;
    throw error;
  }
  throw new Error('not refused');
}

export const confidential = () => Relying.discover('web', client.ClientSecretBasic(SECRET));
export const posting = () => Relying.discover('web-posting', client.ClientSecretPost(SECRET));
export const firstParty = () => Relying.discover('web-own', client.ClientSecretBasic(SECRET));
export const open = () => Relying.discover('web-public', client.None(), { token_endpoint_auth_method: 'none' });

export async function keyed() {
  const { kid, kty, crv, x, y, d } = JSON.parse(await readFile(variable('CLIENT_KEY_FILE'), 'utf8'));
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const key = await crypto.subtle.importKey('jwk', { kty, crv, x, y, d }, algorithm, false, ['sign']);
  return Relying.discover('web-keyed', client.PrivateKeyJwt({ key, kid }));
}
