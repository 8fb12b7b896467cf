// Drives the issuer with openid-client over https and prints `N passed, N failed`.
//
// Environment: ISSUER, NODE_EXTRA_CA_CERTS, CLIENT_KEY_FILE, CONFORMANCE_SECRET, CONFORMANCE_PASSWORD.
import { Checks } from '../agent/checks.mjs';
import { asking } from './asking.mjs';
import { logout } from './logout.mjs';
import { signIn } from './sign_in.mjs';
import { tokens } from './tokens.mjs';

const checks = new Checks('openid-client');
const check = (name, run) => checks.check(name, run);
for (const group of [signIn, asking, tokens, logout]) await group({ check });
checks.end();
