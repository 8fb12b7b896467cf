// oidc-client-ts in a page of its own origin: everything goes through the browser, CORS included.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { ensure, equal, variable } from '../agent/checks.mjs';
import { visit } from './chromium.mjs';
import { oneOf, signIn } from './hands.mjs';
import { page as html, serve } from './server.mjs';

const ISSUER = variable('ISSUER');

const APP = `
  const origin = location.origin;
  window.manager = new oidc.UserManager({
    authority: ${JSON.stringify(ISSUER)}, client_id: 'single-page', redirect_uri: origin + '/callback',
    silent_redirect_uri: origin + '/silent', post_logout_redirect_uri: origin + '/signed-out',
    scope: 'openid profile', loadUserInfo: true, automaticSilentRenew: false, silentRequestTimeoutInSeconds: 4,
  });
  const show = (id, text) => {
    const element = document.createElement('pre');
    element.id = id;
    element.textContent = text;
    document.body.append(element);
  };
  const failed = (error) => show('failed', error.message);
  if (location.pathname === '/callback') {
    manager.signinRedirectCallback().then((user) => show('user', JSON.stringify(user.profile)), failed);
  } else if (location.pathname === '/silent') {
    manager.signinSilentCallback().catch(failed);
  } else if (location.pathname === '/signed-out') {
    manager.signoutRedirectCallback().then(() => show('back', 'signed out'), failed);
  } else {
    show('ready', 'ready');
  }
`;

export async function startSinglePage() {
  const library = join(dirname(createRequire(import.meta.url).resolve('oidc-client-ts')), '../browser/oidc-client-ts.min.js');
  const script = (text) => ({ text, headers: { 'content-type': 'text/javascript' } });
  const files = new Map([['/library.js', script(await readFile(library, 'utf8'))], ['/app.js', script(APP)]]);
  const shell = html('Single page', '<script src="/library.js"></script><script src="/app.js"></script>');
  for (const path of ['/', '/callback', '/silent', '/signed-out']) files.set(path, shell);
  return serve(Number(variable('SINGLE_PAGE_PORT')), ({ url }) => files.get(url.pathname));
}

async function signInThere(page, origin, parameters = {}) {
  await page.goto(`${origin}/`);
  await page.locator('#ready').waitFor();
  await page.evaluate((given) => void window.manager.signinRedirect(given), parameters);
  if ((await oneOf(page, 'sign-in', 'user')) === 'sign-in') await signIn(page, 'ada');
  if ((await oneOf(page, 'allow', 'user', 'failed')) === 'allow') await page.click('#allow');
  const end = await oneOf(page, 'user', 'failed');
  ensure(end === 'user', await page.locator(`#${end}`).innerText());
  return JSON.parse(await page.locator('#user').innerText());
}

export async function singlePage({ check, browser }) {
  const app = await startSinglePage();
  const inPage = (name, run, tolerated) => check(`single page: ${name}`, () => visit(browser, { tolerated }, run));
  const silently = (page) =>
    page.evaluate(() => window.manager.signinSilent().then((user) => ({ token: user.access_token }), ({ message }) => ({ message })));

  try {
    await inPage('signs in, CORS to token and userinfo included', async (page) => {
      const profile = await signInThere(page, app.origin);
      equal(profile.preferred_username, 'ada', 'name from userinfo');
    });

    await inPage('silent sign-in in a frame is refused, and the page lives on', async (page) => {
      await signInThere(page, app.origin);
      const { token, message } = await silently(page);
      ensure(!token && message, 'a frame of another site was given tokens');
      const user = await page.evaluate(() => window.manager.getUser());
      ensure(user?.access_token && !user.expired, 'the person is gone');
    }, [/frame-ancestors/]);

    await inPage('our pages show themselves in no frame', async (page) => {
      await page.goto(`${app.origin}/`);
      const shown = await page.evaluate(async () => {
        const { url } = await new window.oidc.OidcClient(window.manager.settings).createSigninRequest({});
        const frame = document.createElement('iframe');
        const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
        frame.src = url;
        document.body.append(frame);
        await loaded;
        return true;
      });
      ensure(shown, 'nothing happened');
      for (const frame of page.frames()) {
        equal(await frame.locator('#sign-in').count(), 0, 'sign-in forms in frames');
      }
    }, [/frame-ancestors/]);

    await inPage('silent renewal through the refresh token works', async (page) => {
      await signInThere(page, app.origin, { scope: 'openid offline_access', prompt: 'consent' });
      const before = await page.evaluate(() => window.manager.getUser());
      ensure(before.refresh_token, 'no refresh token');
      const { token, message } = await silently(page);
      ensure(token && token !== before.access_token, message ?? 'the same token');
    });

    await inPage('signs out and comes back', async (page) => {
      await signInThere(page, app.origin);
      await page.evaluate(() => void window.manager.signoutRedirect());
      if ((await oneOf(page, 'back', 'sign-out')) === 'sign-out') await page.click('#sign-out');
      await page.locator('#back').waitFor();
    });
  } finally {
    await app.close();
  }
}
