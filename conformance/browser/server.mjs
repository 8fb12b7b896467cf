// An https server on loopback with the run's certificate. It keeps no connection open for longer than needed.
import { readFile } from 'node:fs/promises';
import https from 'node:https';

import { variable } from '../agent/checks.mjs';

const COMMON = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // The sites keep their own secrets, so that what a Referer tells was told by the issuer.
  'referrer-policy': 'no-referrer',
};

/** `answer({method, url, body, headers})` gives `{status, headers, text}`. */
export async function serve(port, answer) {
  const [key, cert] = await Promise.all([readFile(variable('KEY_FILE')), readFile(variable('CERT_FILE'))]);
  const origin = `https://127.0.0.1:${port}`;
  const server = https.createServer({ key, cert, requestTimeout: 15_000 }, async (request, response) => {
    try {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { method, headers } = request;
      const url = new URL(request.url, origin);
      const given = await answer({ method, url, headers, body: Buffer.concat(chunks).toString('utf8') });
      const { status = 200, headers: own = {}, text = '' } = given ?? { status: 404 };
      response.writeHead(status, { ...COMMON, ...own }).end(text);
    } catch (error) {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    }
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    origin,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

export const redirect = (url) => ({ status: 303, headers: { location: url.href ?? url } });

export const escapeText = (text) => String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

export function page(title, body) {
  return {
    text: `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,"><h1>${title}</h1>${body}</html>`,
  };
}
