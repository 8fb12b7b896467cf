// Two factors: an authenticator of others reads our address and makes the codes.
import * as OTPAuth from 'otpauth';

import { ensure, equal } from '../agent/checks.mjs';
import { visit } from './chromium.mjs';
import { claims, oneOf, signIn } from './hands.mjs';

const STEP_MS = 30_000;
const TWO_FACTORS = JSON.stringify({ id_token: { acr: { essential: true, values: ['2'] } } });

export async function secondFactor({ check, browser, site, javaScriptEnabled }) {
  const mode = javaScriptEnabled ? 'with scripts' : 'without scripts';
  const inBrowser = (name, run) => check(`${name}, ${mode}`, () => visit(browser, { javaScriptEnabled }, run));
  const start = (parameters = {}) => `${site.origin}/start?${new URLSearchParams(parameters)}`;
  // Each mode has a person of its own: an authenticator is set up once.
  const username = javaScriptEnabled ? 'mia' : 'noa';
  let totp;
  let recoveryCodes;

  const send = async (page, otp) => {
    await page.fill('#otp', otp);
    await page.click('#show-factor');
  };
  const allowed = async (page) => {
    if ((await oneOf(page, 'allow', 'claims')) === 'allow') await page.click('#allow');
    return claims(page);
  };

  await inBrowser('a client that needs two factors has one set up', async (page) => {
    await page.goto(start({ claims: TWO_FACTORS }));
    await signIn(page, username);
    totp = OTPAuth.URI.parse(await page.locator('#open-authenticator').getAttribute('href'));
    equal(totp.secret.base32, (await page.locator('#secret').innerText()).replaceAll(' ', ''), 'secret');
    equal(totp.label, username, 'account');
    ensure(await page.locator('.qr svg').isVisible(), 'no QR code to be seen');
    await page.fill('#otp', '000000');
    await page.click('#configure-totp');
    await page.locator('#problem').waitFor();
    await page.fill('#otp', totp.generate());
    await page.click('#configure-totp');
    recoveryCodes = await page.locator('#recovery-codes li').allInnerTexts();
    equal(recoveryCodes.length, 10, 'recovery codes');
    await page.click('#go-on');
    const { acr, amr } = await allowed(page);
    equal(acr, '2', 'acr');
    equal(amr.join(), 'pwd,otp,mfa', 'amr');
    await page.goto(start({ claims: TWO_FACTORS, prompt: 'none' }));
    equal((await claims(page)).acr, '2', 'acr of the session');
  });

  await inBrowser('the code of the next step is taken, once', async (page) => {
    await page.goto(start());
    await signIn(page, username);
    await send(page, '000000');
    await page.locator('#problem').waitFor();
    const code = totp.generate({ timestamp: Date.now() + STEP_MS });
    await send(page, code);
    equal((await allowed(page)).acr, '2', 'acr');
    await page.goto(start({ prompt: 'login' }));
    await signIn(page, username);
    await send(page, code);
    await page.locator('#problem').waitFor();
  });

  await inBrowser('a recovery code stands in for it', async (page) => {
    await page.goto(start());
    await signIn(page, username);
    await send(page, recoveryCodes[0].toUpperCase());
    equal((await allowed(page)).acr, '2', 'acr');
  });
}
