// A channel of one's own, whole: people write letters into a box on the web and find answers in it.
//
//     node letterbox.mjs                      reads the four settings below from the environment
//
//     POST /letters/ann   {"text": "Hello"}   Ann writes
//     GET  /letters/ann                       Ann reads what was written to her; each letter once
//     POST /outbound                          Plugboard brings a letter for somebody
//
// Nothing but Node is needed. docs/channels.md says what is signed, and how.

import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const FIVE_MINUTES = 300;
const BODY_MAX = 64 * 1024;

const signature = (key, timestamp, nonce, body) =>
  createHmac('sha256', key).update(`${timestamp}.${nonce}.${body}`).digest('hex');

const same = (a, b) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/**
 * @param inboundUrl  the carrier's inbound_url
 * @param statusUrl   its status_url
 * @param key         its signing_key
 * @param desk        our address in Plugboard: a sender with this carrier
 */
export async function startLetterbox({
  inboundUrl,
  statusUrl,
  key,
  desk = 'letter:desk',
  port = 0,
}) {
  const boxes = new Map(); // who -> letters that are not read yet
  const seen = new Set(); // letters that we have: Plugboard brings one again when our answer was lost
  const nonces = new Map(); // nonce -> when it was used

  /** Whatever goes to Plugboard is signed, with the time and a number that is used once. */
  async function tell(url, message) {
    const body = JSON.stringify(message);
    const timestamp = `${Math.floor(Date.now() / 1000)}`;
    const nonce = randomUUID();
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-Plugboard-Timestamp': timestamp,
        'X-Plugboard-Nonce': nonce,
        'X-Plugboard-Signature': signature(key, timestamp, nonce, body),
      },
      body,
    });
    return answer.status;
  }

  /** And what comes from it is looked at in the same way. */
  function isGenuine(headers, body) {
    const {
      'x-plugboard-timestamp': timestamp = '',
      'x-plugboard-nonce': nonce = '',
      'x-plugboard-signature': given = '',
    } = headers;
    const now = Date.now() / 1000;
    if (!same(signature(key, timestamp, nonce, body), given)) return false;
    if (Math.abs(now - Number(timestamp)) > FIVE_MINUTES) return false;
    for (const [old, at] of nonces) if (at < now - 2 * FIVE_MINUTES) nonces.delete(old);
    if (nonces.has(nonce)) return false;
    nonces.set(nonce, now);
    return true;
  }

  function outbound(headers, body) {
    if (!isGenuine(headers, body)) return [403, { message: 'not signed by Plugboard' }];
    const { id, to, body: text, media } = JSON.parse(body);
    const who = to.replace(/^letter:/, '');
    if (who === 'nobody') return [400, { error_code: 30003, message: 'nobody lives there' }];
    if (!seen.has(id)) boxes.set(who, [...(boxes.get(who) ?? []), { id, text, media }]);
    seen.add(id);
    return [200, { id, status: 'sent' }];
  }

  async function write(who, body) {
    const { text, media = [], id = randomUUID() } = JSON.parse(body);
    const status = await tell(inboundUrl, {
      id,
      from: `letter:${who}`,
      to: desk,
      body: text,
      media,
      profile_name: who,
    });
    return [status === 200 ? 202 : 502, { id, status }];
  }

  async function read(who) {
    const letters = boxes.get(who) ?? [];
    boxes.delete(who);
    for (const { id } of letters) await tell(statusUrl, { id, status: 'read' });
    return [200, letters.map(({ text, media }) => ({ text, media }))];
  }

  async function answer(request) {
    const chunks = [];
    let length = 0;
    for await (const chunk of request) {
      if ((length += chunk.length) > BODY_MAX) return [413, { message: 'too long' }];
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks).toString('utf8');
    const who = /^\/letters\/([a-z]{1,32})$/.exec(request.url)?.[1];
    if (request.method === 'POST' && request.url === '/outbound')
      return outbound(request.headers, body);
    if (request.method === 'POST' && who) return write(who, body);
    if (request.method === 'GET' && who) return read(who);
    return [404, { message: 'there is no such box' }];
  }

  const server = createServer(async (request, reply) => {
    let said;
    try {
      said = await answer(request);
    } catch (error) {
      said = [error instanceof SyntaxError ? 400 : 500, { message: error.message }];
    }
    reply.writeHead(said[0], { 'Content-Type': 'application/json' }).end(JSON.stringify(said[1]));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Where it is reached, once a carrier is known: it needs our URL before it has one of its own. */
    connect(carrier) {
      inboundUrl = carrier.inbound_url;
      statusUrl = carrier.status_url;
      key = carrier.signing_key ?? key;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}

if (import.meta.filename === process.argv[1]) {
  const { INBOUND_URL, STATUS_URL, SIGNING_KEY, DESK, PORT } = process.env;
  const box = await startLetterbox({
    inboundUrl: INBOUND_URL,
    statusUrl: STATUS_URL,
    key: SIGNING_KEY,
    desk: DESK,
    port: Number(PORT ?? 8090),
  });
  console.log(`letters at ${box.url}/letters/NAME, Plugboard's at ${box.url}/outbound`);
}
