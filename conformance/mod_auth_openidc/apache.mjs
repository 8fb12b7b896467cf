// Debian's Apache with mod_auth_openidc, run from a directory of its own.
import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { variable } from '../agent/checks.mjs';

const MODULES = '/usr/lib/apache2/modules';
const PROGRAM = '/usr/sbin/apache2';
const START_MS = 15_000;

/** Every port and file is the run's own; nothing of /etc/apache2 is read. */
function configuration(folder, origin) {
  const load = (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`;
  const modules = ['mpm_event', 'ssl', 'authz_core', 'authz_user', 'authn_core', 'dir', 'headers', 'auth_openidc'];
  // Apache does not serve as root; who started it as somebody else stays that.
  const user = process.getuid() === 0 ? 'User www-data\nGroup www-data' : '';
  return `
${modules.map(load).join('\n')}
${user}
ServerRoot "${folder}"
DefaultRuntimeDir "${folder}"
PidFile "${folder}/apache.pid"
ErrorLog "${folder}/error.log"
LogLevel warn ssl:error
ServerName ${new URL(origin).host}
Listen ${new URL(origin).host} https
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 8
MinSpareThreads 1
MaxSpareThreads 8
DocumentRoot "${folder}/site"
DirectoryIndex index.html
SSLEngine on
SSLCertificateFile "${folder}/server.pem"
SSLCertificateKeyFile "${folder}/server.key"
SSLSessionCache none

OIDCProviderMetadataURL ${variable('ISSUER')}/.well-known/openid-configuration
OIDCCABundlePath "${folder}/ca.pem"
OIDCClientID apache
OIDCClientSecret ${variable('CONFORMANCE_SECRET')}
OIDCRedirectURI ${origin}/private/redirect
OIDCCryptoPassphrase ${variable('CONFORMANCE_SECRET')}
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCRemoteUserClaim preferred_username
OIDCHTTPTimeoutLong 15
OIDCHTTPTimeoutShort 10

<Directory "${folder}/site">
  Require all granted
  ForceType "text/html; charset=utf-8"
</Directory>
<Location "/private">
  AuthType openid-connect
  Require valid-user
  Header set X-Remote-User "expr=%{REMOTE_USER}"
  Header set X-Email "expr=%{HTTP:OIDC_CLAIM_email}"
</Location>
`;
}

/** Starts it and waits until it listens: `{origin, log, close}`. */
export async function startApache() {
  const port = Number(variable('APACHE_PORT'));
  const origin = `https://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), 'users-core-apache-'));
  const site = join(folder, 'site');
  await mkdir(join(site, 'private'), { recursive: true });
  await writeFile(join(site, 'private', 'index.html'), '<!doctype html><title>Private</title><p id="private">Private</p>');
  await writeFile(join(site, 'signed-out'), '<!doctype html><title>Goodbye</title><p id="back">Goodbye</p>');
  await writeFile(join(folder, 'apache.conf'), configuration(folder, origin));
  await copyFile(variable('CA_FILE'), join(folder, 'ca.pem'));
  await copyFile(variable('CERT_FILE'), join(folder, 'server.pem'));
  await copyFile(variable('KEY_FILE'), join(folder, 'server.key'));
  // The server's own user reads the site and the authority; the rest is read before it becomes that user.
  for (const path of ['', 'site', 'site/private']) await chmod(join(folder, path), 0o755);
  for (const path of ['ca.pem', 'site/private/index.html', 'site/signed-out']) await chmod(join(folder, path), 0o644);
  for (const path of ['apache.conf', 'server.key']) await chmod(join(folder, path), 0o600);
  const server = spawn(PROGRAM, ['-f', join(folder, 'apache.conf'), '-d', folder, '-DFOREGROUND'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  const log = () => readFile(join(folder, 'error.log'), 'utf8').catch(() => '');
  const close = async () => {
    if (server.exitCode === null) server.kill('SIGTERM');
    await Promise.race([ended, sleep(10_000, undefined, { ref: false }).then(() => server.kill('SIGKILL'))]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await listening(port, server);
  } catch (error) {
    console.error(await log());
    await close();
    throw error;
  }
  return { origin, log, close };
}

async function listening(port, server) {
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(100)) {
    if (server.exitCode !== null) throw new Error(`Apache ended with ${server.exitCode}`);
    const open = await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
  }
  throw new Error('Apache does not listen');
}
