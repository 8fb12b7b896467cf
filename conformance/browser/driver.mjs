// Drives the issuer's pages in Chromium and prints `N passed, N failed`.
//
// Environment: ISSUER, CA_FILE, NODE_EXTRA_CA_CERTS, CERT_FILE, KEY_FILE, BROWSER_PORT, SINGLE_PAGE_PORT,
// CONFORMANCE_SECRET, CONFORMANCE_PASSWORD; CHROMIUM, where it is not Debian's.
import { Checks } from '../agent/checks.mjs';
import { accounts } from './accounts.mjs';
import { launch } from './chromium.mjs';
import { startRelyingParty } from './relying_party.mjs';
import { secondFactor } from './second_factor.mjs';
import { signingIn } from './signing_in.mjs';
import { singlePage } from './single_page.mjs';

const checks = new Checks('Chromium');
const check = (name, run) => checks.check(name, run);
const site = await startRelyingParty();
try {
  const { browser, close } = await launch();
  try {
    for (const javaScriptEnabled of [true, false]) {
      await signingIn({ check, browser, site, javaScriptEnabled });
      await accounts({ check, browser, site, javaScriptEnabled });
      await secondFactor({ check, browser, site, javaScriptEnabled });
    }
    await singlePage({ check, browser });
  } finally {
    await close();
  }
} finally {
  await site.close();
}
checks.end();
