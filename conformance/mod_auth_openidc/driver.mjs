// Signs in through Apache's mod_auth_openidc and prints `N passed, N failed`.
//
// Environment: ISSUER, CA_FILE, NODE_EXTRA_CA_CERTS, CERT_FILE, KEY_FILE, APACHE_PORT, CONFORMANCE_SECRET,
// CONFORMANCE_PASSWORD.
import { Page } from '../agent/agent.mjs';
import { Checks, ensure, equal, variable } from '../agent/checks.mjs';
import { Person } from '../agent/person.mjs';
import { startApache } from './apache.mjs';

const checks = new Checks('mod_auth_openidc');
const apache = await startApache();
const home = `${apache.origin}/private/index.html`;

function shown(place, username) {
  ensure(place instanceof Page, 'no page');
  equal(place.status, 200, `status of ${place.url.pathname}`);
  ensure(place.byId('private'), `another page: ${place.url.pathname}`);
  equal(place.headers['x-remote-user'], username, 'REMOTE_USER');
  equal(place.headers['x-email'], `${username}@example.test`, 'the claim email');
}

try {
  const ada = new Person('ada', variable('CONFORMANCE_PASSWORD'));

  await checks.check('a private page is shown to who signed in, by name', async () => {
    shown(await ada.walk(home), 'ada');
    equal(ada.asked.join(), 'sign-in,consent', 'pages');
    shown(await ada.walk(home), 'ada');
    equal(ada.asked.join(), '', 'pages of the second time');
  });

  await checks.check('a second visit after the site forgot asks nothing', async () => {
    ada.agent.cookies = ada.agent.cookies.filter(({ host }) => host === new URL(variable('ISSUER')).hostname);
    shown(await ada.walk(home), 'ada');
    equal(ada.asked.join(), '', 'pages');
  });

  await checks.check('a person who says no sees nothing', async () => {
    const bea = new Person('bea', variable('CONFORMANCE_PASSWORD'));
    const place = await bea.walk(home, { decision: 'deny' });
    equal(bea.asked.join(), 'sign-in,consent', 'pages');
    ensure(!place.headers['x-remote-user'], 'a name');
    // Debian's version takes `iss` beside an error for a request to begin, so which error it shows is its own matter.
    ensure(place instanceof Page && place.byId('private') === undefined && /error/i.test(place.text), 'no error page');
  });

  await checks.check('logout ends both sessions and comes back', async () => {
    const back = `${apache.origin}/signed-out`;
    const place = await ada.walk(`${apache.origin}/private/redirect?${new URLSearchParams({ logout: back })}`);
    equal(place.url.href.split('?')[0], back, 'the end of the way');
    shown(await ada.walk(home), 'ada');
    ensure(ada.asked.includes('sign-in'), 'not asked to sign in afterwards');
  });

  if (checks.failed > 0) console.error(await apache.log());
} finally {
  await apache.close();
}
checks.end();
