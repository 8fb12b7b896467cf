// Signing in, saying no and signing out, with scripts and without.
import { setTimeout as sleep } from 'node:timers/promises';

import { ensure, equal } from '../agent/checks.mjs';
import { visit } from './chromium.mjs';
import { claims, oneOf, refusal, signIn, throughPages } from './hands.mjs';

export async function signingIn({ check, browser, site, javaScriptEnabled }) {
  const mode = javaScriptEnabled ? 'with scripts' : 'without scripts';
  const inBrowser = (name, run) => check(`${name}, ${mode}`, () => visit(browser, { javaScriptEnabled }, run));
  const start = (parameters = {}) => `${site.origin}/start?${new URLSearchParams(parameters)}`;

  await inBrowser('sign-in and consent, and then neither', async (page) => {
    const shown = await throughPages(page, start({ prompt: 'consent' }), 'ada');
    equal(shown.join(), 'sign-in,allow', 'pages');
    equal((await claims(page)).preferred_username, 'ada', 'name');
    equal((await throughPages(page, start(), 'ada')).join(), '', 'pages of the second time');
  });

  await inBrowser('denial comes back as access_denied', async (page) => {
    await page.goto(start({ prompt: 'consent' }));
    await signIn(page, 'bea');
    await page.click('#deny');
    equal(await refusal(page), 'access_denied', 'error');
  });

  await inBrowser('a wrong password is said on the form, the right one still works', async (page) => {
    await page.goto(start());
    await signIn(page, 'cyd', 'not the password of cyd');
    await page.locator('#problem').waitFor();
    await signIn(page, 'cyd');
    if ((await oneOf(page, 'allow', 'claims')) === 'allow') await page.click('#allow');
    equal((await claims(page)).preferred_username, 'cyd', 'name');
  });

  await inBrowser('prompt=login asks again, prompt=none does not', async (page) => {
    await page.goto(start({ prompt: 'none' }));
    equal(await refusal(page), 'login_required', 'without a session');
    await throughPages(page, start({ max_age: '600' }), 'ada');
    const first = await claims(page);
    await sleep(1100);
    await page.goto(start({ prompt: 'none', max_age: '600' }));
    equal((await claims(page)).auth_time, first.auth_time, 'auth_time with prompt=none');
    equal((await throughPages(page, start({ prompt: 'login', max_age: '600' }), 'ada')).join(), 'sign-in', 'pages');
    ensure((await claims(page)).auth_time > first.auth_time, 'auth_time did not move');
  });

  await inBrowser('form_post comes by POST', async (page) => {
    const press = async () => {
      if (!javaScriptEnabled) await page.click('#continue');
    };
    await page.goto(start({ response_mode: 'form_post', prompt: 'consent' }));
    await signIn(page, 'ada');
    await page.click('#allow');
    await press();
    equal((await claims(page)).method, 'POST', 'method');
    await page.goto(start({ response_mode: 'form_post', prompt: 'none' }));
    await press();
    equal((await claims(page)).method, 'POST', 'method without pages');
  });

  await inBrowser('a request posted by another site finds the session', async (page) => {
    await throughPages(page, start(), 'ada');
    await page.goto(`${site.origin}/post?prompt=none`);
    await page.click('#go');
    equal((await claims(page)).preferred_username, 'ada', 'name');
  });

  await inBrowser('logout comes back to the site', async (page) => {
    await throughPages(page, start(), 'ada');
    await page.goto(`${site.origin}/sign-out`);
    if ((await oneOf(page, 'back', 'sign-out')) === 'sign-out') await page.click('#sign-out');
    equal(await page.locator('#back').innerText(), 'bye', 'state');
    await page.goto(start({ prompt: 'none' }));
    equal(await refusal(page), 'login_required', 'afterwards');
  });

  await inBrowser('an address that is not registered ends on our page', async (page) => {
    const answer = await page.goto(start({ redirect_uri: 'https://127.0.0.1/elsewhere' }));
    equal(answer.status(), 400, 'status');
    await page.locator('#error').waitFor();
  });
}
