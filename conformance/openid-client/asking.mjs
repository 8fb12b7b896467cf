// What a client may ask for in its request: prompt, max_age, claims, hints; and people who say no.
import { setTimeout as sleep } from 'node:timers/promises';

import { fetchUserInfo } from 'openid-client';

import { Page } from '../agent/agent.mjs';
import { ensure, equal } from '../agent/checks.mjs';
import { confidential, person } from './relying.mjs';

export async function asking({ check }) {
  await check('prompt=none answers at once while somebody is signed in', async () => {
    const [relying, ada] = [await confidential(), person()];
    const first = (await relying.signIn(ada)).claims();
    const second = (await relying.signIn(ada, { prompt: 'none' })).claims();
    equal(ada.asked.join(), '', 'pages');
    equal(second.sub, first.sub, 'sub');
    equal(second.auth_time, first.auth_time, 'auth_time');
  });

  await check('prompt=none without a session is login_required', async () => {
    equal(await (await confidential()).refusal(person(), { prompt: 'none' }), 'login_required', 'error');
  });

  await check('prompt=none beside another prompt is invalid_request', async () => {
    equal(await (await confidential()).refusal(person(), { prompt: 'none login' }), 'invalid_request', 'error');
  });

  await check('prompt=none before consent is consent_required', async () => {
    const [relying, bea] = [await confidential(), person('bea')];
    await relying.refusal(bea, {}, { decision: 'deny' });
    equal(await relying.refusal(bea, { prompt: 'none' }), 'consent_required', 'error');
  });

  await check('denial is access_denied', async () => {
    const [relying, bea] = [await confidential(), person('bea')];
    equal(await relying.refusal(bea, {}, { decision: 'deny' }), 'access_denied', 'error');
    equal(bea.asked.join(), 'sign-in,consent', 'pages');
  });

  await check('prompt=consent asks again, prompt=login signs in again', async () => {
    const [relying, ada] = [await confidential(), person()];
    // Asking for an age makes auth_time a claim that must be there.
    const first = (await relying.signIn(ada, { max_age: '600' })).claims();
    await relying.signIn(ada, { prompt: 'consent' });
    equal(ada.asked.join(), 'consent', 'pages of prompt=consent');
    await sleep(1100);
    const later = (await relying.signIn(ada, { max_age: '600', prompt: 'login' })).claims();
    equal(ada.asked.join(), 'sign-in', 'pages of prompt=login');
    equal(later.sub, first.sub, 'sub');
    ensure(later.auth_time > first.auth_time, 'auth_time did not move');
  });

  await check('prompt=select_account shows the accounts', async () => {
    const [relying, ada] = [await confidential(), person()];
    const first = (await relying.signIn(ada)).claims();
    const second = (await relying.signIn(ada, { prompt: 'select_account' })).claims();
    ensure(ada.asked.includes('select-account'), `pages: ${ada.asked.join()}`);
    equal(second.sub, first.sub, 'sub');
  });

  await check('max_age: a young session will do, an old one will not', async () => {
    const [relying, ada] = [await confidential(), person()];
    await relying.signIn(ada);
    const young = await relying.authorize(ada, { max_age: '600', prompt: 'none' });
    young.checks.maxAge = 600;
    ensure((await relying.exchange(young)).claims().auth_time, 'no auth_time');
    await sleep(2100);
    equal(await relying.refusal(ada, { max_age: '1', prompt: 'none' }), 'login_required', 'error');
    await relying.signIn(ada, { max_age: '1' });
    equal(ada.asked.join(), 'sign-in', 'pages');
  });

  await check('the claims parameter adds claims where they were asked for', async () => {
    const [relying, ada] = [await confidential(), person()];
    const claims = { id_token: { email: null, auth_time: { essential: true } }, userinfo: { name: { essential: true } } };
    const tokens = await relying.signIn(ada, { scope: 'openid', claims: JSON.stringify(claims) });
    equal(tokens.claims().email, 'ada@example.test', 'email in the ID token');
    const info = await fetchUserInfo(relying.config, tokens.access_token, tokens.claims().sub);
    equal(info.name, 'Ada Example', 'name in userinfo');
    equal(info.email, undefined, 'email in userinfo');
  });

  await check('id_token_hint: the same person passes, another one is login_required', async () => {
    const [relying, ada, bea] = [await confidential(), person(), person('bea')];
    const hint = (await relying.signIn(ada)).id_token;
    await relying.signIn(ada, { id_token_hint: hint, prompt: 'none' });
    await relying.signIn(bea);
    equal(await relying.refusal(bea, { id_token_hint: hint, prompt: 'none' }), 'login_required', 'error');
  });

  await check('login_hint fills in the name', async () => {
    const { url } = await (await confidential()).request({ login_hint: 'bea' });
    const page = await person().agent.get(url);
    ensure(page instanceof Page, 'no page');
    equal(page.byId('username')?.attributes.value, 'bea', 'the name on the page');
  });

  await check('request objects are refused by name', async () => {
    const relying = await confidential();
    equal(await relying.refusal(person(), { request: 'e30.e30.' }), 'request_not_supported', 'request');
    const address = { request_uri: 'https://rp.example.test/request' };
    equal(await relying.refusal(person(), address), 'request_uri_not_supported', 'request_uri');
  });
}
