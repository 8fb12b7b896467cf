// What a signed-in person's tokens are good for.
import * as client from 'openid-client';

import { ensure, equal } from '../agent/checks.mjs';
import { confidential, errorOf, open, person } from './relying.mjs';

const OFFLINE = { scope: 'openid offline_access', prompt: 'consent' };

export async function tokens({ check }) {
  await check('userinfo tells what the scopes allow', async () => {
    const relying = await confidential();
    const all = await relying.signIn(person());
    const info = await client.fetchUserInfo(relying.config, all.access_token, all.claims().sub);
    equal(info.preferred_username, 'ada', 'preferred_username');
    equal(info.email, 'ada@example.test', 'email');
    equal(info.email_verified, true, 'email_verified');
    const bare = await relying.signIn(person(), { scope: 'openid' });
    const less = await client.fetchUserInfo(relying.config, bare.access_token, bare.claims().sub);
    equal(Object.keys(less).join(), 'sub', 'claims of openid alone');
  });

  await check('no refresh token without offline_access', async () => {
    equal((await (await confidential()).signIn(person())).refresh_token, undefined, 'refresh token');
  });

  for (const [name, make] of [['confidential', confidential], ['public', open]]) {
    await check(`a ${name} client refreshes, and the ID token keeps its person`, async () => {
      const relying = await make();
      const first = await relying.signIn(person(), OFFLINE);
      ensure(first.refresh_token, 'no refresh token');
      const second = await client.refreshTokenGrant(relying.config, first.refresh_token);
      ensure(second.access_token !== first.access_token, 'the same access token');
      ensure(second.refresh_token !== first.refresh_token, 'the same refresh token');
      const [before, after] = [first.claims(), second.claims()];
      equal(after.sub, before.sub, 'sub');
      equal(after.auth_time, before.auth_time, 'auth_time');
    });
  }

  await check('introspection shows the token, and nothing of rubbish', async () => {
    const relying = await confidential();
    const { access_token: token } = await relying.signIn(person());
    const seen = await client.tokenIntrospection(relying.config, token);
    equal(seen.active, true, 'active');
    equal(seen.client_id, 'web', 'client_id');
    equal(seen.username, 'ada', 'username');
    equal(JSON.stringify(await client.tokenIntrospection(relying.config, 'rubbish')), '{"active":false}', 'rubbish');
  });

  await check('revocation ends an access token, and then a whole family', async () => {
    const relying = await confidential();
    const made = await relying.signIn(person(), OFFLINE);
    await client.tokenRevocation(relying.config, made.access_token);
    equal(await relying.isActive(made.access_token), false, 'active after revocation');
    await client.tokenRevocation(relying.config, made.access_token);
    const next = await client.refreshTokenGrant(relying.config, made.refresh_token);
    await client.tokenRevocation(relying.config, next.refresh_token, { token_type_hint: 'refresh_token' });
    const again = () => client.refreshTokenGrant(relying.config, next.refresh_token);
    equal(await errorOf(again), 'invalid_grant', 'refresh after revocation');
    equal(await relying.isActive(next.access_token), false, 'active after the family ended');
  });
}
