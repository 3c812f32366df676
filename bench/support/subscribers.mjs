// Those who watch one thing, and note how late they hear of it; in a process of their own, on bare sockets: a thousand of them hear two
// hundred thousand messages a second, and no library of WebSockets should be what is measured.
//
// A message says when it was sent: "at":<microseconds of the machine's clock since boot>.

import { randomBytes } from 'node:crypto';
import net from 'node:net';

const clock = () => Number(process.hrtime.bigint() / 1000n);
const SCAN = 1024; // where in a message `at` is looked for

const late = new Map(); // ms / 10 -> how often
let [came, bytes, last] = [0, 0, 0];

function note(message) {
  const from = message.indexOf('"at":');
  if (from < 0 || from > SCAN) return;
  const at = parseInt(message.subarray(from + 5, from + 21).latin1Slice(), 10);
  last = clock();
  const tenths = Math.round((last - at) / 100);
  late.set(tenths, (late.get(tenths) ?? 0) + 1);
  came++;
}

/** Frames of a WebSocket, as a server sends them: whole, without a mask. */
function* frames(buffer) {
  let at = 0;
  while (buffer.length >= at + 2) {
    let [n, head] = [buffer[at + 1] & 127, 2];
    if (n === 126 && buffer.length >= at + 4) [n, head] = [buffer.readUInt16BE(at + 2), 4];
    else if (n === 127 && buffer.length >= at + 10) [n, head] = [buffer.readUInt32BE(at + 6), 10];
    else if (n > 125) break;
    if (buffer.length < at + head + n) break;
    yield buffer.subarray(at + head, at + head + n);
    at += head + n;
  }
  return at; // what comes behind is not whole yet
}

function masked(payload) {
  const n = payload.length;
  const head = n < 126 ? Buffer.from([0x82, 0x80 | n]) : Buffer.from([0x82, 0xfe, n >> 8, n & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]); // a mask of zeros
}

const twilsock = (header, payload = '') => {
  const text = JSON.stringify({ payload_size: Buffer.byteLength(payload), ...header });
  return masked(Buffer.from(`TWILSOCK V3.0 ${Buffer.byteLength(text)}\r\n${text}\r\n${payload}`));
};

/** token, map: of Sync; without, whoever is connected hears. */
function open({ url, token, map }) {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = net.connect({ host: hostname, port, noDelay: true });
  return new Promise((resolve, reject) => {
    let [rest, upgraded, ready] = [Buffer.alloc(0), false, false];
    const hear = (message) => {
      if (ready) return note(message);
      const text = message.subarray(0, 600).latin1Slice();
      if (text.includes('"id":"TM1"')) {
        const requests = [{ object_sid: map, object_type: 'map' }];
        const body = JSON.stringify({ action: 'establish', correlation_id: 1, requests });
        const http_request = { host: 'cds', path: '/v4/Subscriptions', method: 'POST' };
        const header = { method: 'message', id: 'TM2', active_grant: 'data_sync', http_request };
        socket.write(twilsock({ ...header, payload_type: 'application/json' }, body));
      } else if (text.includes('subscription_established')) resolve((ready = true));
      else if (text.includes('subscription_failed')) reject(new Error(text));
    };
    socket.on('error', reject);
    socket.on('connect', () =>
      socket.write(
        `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
          `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
      ),
    );
    socket.on('data', (data) => {
      bytes += data.length;
      rest = rest.length ? Buffer.concat([rest, data]) : data;
      if (!upgraded) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        rest = rest.subarray(end + 4);
        upgraded = true;
        if (token) socket.write(twilsock({ method: 'init', id: 'TM1', token, capabilities: [] }));
        else resolve((ready = true));
      }
      const all = frames(rest);
      let step = all.next();
      for (; !step.done; step = all.next()) hear(step.value);
      rest = rest.subarray(step.value ?? 0);
    });
  });
}

process.on('message', async ({ what, list }) => {
  if (what === 'open') {
    for (let i = 0; i < list.length; i += 20) await Promise.all(list.slice(i, i + 20).map(open));
    process.send({ what });
  } else if (what === 'begin') {
    late.clear();
    [came, bytes] = [0, 0];
    process.send({ what });
  } else process.send({ what, came, bytes, last, late: [...late], cpu: process.cpuUsage() });
});
process.on('disconnect', () => process.exit());
