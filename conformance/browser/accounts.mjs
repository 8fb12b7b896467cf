// Several people in one browser, and the cookies that tell them apart.
import { ensure, equal, variable } from '../agent/checks.mjs';
import { visit } from './chromium.mjs';
import { claims, oneOf, signIn, throughPages } from './hands.mjs';

export async function accounts({ check, browser, site, javaScriptEnabled }) {
  const mode = javaScriptEnabled ? 'with scripts' : 'without scripts';
  const start = (parameters = {}) => `${site.origin}/start?${new URLSearchParams(parameters)}`;

  const allowed = async (page) => {
    if ((await oneOf(page, 'allow', 'claims')) === 'allow') await page.click('#allow');
    return claims(page);
  };
  const pick = async (page, name) => {
    await page.goto(start({ prompt: 'select_account' }));
    await page.locator('.account', { hasText: name }).click();
    return allowed(page);
  };

  await check(`two accounts and the picker, ${mode}`, () =>
    visit(browser, { javaScriptEnabled }, async (page) => {
      await throughPages(page, start(), 'ada');
      const ada = await claims(page);
      await page.goto(start({ prompt: 'select_account' }));
      equal(await page.locator('.account').count(), 1, 'accounts at first');
      await page.click('#another');
      await signIn(page, 'bea');
      const bea = await allowed(page);
      equal(bea.preferred_username, 'bea', 'name');
      ensure(bea.sub !== ada.sub, 'the same sub');
      equal((await pick(page, 'Ada')).sub, ada.sub, 'picked Ada');
      equal((await pick(page, 'Bea')).sub, bea.sub, 'picked Bea');
      await page.goto(start({ prompt: 'select_account' }));
      equal(await page.locator('.account').count(), 2, 'accounts at last');
    }),
  );

  await check(`the session's cookie is closed to scripts and other sites, ${mode}`, () =>
    visit(browser, { javaScriptEnabled }, async (page, context) => {
      await throughPages(page, start(), 'ada');
      const session = await sessionCookie(context);
      ensure(session.httpOnly && session.secure && session.sameSite === 'Lax', JSON.stringify({ ...session, value: '' }));
      equal(session.expires, -1, 'expiry of a session that is not remembered');
      await context.clearCookies();
      await page.goto(start());
      await page.check('#remember');
      await signIn(page, 'ada');
      await allowed(page);
      ensure((await sessionCookie(context)).expires > Date.now() / 1000 + 86_400, 'not remembered for a day');
    }),
  );
}

async function sessionCookie(context) {
  const cookies = await context.cookies(variable('ISSUER'));
  const found = cookies.filter(({ name }) => name.startsWith('__Host-sid-'));
  equal(found.length, 1, 'session cookies');
  return found[0];
}
