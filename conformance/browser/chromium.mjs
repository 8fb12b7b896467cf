// Debian's Chromium with a home of its own, in which only our authority is added, and watched pages.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { chromium } from 'playwright-core';

import { ensure, variable } from '../agent/checks.mjs';

const WAIT_MS = 15_000;
const ISSUER = variable('ISSUER');
const HERE = new Set(['localhost', '127.0.0.1', '']);
const SECRET_PARAMETER = /[?&#](code|state|id_token_hint|access_token|transaction)=/;

export async function launch() {
  const home = await mkdtemp(join(tmpdir(), 'users-core-chromium-'));
  const store = join(home, '.pki', 'nssdb');
  await mkdir(store, { recursive: true });
  const certutil = (...options) => promisify(execFile)('certutil', ['-d', `sql:${store}`, ...options]);
  await certutil('-N', '--empty-password');
  await certutil('-A', '-n', 'conformance', '-t', 'C,,', '-i', variable('CA_FILE'));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Containers and root have no sandbox to give, and the pages are our own.
    chromiumSandbox: false,
    timeout: 60_000,
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
    args: ['--disable-gpu', '--disable-quic', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'],
  });
  return {
    browser,
    async close() {
      await browser.close();
      await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** A new person's browser: opens a page in a context of its own, runs, and fails on anything that should not be seen. */
export async function visit(browser, { javaScriptEnabled = true, tolerated = [] }, run) {
  const context = await browser.newContext({ javaScriptEnabled, serviceWorkers: 'block' });
  const watch = new Watch(context, tolerated);
  try {
    context.setDefaultTimeout(WAIT_MS);
    const page = await context.newPage();
    await run(page, context).catch(async (error) => {
      throw new Error(`${error.message.split('\n')[0]} ${await describe(page, watch)}`);
    });
    await watch.end();
  } finally {
    await context.close();
  }
}

/** Where the page stands when a check fails. */
async function describe(page, watch) {
  const text = await page.locator('body').innerText({ timeout: 1000 }).catch(() => '');
  const { pathname } = new URL(page.url());
  return `(at ${pathname}: ${text.replace(/\s+/g, ' ').slice(0, 120)}; ${watch.problems.join('; ')})`;
}

/** Policy violations, script errors, requests to elsewhere, and secrets in a Referer. */
class Watch {
  constructor(context, tolerated) {
    this.tolerated = tolerated;
    this.problems = [];
    this.pending = [];
    context.on('console', (message) => this.onConsole(message));
    context.on('weberror', (error) => this.problems.push(`script error: ${error.error().message}`));
    context.on('request', (request) => this.onRequest(request));
    context.on('response', (response) => this.pending.push(this.onResponse(response).catch(() => {})));
  }

  onConsole(message) {
    const text = message.text();
    if (!/content security policy|refused to|violates/i.test(text)) return;
    if (!this.tolerated.some((pattern) => pattern.test(text))) this.problems.push(text.slice(0, 300));
  }

  onRequest(request) {
    const url = new URL(request.url());
    if (!HERE.has(url.hostname)) this.problems.push(`a request to ${url.hostname}`);
    this.pending.push(
      request.allHeaders().then(
        ({ referer = '' }) => {
          if (SECRET_PARAMETER.test(referer)) this.problems.push(`a Referer tells too much: ${referer.slice(0, 80)}`);
        },
        () => {},
      ),
    );
  }

  async onResponse(response) {
    if (!response.url().startsWith(`${ISSUER}/`)) return;
    const headers = await response.allHeaders();
    const path = new URL(response.url()).pathname;
    if (SECRET_PARAMETER.test(headers.location ?? '') && !/no-store/.test(headers['cache-control'] ?? '')) {
      this.problems.push(`${path} may be stored, and redirects with a secret`);
    }
    if (/^text\/html/.test(headers['content-type'] ?? '') && headers['referrer-policy'] !== 'no-referrer') {
      this.problems.push(`${path} is a page without Referrer-Policy: no-referrer`);
    }
  }

  async end() {
    await Promise.all(this.pending);
    ensure(this.problems.length === 0, [...new Set(this.problems)].join('; '));
  }
}
