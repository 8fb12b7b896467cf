// A user agent without a screen: cookies, redirects and forms over https. It believes the authorities that node
// believes (NODE_EXTRA_CA_CERTS) and runs no script.
import https from 'node:https';

import { readElements } from './html.mjs';

const TIMEOUT_MS = 15_000;
const MAX_STEPS = 20;

function send(method, url, headers, body) {
  return new Promise((resolve, reject) => {
    const request = https.request(url, { method, headers, agent: false, timeout: TIMEOUT_MS }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url.origin}${url.pathname}`)));
    request.on('error', reject);
    request.end(body);
  });
}

/** A page as it was received. */
export class Page {
  constructor(url, answer) {
    this.url = url;
    this.status = answer.status;
    this.headers = answer.headers;
    this.text = answer.text;
    this.elements = /^text\/html/.test(answer.headers['content-type'] ?? '') ? readElements(answer.text) : [];
  }

  byId(id) {
    return this.elements.find(({ attributes }) => attributes.id === id);
  }

  byClass(name) {
    return this.elements.filter(({ attributes }) => (attributes.class ?? '').split(/\s+/).includes(name));
  }

  /** What pressing `button` sends: `{method, url, body}`; `values` fills in fields by id. */
  submission(button, values = {}) {
    const form = button.form;
    if (!form) throw new Error(`the button ${button.attributes.id} belongs to no form`);
    const body = new URLSearchParams();
    for (const { tag, attributes, form: owner } of this.elements) {
      if (owner !== form || tag !== 'input' || attributes.name === undefined) continue;
      const value = values[attributes.id];
      if (attributes.type === 'checkbox' || attributes.type === 'radio') {
        if (value ?? 'checked' in attributes) body.append(attributes.name, attributes.value ?? 'on');
      } else if (attributes.type !== 'submit') {
        body.append(attributes.name, value ?? attributes.value ?? '');
      }
    }
    if (button.attributes.name !== undefined) body.append(button.attributes.name, button.attributes.value ?? '');
    return {
      method: (button.attributes.formmethod ?? form.attributes.method ?? 'get').toUpperCase(),
      url: new URL(button.attributes.formaction ?? form.attributes.action ?? '', this.url),
      body,
    };
  }
}

/** Where the walk left for one of the client's own addresses. */
export class Arrival {
  constructor(url, method, parameters) {
    this.url = url;
    this.method = method;
    this.parameters = parameters;
  }
}

export class Agent {
  /** `clientAddresses`: prefixes of addresses that belong to clients; the agent stops before asking them anything. */
  constructor(clientAddresses = []) {
    this.clientAddresses = clientAddresses;
    this.cookies = [];
  }

  /** A second agent with the same cookies: what the browser would be had it been copied now. */
  copy() {
    const agent = new Agent(this.clientAddresses);
    agent.cookies = this.cookies.map((cookie) => ({ ...cookie }));
    return agent;
  }

  get(url) {
    return this.follow('GET', new URL(url), undefined, { 'sec-fetch-site': 'none' });
  }

  /** Posts as a form on a page of `origin` would. */
  post(url, body, origin) {
    return this.follow('POST', new URL(url), body, { origin, 'sec-fetch-site': 'cross-site' });
  }

  press(page, button, values) {
    if (!button) throw new Error(`no such button on ${page.url.pathname}`);
    const { method, url, body } = page.submission(button, values);
    const same = url.origin === page.url.origin;
    const headers = { 'sec-fetch-site': same ? 'same-origin' : 'cross-site' };
    if (method === 'POST') {
      // As browsers do: a page that sends no referrer does not tell its origin either.
      headers.origin = page.headers['referrer-policy'] === 'no-referrer' ? 'null' : page.url.origin;
      return this.follow('POST', url, body, headers);
    }
    url.search = body.toString();
    return this.follow('GET', url, undefined, headers);
  }

  async follow(method, url, body, about) {
    for (let step = 0; step < MAX_STEPS; step += 1) {
      if (this.clientAddresses.some((prefix) => url.href.startsWith(prefix))) {
        const fragment = new URLSearchParams(url.hash.slice(1));
        return new Arrival(url, method, body ?? (url.hash ? fragment : url.searchParams));
      }
      const headers = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', ...about };
      const cookies = this.cookiesFor(url);
      if (cookies) headers.cookie = cookies;
      if (body) {
        headers['content-type'] = 'application/x-www-form-urlencoded';
        headers['content-length'] = Buffer.byteLength(body.toString());
      }
      const answer = await send(method, url, headers, body?.toString());
      this.keepCookies(url, answer.headers['set-cookie'] ?? []);
      const location = answer.headers.location;
      if (answer.status < 300 || answer.status > 399 || !location) return new Page(url, answer);
      if (method === 'POST' && (answer.status === 307 || answer.status === 308)) {
        throw new Error(`${answer.status} would send the form on to another address`);
      }
      const next = new URL(location, url);
      about = { 'sec-fetch-site': next.origin === url.origin ? (about['sec-fetch-site'] ?? 'none') : 'cross-site' };
      [method, url, body] = ['GET', next, undefined];
    }
    throw new Error('too many redirects');
  }

  cookiesFor(url) {
    const now = Date.now();
    return this.cookies
      .filter(({ host, path, expires }) => host === url.hostname && under(url.pathname, path) && !(expires <= now))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  keepCookies(url, lines) {
    for (const line of lines) {
      const cookie = readCookie(url, line);
      this.cookies = this.cookies.filter(
        ({ name, host, path }) => name !== cookie.name || host !== cookie.host || path !== cookie.path,
      );
      if (!(cookie.expires <= Date.now())) this.cookies.push(cookie);
    }
  }
}

function under(path, prefix) {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

function readCookie(url, line) {
  const [pair, ...rest] = line.split(';').map((part) => part.trim());
  const at = pair.indexOf('=');
  const options = new Map(
    rest.map((part) => {
      const [name, ...value] = part.split('=');
      return [name.toLowerCase(), value.join('=')];
    }),
  );
  const cookie = { name: pair.slice(0, at), value: pair.slice(at + 1), host: url.hostname, path: '/' };
  const path = options.get('path');
  if (path?.startsWith('/')) cookie.path = path;
  if (options.has('expires')) cookie.expires = Date.parse(options.get('expires'));
  if (options.has('max-age')) cookie.expires = Date.now() + Number(options.get('max-age')) * 1000;
  // A browser drops such a cookie without a word; here it is a failure.
  if (cookie.name.startsWith('__Host-') && !(options.has('secure') && path === '/' && !options.has('domain'))) {
    throw new Error(`a browser would refuse the cookie ${cookie.name}`);
  }
  return cookie;
}
