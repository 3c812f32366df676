// Supervisors who look at figures: a socket each, in a process of their own, by the wire of the official client without what that client
// costs. Told what to watch, they note when which event of which map came, and hand it over at the end.
//
// An event's id is the server's time at which the figure was made, times a thousand: what was acknowledged before is in it.

import WebSocket from 'ws';

const frame = (header, payload = '') => {
  const text = JSON.stringify({ payload_size: Buffer.byteLength(payload), ...header });
  return Buffer.from(`TWILSOCK V3.0 ${Buffer.byteLength(text)}\r\n${text}\r\n${payload}`);
};

const OK = { code: 200, status: 'OK' };
const came = new Map(); // map's sid -> [client, id of the event, when it came, …]
let bytes = 0;

/** Acknowledges a frame, as every client does, and notes what is measured: a queue's figures come together, and today's are among them
 *  whenever a task was accepted or completed. */
function note(client, socket, data, at) {
  const text = data.subarray(0, 600).latin1Slice();
  socket.send(frame({ method: 'reply', id: /"id":"(\w+)"/.exec(text)[1], status: OK }));
  bytes += data.length;
  const found = /"id":(\d+),"map_sid":"(\w+)"/.exec(text);
  if (!found || !data.includes('"item_key":"tasks_today"')) return;
  if (!came.has(found[2])) came.set(found[2], []);
  came.get(found[2]).push(client, Number(found[1]), at);
}

async function open(client, { uri, token, maps }) {
  const socket = new WebSocket(uri, { perMessageDeflate: false });
  const established = new Set();
  await new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () =>
      socket.send(frame({ method: 'init', id: 'TM1', token, capabilities: [] })),
    );
    socket.on('message', (data) => {
      const text = data.subarray(0, 400).latin1Slice();
      if (text.includes('"id":"TM1"')) {
        const requests = maps.map((sid) => ({ object_sid: sid, object_type: 'map' }));
        const body = JSON.stringify({ action: 'establish', correlation_id: 1, requests });
        const http_request = { host: 'cds', path: '/v4/Subscriptions', method: 'POST' };
        const header = {
          method: 'message',
          id: 'TM2',
          active_grant: 'flex_insights',
          http_request,
        };
        socket.send(frame({ ...header, payload_type: 'application/json' }, body));
      } else if (text.includes('subscription_established')) {
        established.add(text);
        if (established.size === maps.length) resolve();
      } else if (text.includes('subscription_failed')) reject(new Error(text));
      else if (established.size === maps.length) note(client, socket, data, Date.now());
    });
  });
  return socket;
}

process.on('message', async ({ what, ...told }) => {
  if (what === 'open') {
    for (let i = 0; i < told.tokens.length; i += 20)
      await Promise.all(
        told.tokens
          .slice(i, i + 20)
          .map((token, n) => open(i + n, { uri: told.uri, token, maps: told.maps[i + n] })),
      );
    came.clear();
    bytes = 0;
    process.send({ what: 'opened' });
  } else process.send({ what: 'came', came: [...came], bytes, cpu: process.cpuUsage() });
});
process.on('disconnect', () => process.exit());
