// The socket under Sync and Conversations, by its official client and, where that never errs, by hand.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import twilio from 'twilio';
import twilsock from 'twilsock';
import WebSocket from 'ws';
import { startServer } from './support/server.mjs';
import { frame, parse, request } from './support/twilsock.mjs';

const { AccessToken } = twilio.jwt;
const { TwilsockClient } = twilsock;
const SYNC = 'default';

let server;
let key;
before(async () => {
  server = await startServer();
  key = await server.client.newSigningKeys.create({ friendlyName: 'sockets' });
});
after(() => server.stop());

/** Clients that a test has opened are gone when it ends. */
const open = new Set();
test.afterEach(async () => {
  for (const end of [...open]) await end();
  open.clear();
});

let turned = 0; // seconds by which the server's clock is before ours
const turn = (seconds) => server.turnClock(seconds * 1000).then(() => (turned += seconds));

function token(
  identity = 'ada',
  { ttl = 3600, grants = [new AccessToken.SyncGrant({ serviceSid: SYNC })] } = {},
) {
  const t = new AccessToken(server.accountSid, key.sid, key.secret, {
    identity,
    ttl: ttl + turned,
  });
  grants.forEach((grant) => t.addGrant(grant));
  return t.toJwt();
}

const uri = (on = server) => `${on.url.replace('http', 'ws')}/v3/wsconnect`;

/** The official client; connected unless told otherwise. */
async function connect(jwt = token(), { on = server, wait = true, ...options } = {}) {
  const client = new TwilsockClient(jwt, 'data_sync', {
    twilsock: { uri: uri(on) },
    logLevel: 'silent',
    ...options,
  });
  open.add(() => client.disconnect().catch(() => {}));
  const connected = once(client, 'connected');
  client.connect();
  if (wait) await connected;
  return client;
}

/* By hand. */

/** A socket with a mind of its own: what comes is queued for next(). */
async function raw({ path = '/tsock/v3/wsconnect' } = {}) {
  const socket = new WebSocket(server.url.replace('http', 'ws') + path);
  const came = [];
  const waiting = [];
  socket.on('message', (bytes, binary) => {
    assert.ok(binary);
    const message = parse(bytes);
    if (waiting.length) waiting.shift()(message);
    else came.push(message);
  });
  open.add(() => socket.terminate());
  await once(socket, 'open');
  const next = () =>
    came.length ? Promise.resolve(came.shift()) : new Promise((r) => waiting.push(r));
  return {
    socket,
    next,
    send: (header, payload) => socket.send(frame({ id: 'TM' + randomUUID(), ...header }, payload)),
    async ask(header, payload) {
      this.send(header, payload);
      return next();
    },
    closed: once(socket, 'close'),
  };
}
async function ready(jwt = token(), more = {}) {
  const r = await raw();
  const reply = await r.ask({
    method: 'init',
    token: jwt,
    capabilities: ['client_update'],
    ...more,
  });
  assert.equal(reply.status.code, 200);
  return r;
}
test('a client with a token is let in', async () => {
  const client = await connect();
  assert.equal(client.state, 'connected');
  await client.disconnect();
  assert.equal(client.state, 'disconnected');
});

test('the reply to init offers what is kept', async () => {
  const r = await raw({ path: '/v3/wsconnect' });
  const reply = await r.ask({
    method: 'init',
    id: 'TM1',
    token: token(),
    capabilities: ['client_update', 'telemetry.v1'],
  });
  assert.equal(reply.method, 'reply');
  assert.equal(reply.id, 'TM1');
  assert.deepEqual(reply.status, { code: 200, status: 'OK' });
  assert.deepEqual(reply.capabilities, ['client_update']);
  assert.match(reply.continuation_token, /^[0-9a-f]{32}$/);
});

test('a token that is not good is the end of it', async () => {
  const denied = async (jwt) => {
    const client = await connect(jwt, { wait: false });
    const [error] = await once(client, 'connectionError');
    assert.equal(error.terminal, true);
    assert.equal(client.state, 'denied');
    return error;
  };
  assert.equal((await denied('nonsense')).httpStatusCode, 401);
  assert.equal((await denied(token('ada', { grants: [] }))).httpStatusCode, 403);
  const stranger = new AccessToken(server.accountSid, key.sid, 'x'.repeat(32), {
    identity: 'eve',
    ttl: 60,
  });
  stranger.addGrant(new AccessToken.SyncGrant({ serviceSid: SYNC }));
  assert.equal((await denied(stranger.toJwt())).errorCode, 20101);
});

test('requests are answered as HTTP would', async () => {
  const client = await connect();
  const get = (path, headers = {}) => client.get(`${server.url}${path}`, headers);
  await assert.rejects(get('/cds/v3/Nothing'), (e) => {
    assert.equal(e.status, 404);
    assert.equal(e.body.code, 20404);
    return true;
  });
  await assert.rejects(client.get('https://aim.us1.twilio.com/Client/v2/Nothing', {}), {
    status: 404,
  });
  await assert.rejects(get('/taskrouter/v1/Workspaces'), { status: 400 });
  await assert.rejects(get('/nowhere'), { status: 400 });
  await assert.rejects(client.get('https://tsock.us1.twilio.com/v3/token', {}), { status: 404 });
});

test('what only the hub may ask is not there for others', async () => {
  const auth = ['token', token()];
  for (const path of ['/tsock/v3/token', '/tsock/v4/Subscriptions'])
    assert.equal((await server.fetch(path, { auth, json: {} })).status, 404);
});

test('a server without a token says who may come in', async () => {
  const r = await raw();
  assert.equal((await r.ask(request('GET', '/v3/Maps/x'))).status.code, 401);
  assert.equal((await r.ask({ method: 'dance' })).status.code, 401);
  assert.equal((await r.ask({ method: 'init', token: token() })).status.code, 200);
  assert.equal((await r.ask({ method: 'dance' })).status.code, 400);
  assert.equal((await r.ask({ method: 'init', token: token() })).status.code, 400);
});

test('what is not a frame closes for good', async (t) => {
  const closes = async (bytes, options) => {
    const r = await ready();
    r.socket.send(bytes, options);
    const close = await r.next();
    assert.equal(close.method, 'close');
    assert.equal(close.status.code, 406);
    await r.closed;
  };
  await t.test('text', () =>
    closes(frame({ method: 'close', id: '1' }).toString(), { binary: false }),
  );
  await t.test('half a frame', () => closes(frame({ method: 'x', id: '1' }).subarray(0, 30)));
  await t.test('another protocol', () => closes(Buffer.from('TWILSOCK V2.0 2\r\n{}\r\n')));
  await t.test('nothing', () => closes(Buffer.alloc(0)));
  await t.test('a payload that is not there', () =>
    closes(frame({ method: 'x', id: '1', payload_size: 5 })),
  );
});

test('a frame that is too long ends the connection', async () => {
  const r = await ready();
  r.socket.send(frame({ method: 'x', id: '1' }, 'x'.repeat(300_000)));
  const [code] = await r.closed;
  assert.equal(code, 1009);
});

test('a frame in pieces is a frame', async () => {
  const r = await ready();
  const bytes = frame({ ...request('GET', '/v3/Nothing'), id: 'TM7' });
  r.socket.send(bytes.subarray(0, 40), { fin: false });
  r.socket.send(bytes.subarray(40), { fin: true });
  const reply = await r.next();
  assert.equal(reply.id, 'TM7');
  assert.equal(reply.http_status.code, 404);
});

test('a client that says goodbye is let go', async () => {
  const r = await ready();
  r.send({ method: 'close' });
  const [code] = await r.closed;
  assert.equal(code, 1000);
});

test('notification contexts come and go', async () => {
  const r = await ready();
  const put = {
    method: 'put_notification_ctx',
    notification_ctx_id: 'c1',
    payload_type: 'application/json',
  };
  assert.equal((await r.ask(put, JSON.stringify({ message_types: ['a'] }))).status.code, 200);
  assert.equal(
    (await r.ask({ method: 'delete_notification_ctx', notification_ctx_id: 'c1' })).status.code,
    200,
  );
  assert.equal((await r.ask({ method: 'put_notification_ctx' })).status.code, 400);
  assert.equal(
    (await r.ask(put, JSON.stringify({ message_types: Array(65).fill('a') }))).status.code,
    400,
  );
});

test('a token is renewed for the same user only', async () => {
  const client = await connect(token('grace'));
  await client.updateToken(token('grace', { ttl: 7200 }));
  assert.equal(client.state, 'connected');
  const denied = once(client, 'connectionError');
  await assert.rejects(client.updateToken(token('eve')));
  const [error] = await denied;
  assert.equal(error.httpStatusCode, 403);
});

test('a token is about to end, and ends', async () => {
  const client = await connect(token('joan', { ttl: 600 }));
  const warned = once(client, 'tokenAboutToExpire');
  await turn(430);
  await warned;
  const expired = once(client, 'tokenExpired');
  await turn(180);
  await expired;
});

test('a key that is deleted lets nobody in, nor stay', async () => {
  const own = await server.client.newSigningKeys.create({ friendlyName: 'soon gone' });
  const t = new AccessToken(server.accountSid, own.sid, own.secret, {
    identity: 'eve',
    ttl: 7200 + turned,
  });
  t.addGrant(new AccessToken.SyncGrant({ serviceSid: SYNC }));
  const [idle, busy] = [await ready(t.toJwt()), await ready(t.toJwt())];
  await server.client.signingKeys(own.sid).remove();
  const reply = await busy.ask(request('GET', '/v3/Maps/x'));
  assert.equal(reply.http_status.code, 401);
  await turn(61);
  for (const r of [idle, busy]) {
    const close = await r.next();
    assert.equal(close.method, 'close');
    assert.equal(close.status.code, 401);
    await r.closed;
  }
});

test('a renewed token lasts', async () => {
  const client = await connect(token('ruth', { ttl: 600 }));
  const warned = once(client, 'tokenAboutToExpire');
  await turn(430);
  await warned;
  await client.updateToken(token('ruth', { ttl: 1200 }));
  const again = once(client, 'tokenAboutToExpire');
  await turn(1030);
  await again;
  assert.equal(client.state, 'connected');
});

test('subscriptions of what is not there fail by name, and are cancelled', async () => {
  const r = await ready();
  const subscribe = (body) =>
    r.ask(
      request('POST', '/v4/Subscriptions'),
      JSON.stringify({ event_protocol_version: 4, correlation_id: 17, ...body }),
    );
  const requests = [
    { object_sid: 'ETx', object_type: 'document', last_event_id: 0 },
    { object_sid: 'QRx', object_type: 'live_query', last_event_id: 0 }, // for which the token has no grant
  ];
  const statuses = [404, 403];
  const reply = await subscribe({ action: 'establish', requests });
  assert.equal(reply.http_status.code, 200);
  assert.ok(reply.payload.estimated_delivery_in_ms > 0);
  for (const { object_sid, object_type } of requests) {
    const { message_type, payload } = await r.next();
    assert.equal(message_type, 'twilio.sync.event');
    assert.equal(payload.event_type, 'subscription_failed');
    assert.equal(payload.correlation_id, 17);
    assert.equal(payload.event.object_sid, object_sid);
    assert.equal(payload.event.object_type, object_type);
    assert.equal(payload.event.error.status, statuses.shift());
  }
  assert.equal((await subscribe({ action: 'cancel', requests })).http_status.code, 200);
  assert.equal((await r.next()).payload.event_type, 'subscription_canceled');
  assert.equal((await r.next()).payload.event_type, 'subscription_canceled');
  for (const bad of [
    { action: 'dance', requests },
    { action: 'establish' },
    { action: 'establish', requests: [{ object_sid: 'x', object_type: 'dream' }] },
    { action: 'establish', requests: [{ object_type: 'map' }] },
    { action: 'establish', requests: Array(1001).fill(requests[0]) },
    { action: 'establish', correlation_id: null, requests },
  ])
    assert.equal((await subscribe(bad)).http_status.code, 400);
});

test('an identity has so many sockets and no more', async () => {
  const jwt = token('octopus');
  for (let i = 0; i < 100; i++) await ready(jwt);
  const r = await raw();
  const reply = await r.ask({ method: 'init', token: jwt });
  assert.equal(reply.status.code, 429);
  assert.ok(reply.payload.backoff_policy.reconnect_min_ms >= 1000);
  await ready(token('squid'));
});

test('a socket that does not say who it is is closed', async () => {
  const r = await raw();
  await turn(31);
  assert.equal((await r.next()).status.code, 408);
  await r.closed;
});

test('a client that asks without end is told to wait', async () => {
  const r = await ready();
  const n = 12_000;
  for (let i = 0; i < n; i++) r.send(request('GET', '/v3/Nothing'));
  const seen = {};
  for (let i = 0; i < n; i++) {
    const { http_status, http_headers } = await r.next();
    seen[http_status.code] = (seen[http_status.code] ?? 0) + 1;
    if (http_status.code === 429) assert.equal(http_headers['Retry-After'], '1');
  }
  assert.deepEqual(Object.keys(seen), ['404', '429']);
  assert.ok(seen[404] >= 5000);
});

test('under its own name, as behind a proxy, links lead to its neighbours', async () => {
  const socket = new WebSocket(`${uri()}`, { headers: { Host: 'tsock.us1.example.com' } });
  open.add(() => socket.terminate());
  await once(socket, 'open');
  const ask = async (header, payload) => {
    socket.send(frame({ id: 'TM1', ...header }, payload));
    return parse((await once(socket, 'message'))[0]);
  };
  assert.equal((await ask({ method: 'init', token: token() })).status.code, 200);
  const { payload } = await ask(request('POST', '/v3/Maps'), '{"unique_name":"links"}');
  assert.equal(payload.url, `http://cds.us1.example.com/v3/Maps/${payload.sid}`);
});

test('when the server stops, clients come back', async () => {
  const other = await startServer();
  const own = await other.client.newSigningKeys.create({ friendlyName: 'sockets' });
  const t = new AccessToken(other.accountSid, own.sid, own.secret, { identity: 'ada', ttl: 3600 });
  t.addGrant(new AccessToken.SyncGrant({ serviceSid: SYNC }));
  const client = await connect(t.toJwt(), { on: other });
  const back = once(client, 'connected');
  await other.restart();
  await back;
  assert.equal(client.state, 'connected');
  await client.disconnect();
  await other.stop();
});

/* What is heard: conversations are objects, too. */

/** A conversation that `who` is in, as an SDK would watch it: its roster and its list of messages. */
async function conversation(...who) {
  const { conversations } = server.client.conversations.v1;
  const made = await conversations.create({ friendlyName: 'Talk' });
  const here = conversations(made.sid);
  const participants = [];
  for (const identity of who) participants.push(await here.participants.create({ identity }));
  const list = `ES${made.sid.slice(2)}`;
  return { here, list, sid: made.sid, service: made.chatServiceSid, participants };
}

const chatToken = (identity, serviceSid) =>
  token(identity, { grants: [new AccessToken.ChatGrant({ serviceSid })] });

/** Subscribes by hand; answers what comes up to the end of the replay. */
async function subscribe(r, object_sid, last_event_id = 0, grant = 'ip_messaging') {
  const body = {
    event_protocol_version: 4,
    action: 'establish',
    correlation_id: 1700000000123,
    requests: [{ object_sid, object_type: 'list', last_event_id }],
  };
  const reply = await r.ask(request('POST', '/v4/Subscriptions', grant), JSON.stringify(body));
  assert.equal(reply.http_status.code, 200);
  const events = [];
  for (;;) {
    const { payload } = await r.next();
    assert.equal(payload.correlation_id, body.correlation_id);
    if (payload.event_type.startsWith('subscription_')) return { events, end: payload };
    events.push(...payload.events.map((e) => ({ type: payload.event_type, ...e })));
  }
}

test('what was missed comes first, then what happens', async () => {
  const { here, list, service } = await conversation('ada', 'bob');
  for (const body of ['one', 'two', 'three']) await here.messages.create({ body });
  const r = await ready(chatToken('ada', service));
  const { events, end } = await subscribe(r, list);
  assert.deepEqual(
    events.map((e) => [e.type, e.item_index, e.item_data.text]),
    [0, 1, 2].map((i) => ['list_item_added', i, ['one', 'two', 'three'][i]]),
  );
  assert.equal(end.event_type, 'subscription_established');
  assert.equal(end.event.replay_status, 'completed');
  assert.equal(end.event.last_event_id, events.at(-1).id);
  assert.equal(
    events[0].item_url,
    `${server.url}/cds/v3/Lists/${list}/Items/${events[0].item_index}`,
  );

  await here.messages.create({ body: 'four' });
  const { message_type, payload } = await r.next();
  assert.equal(message_type, 'twilio.sync.event');
  assert.equal(payload.event_type, 'list_item_added');
  assert.equal(payload.event.item_data.text, 'four');
  assert.ok(payload.event.id > end.event.last_event_id);

  // Another window, which knows more, is told less.
  const late = await ready(chatToken('ada', service));
  assert.deepEqual(
    (await subscribe(late, list, events[1].id)).events.map((e) => e.item_data.text),
    ['three', 'four'],
  );
});

/** The texts of a list's messages as one socket hears them; resolves when there are `n`. */
function hear(r, n) {
  const heard = [];
  return new Promise((done) => {
    r.socket.on('message', (bytes) => {
      const { method, payload } = parse(bytes);
      if (method !== 'notification' || !payload.event_type.startsWith('list_item')) return;
      heard.push(...(payload.events ?? [payload.event]).map((e) => e.item_data.text));
      if (heard.at(-1) === `${n - 1}`) done(heard);
    });
  });
}

test('nothing is missed and nothing comes twice, whenever one subscribes', async () => {
  const { here, list, service } = await conversation('ada');
  const n = 80;
  const sockets = await Promise.all(
    Array.from({ length: 40 }, () => ready(chatToken('ada', service))),
  );
  const all = sockets.map((r) => hear(r, n));
  const say = async () => {
    for (let i = 0; i < n; i++) await here.messages.create({ body: `${i}` });
  };
  const watch = async () => {
    for (const r of sockets) await subscribe(r, list);
  };
  await Promise.all([say(), watch()]);
  const whole = Array.from({ length: n }, (_, i) => `${i}`);
  for (const heard of await Promise.all(all)) assert.deepEqual(heard, whole);
});

/** As the SDK: asks again for as long as there is more. */
async function catchUp(r, sid, last, grant) {
  const all = [];
  for (let parts = 1; ; parts++) {
    const { events, end } = await subscribe(r, sid, last, grant);
    all.push(...events);
    if (end.event.replay_status === 'completed') return { all, parts };
    assert.equal(end.event.replay_status, 'interrupted');
    assert.equal(end.event.last_event_id, events.at(-1).id);
    last = end.event.last_event_id;
  }
}

test('a slow reader is cut off, and catches up in parts', async () => {
  const lists = server.client.sync.v1.services('default').syncLists;
  const { sid } = await lists.create({ uniqueName: 'flood' });
  const n = 2200;
  const text = 'x'.repeat(16_000);
  const slow = await ready();
  await subscribe(slow, sid, 0, 'data_sync');
  slow.socket._socket.pause();
  for (let i = 0; i < n; i += 20)
    await Promise.all(
      Array.from({ length: 20 }, () => lists(sid).syncListItems.create({ data: { text } })),
    );
  slow.socket._socket.resume();
  const [code] = await slow.closed;
  assert.ok([1006, 1013].includes(code), `${code}`); // it may be too late for a farewell
  let heard = 0;
  while (await Promise.race([slow.next(), Promise.resolve(null)])) heard++;
  assert.ok(heard < n, `${heard} events`);

  const back = await ready();
  const { all, parts } = await catchUp(back, sid, heard, 'data_sync');
  assert.ok(parts > 2, `${parts} parts`);
  assert.deepEqual(
    all.map((e) => e.item_index),
    Array.from({ length: n - heard }, (_, i) => heard + i),
  );
});

test('who has left hears no more, and strangers hear nothing', async () => {
  const { here, list, service, participants } = await conversation('ada', 'bob');
  const stranger = await ready(chatToken('eve', service));
  assert.equal((await subscribe(stranger, list)).end.event_type, 'subscription_failed');
  const bob = await ready(chatToken('bob', service));
  const ada = await ready(chatToken('ada', service));
  await subscribe(bob, list);
  await subscribe(ada, list);
  await here.participants(participants[1].sid).remove();
  await here.messages.create({ body: 'secret' });
  assert.equal((await ada.next()).payload.event.item_data.text, 'secret');
  // What bob hears next is the answer to his question, and that he may not.
  assert.equal((await subscribe(bob, list)).end.event_type, 'subscription_failed');
});

test('the reply comes before what the request has caused', async () => {
  const { list, sid, service } = await conversation('ada');
  const r = await ready(chatToken('ada', service));
  await subscribe(r, list);
  for (let i = 0; i < 20; i++) {
    r.send(
      { ...request('POST', `/Client/v1/Conversations/${sid}/Messages`), id: `TM${i}` },
      JSON.stringify({ body: `${i}` }),
    );
    const reply = await r.next();
    assert.equal(reply.method, 'reply');
    assert.equal(reply.http_status.code, 201, JSON.stringify(reply.payload));
    const { payload } = await r.next();
    assert.equal(payload.event.item_data.text, `${i}`);
    assert.equal(payload.event.item_index, reply.payload.index);
  }
});

test('a client hears only what it has registered for', async () => {
  const { here, list, service } = await conversation('ada');
  const registrations = [{ product: 'x', message_types: ['something.else'] }];
  const r = await ready(chatToken('ada', service), { registrations });
  await subscribe(r, list);
  await here.messages.create({ body: 'unheard' });
  assert.equal((await r.ask({ method: 'dance', id: 'TM9' })).id, 'TM9');
});

test('presence is one thing, however many windows', async () => {
  const { service } = await conversation('ada', 'ivy');
  const user = async () => server.client.conversations.v1.services(service).users('ivy').fetch();
  const until = async (online) => {
    while ((await user()).isOnline !== online);
  };
  const one = await ready(chatToken('ivy', service));
  await until(true);
  const two = await ready(chatToken('ivy', service));
  one.send({ method: 'close' });
  await one.closed;
  assert.equal((await two.ask({ method: 'dance' })).status.code, 400);
  assert.equal((await user()).isOnline, true);
  two.socket.terminate();
  await until(false);
});
