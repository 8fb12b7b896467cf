// What a person does with the provider's pages.
import { ensure, variable } from '../agent/checks.mjs';

const PASSWORD = variable('CONFORMANCE_PASSWORD');

export async function signIn(page, username, password = PASSWORD) {
  await page.fill('#username', username);
  await page.fill('#password', password);
  await page.click('#sign-in');
}

/** The claims that the site shows at the end; presses "continue" on the way where no script does. */
export async function claims(page) {
  return JSON.parse(await page.locator('#claims').innerText());
}

/** The error that the site was answered with. */
export async function refusal(page) {
  return page.locator('#refused').innerText();
}

/** Waits until one of these elements is there, and says which. */
export async function oneOf(page, ...ids) {
  const found = page.locator(ids.map((id) => `#${id}`).join(', ')).first();
  await found.waitFor({ state: 'attached' });
  return found.getAttribute('id');
}

/** From the site to the issuer and back, answering what is asked; says which pages were shown. */
export async function throughPages(page, address, username) {
  const shown = [];
  await page.goto(address);
  for (let count = 0; count < 6; count += 1) {
    const id = await oneOf(page, 'sign-in', 'allow', 'claims', 'refused', 'error');
    if (id === 'claims') return shown;
    ensure(id === 'sign-in' || id === 'allow', `ended at ${id}: ${await page.locator(`#${id}`).innerText()}`);
    shown.push(id);
    if (id === 'sign-in') await signIn(page, username);
    else await page.click('#allow');
    await page.waitForLoadState('domcontentloaded');
  }
  throw new Error(`too many pages: ${shown.join(', ')}`);
}
