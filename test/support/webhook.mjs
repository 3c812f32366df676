// The customer's own server: collects what Plugboard sends, and checks the signature as the official helper does.
//
//     const hooks = await startWebhooks({ authToken: server.authToken });
//     after(() => hooks.stop());
//     ... create({ eventCallback: hooks.url('/events') })
//     const event = await hooks.next((request) => request.params.EventType === 'task.created');
//
// Every request must carry a good X-Twilio-Signature; one that does not makes stop() fail.

import assert from 'node:assert/strict';
import http from 'node:http';
import twilio from 'twilio';

/** @param answer  what to say: {status, headers, body}, an object (sent as JSON), or a function of the request that gives one */
export async function startWebhooks({ authToken, answer = { status: 204 } } = {}) {
  const requests = [];
  const waiting = new Set();
  const unsigned = [];
  const server = http.createServer(async (incoming, outgoing) => {
    const request = await read(incoming);
    if (authToken && !signedBy(authToken, request))
      unsigned.push(`${request.method} ${request.url}`);
    requests.push(request);
    waiting.forEach((look) => look());
    const said = typeof answer === 'function' ? await answer(request) : answer;
    const {
      status = 200,
      headers = {},
      body,
    } = 'status' in said || 'body' in said ? said : { body: said };
    const json = typeof body === 'object';
    outgoing.writeHead(status, json ? { 'Content-Type': 'application/json', ...headers } : headers);
    outgoing.end(json ? JSON.stringify(body) : body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;

  return {
    requests,
    url: (path = '/') => origin + path,
    /** The first request, past or to come, that `wanted` likes and that no earlier next() has taken. */
    next(wanted = () => true, timeout = 10_000) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(
            new Error(
              `no such webhook within ${timeout} ms; got ${requests.map((r) => r.url).join(', ')}`,
            ),
          );
        }, timeout);
        const look = () => {
          const found = requests.find((request) => !request.taken && wanted(request));
          if (!found) return;
          found.taken = true;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      assert.deepEqual(unsigned, [], 'webhooks without a good signature');
    },
  };
}

async function read(incoming) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const form = /^application\/x-www-form-urlencoded/.test(incoming.headers['content-type'] ?? '');
  const url = `http://${incoming.headers.host}${incoming.url}`;
  const params = form ? collect(new URLSearchParams(body)) : {};
  return {
    method: incoming.method,
    url,
    path: incoming.url,
    headers: incoming.headers,
    body,
    form,
    params,
  };
}

/** Name -> value, or the list of values where a name comes more than once. */
function collect(pairs) {
  const found = {};
  for (const name of new Set(pairs.keys())) {
    const values = pairs.getAll(name);
    found[name] = values.length > 1 ? values : values[0];
  }
  return found;
}

function signedBy(authToken, { url, headers, body, form, params }) {
  const signature = headers['x-twilio-signature'];
  if (!signature) return false;
  if (form || !body) return twilio.validateRequest(authToken, signature, url, params);
  return twilio.validateRequestWithBody(authToken, signature, url, body);
}
