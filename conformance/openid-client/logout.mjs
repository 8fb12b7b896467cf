// RP-initiated logout.
import * as client from 'openid-client';

import { Arrival, Page } from '../agent/agent.mjs';
import { ensure, equal } from '../agent/checks.mjs';
import { SIGNED_OUT, confidential, person } from './relying.mjs';

export async function logout({ check }) {
  await check('logout ends the session and comes back with state', async () => {
    const [relying, ada] = [await confidential(), person()];
    const made = await relying.signIn(ada);
    const place = await ada.walk(
      client.buildEndSessionUrl(relying.config, {
        id_token_hint: made.id_token,
        post_logout_redirect_uri: SIGNED_OUT,
        state: 'back-again',
      }),
    );
    ensure(place instanceof Arrival && place.url.href.startsWith(SIGNED_OUT), 'did not come back');
    equal(place.parameters.get('state'), 'back-again', 'state');
    equal(await relying.refusal(ada, { prompt: 'none' }), 'login_required', 'afterwards');
    equal(await relying.isActive(made.access_token), false, 'the access token lives');
  });

  await check('logout leaves what was granted offline', async () => {
    const [relying, ada] = [await confidential(), person()];
    const kept = await relying.signIn(ada, { scope: 'openid offline_access', prompt: 'consent' });
    await ada.walk(client.buildEndSessionUrl(relying.config, { id_token_hint: kept.id_token }));
    equal(await relying.refusal(ada, { prompt: 'none' }), 'login_required', 'afterwards');
    ensure((await client.refreshTokenGrant(relying.config, kept.refresh_token)).access_token, 'no token');
  });

  await check('logout without a hint asks first, and ends on our own page', async () => {
    const [relying, ada] = [await confidential(), person()];
    await relying.signIn(ada);
    const page = await ada.walk(new URL(relying.config.serverMetadata().end_session_endpoint));
    equal(ada.asked.join(), 'sign-out', 'pages');
    ensure(page instanceof Page && page.byId('signed-out'), 'no page saying so');
    equal(await relying.refusal(ada, { prompt: 'none' }), 'login_required', 'afterwards');
  });

  await check('logout goes to no address that is not registered', async () => {
    const [relying, ada] = [await confidential(), person()];
    const made = await relying.signIn(ada);
    const place = await ada.walk(
      client.buildEndSessionUrl(relying.config, {
        id_token_hint: made.id_token,
        post_logout_redirect_uri: 'https://rp.example.test/elsewhere',
      }),
    );
    ensure(place instanceof Page, 'it went there');
  });
}
