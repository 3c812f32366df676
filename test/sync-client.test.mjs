// Sync in a browser: the official client over its socket, against the rows that REST knows.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { SyncClient } from 'twilio-sync';
import { heard, hostsOf } from './support/chat.mjs';
import { startServer } from './support/server.mjs';
import { syncToken } from './support/sync.mjs';
import { startWebhooks } from './support/webhook.mjs';

let server;
let key;
let service;
before(async () => {
  server = await startServer();
  key = await server.client.newSigningKeys.create({ friendlyName: 'browsers' });
  service = server.client.sync.v1.services('default');
});
after(() => server?.stop());

const clients = new Set();
afterEach(async () => {
  await Promise.all([...clients].map((client) => client.shutdown()));
  clients.clear();
});

let turned = 0; // seconds by which the server's clock is before ours
const turn = async (seconds) => {
  await server.turnClock(seconds * 1000);
  turned += seconds;
};

const token = (identity, serviceSid) =>
  syncToken(server.accountSid, key, identity, { serviceSid, ttl: 3600 + turned });

function open(identity, serviceSid) {
  const client = new SyncClient(token(identity, serviceSid), hostsOf(server));
  clients.add(client);
  return client;
}

const refused = (status, code) => (error) => {
  assert.equal(error.status, status, error.message);
  assert.equal(error.code, code, error.message);
  return true;
};

test('two people share a document', async () => {
  const [ann, bob] = [open('ann'), open('bob')];
  const hers = await ann.document({ id: 'shared', data: { n: 0 } });
  assert.equal(hers.uniqueName, 'shared');
  const his = await bob.document('shared');
  assert.equal(his.sid, hers.sid);
  assert.deepEqual(his.data, { n: 0 });

  const told = heard(his, 'updated');
  const own = heard(hers, 'updated');
  await hers.set({ n: 1 });
  assert.equal((await own).isLocal, true);
  assert.deepEqual((await told).data, { n: 1 });

  // Both add one at the same time, each again and again: nothing is lost.
  const add = (document) => document.mutate((data) => ({ n: data.n + 1 }));
  await Promise.all([add(hers), add(his), add(hers), add(his)]);
  assert.deepEqual((await service.documents('shared').fetch()).data, { n: 5 });

  await assert.rejects(ann.document({ id: 'shared', mode: 'create_new' }), refused(409, 54301));
  await assert.rejects(bob.document({ id: 'nothing', mode: 'open_existing' }), refused(404, 54100));
  const gone = heard(his, 'removed');
  await hers.removeDocument();
  assert.equal((await gone).isLocal, false);
});

test('a map: set, update, mutate, remove, and pages', async () => {
  const [ann, bob] = [open('ann'), open('bob')];
  const hers = await ann.map('team');
  const his = await bob.map('team');
  const added = heard(his, 'itemAdded');
  const item = await hers.set('carl', { skills: 1 });
  assert.deepEqual(item.data, { skills: 1 });
  assert.equal((await added).item.key, 'carl');

  const events = [];
  hers.on('itemUpdated', ({ isLocal }) => events.push(isLocal));
  let updated = heard(his, 'itemUpdated');
  await hers.update('carl', { name: 'Carl' });
  assert.deepEqual((await updated).item.data, { skills: 1, name: 'Carl' });
  assert.deepEqual(events, [true]); // its own change, once
  const add = (map) => map.mutate('carl', (data) => ({ ...data, skills: data.skills + 1 }));
  await Promise.all([add(hers), add(his), add(hers), add(his)]);
  assert.equal((await service.syncMaps('team').syncMapItems('carl').fetch()).data.skills, 5);
  await Promise.all([
    his.mutate('new/one', (data) => ({ n: (data.n ?? 0) + 1 })),
    hers.mutate('new/one', (data) => ({ n: (data.n ?? 0) + 1 })),
  ]);
  const byRest = await service.syncMaps('team').syncMapItems.list();
  assert.equal(byRest.find((i) => i.key === 'new/one').data.n, 2);

  updated = heard(his, 'itemUpdated', ({ item: { key: k } }) => k === 'dora');
  await service.syncMaps('team').syncMapItems.create({ key: 'dora', data: { by: 'REST' } });
  await service
    .syncMaps('team')
    .syncMapItems('dora')
    .update({ data: { by: 'REST', n: 2 } });
  assert.equal((await updated).item.data.n, 2);

  const removed = heard(his, 'itemRemoved');
  await hers.remove('carl');
  assert.equal((await removed).key, 'carl');
  await assert.rejects(his.get('carl'), refused(404, 54201));

  for (let n = 0; n < 7; n++) await his.set(`p${n}`, { n });
  let page = await hers.getItems({ from: 'p0', pageSize: 3 });
  assert.deepEqual(
    page.items.map((i) => i.key),
    ['p0', 'p1', 'p2'],
  );
  page = await page.nextPage();
  assert.deepEqual(
    page.items.map((i) => i.key),
    ['p3', 'p4', 'p5'],
  );
  page = await page.prevPage();
  assert.deepEqual(
    page.items.map((i) => i.key),
    ['p0', 'p1', 'p2'],
  );
  page = await hers.getItems({ order: 'desc', pageSize: 2 });
  assert.deepEqual(
    page.items.map((i) => i.key),
    ['p6', 'p5'],
  );
  page = await page.nextPage();
  page = await page.prevPage();
  assert.deepEqual(
    page.items.map((i) => i.key),
    ['p6', 'p5'],
  );
});

test('a list, and its context', async () => {
  const [ann, bob] = [open('ann'), open('bob')];
  const hers = await ann.list('log');
  const his = await bob.list('log');
  const added = heard(his, 'itemAdded');
  const first = await hers.push({ text: 'one' });
  assert.equal(first.index, 0);
  assert.deepEqual((await added).item.data, { text: 'one' });
  await hers.push({ text: 'two' });
  const updated = heard(his, 'itemUpdated');
  await hers.set(0, { text: 'uno' });
  assert.deepEqual((await updated).item.data, { text: 'uno' });
  const again = heard(his, 'itemUpdated');
  await hers.mutate(0, (data) => ({ ...data, more: true }));
  assert.deepEqual((await again).item.data, { text: 'uno', more: true });
  const removed = heard(his, 'itemRemoved');
  await hers.remove(0);
  assert.equal((await removed).index, 0);
  assert.deepEqual(
    (await his.getItems()).items.map((i) => i.index),
    [1],
  );
  const third = await open('carl').list('log');
  await assert.rejects(third.get(0), refused(404, 54151));
  const gone = heard(his, 'removed');
  await service.syncLists('log').remove();
  await gone;
});

test('a stream', async () => {
  const [ann, bob] = [open('ann'), open('bob')];
  const hers = await ann.stream('moves');
  const his = await bob.stream('moves');
  await subscribed(his);
  const told = heard(his, 'messagePublished');
  await hers.publishMessage({ x: 1 });
  const { message } = await told;
  assert.deepEqual(message.data, { x: 1 });
  await assert.rejects(hers.publishMessage({ text: 'x'.repeat(5000) }), refused(413, 54006));
  const gone = heard(his, 'removed');
  await hers.removeStream();
  await gone;
});

/** A stream has no replay: only who is subscribed hears. */
async function subscribed(stream) {
  stream.on('messagePublished', () => {});
  if (stream.syncStreamImpl.subscriptionState !== 'established')
    await heard(stream, '_subscriptionStateChanged', (state) => state === 'established');
}

test('what was missed is replayed', async () => {
  const ann = open('ann');
  const map = await ann.map('missed');
  const items = service.syncMaps('missed').syncMapItems;
  for (const k of ['a', 'b', 'c']) await map.set(k, { n: 0 });
  const events = [];
  for (const name of ['itemAdded', 'itemUpdated', 'itemRemoved'])
    map.on(name, ({ item, key: k }) => events.push(`${name} ${item?.key ?? k}`));

  const away = heard(ann, 'connectionStateChanged', (state) => state === 'disconnected');
  const twilsock = ann.services.twilsock;
  await twilsock.disconnect();
  await away;
  await items('a').update({ data: { n: 1 } });
  await items('b').remove();
  await items.create({ key: 'd', data: { n: 4 } });
  await items('a').update({ data: { n: 2 } });
  const last = heard(map, 'itemUpdated', ({ item }) => item.key === 'a' && item.data.n === 2);
  twilsock.connect();
  await last;
  assert.deepEqual(events, ['itemRemoved b', 'itemAdded d', 'itemUpdated a']);
});

test('what expires is told as removed', async () => {
  const ann = open('ann');
  const map = await ann.map({ id: 'brief', ttl: 60 });
  await map.set('soon', {}, { ttl: 5 });
  await map.set('later', {});
  const soon = heard(map, 'itemRemoved');
  await turn(6);
  assert.equal((await soon).key, 'soon');
  await map.setItemTtl('later', 5);
  const later = heard(map, 'itemRemoved');
  await turn(6);
  assert.equal((await later).key, 'later');
  const gone = heard(map, 'removed');
  await turn(60);
  await gone;
  const note = await ann.document({ id: 'note', ttl: 5 });
  const over = heard(note, 'removed');
  await turn(6);
  await over;
});

test('where access is held back, only who was let in comes in', async () => {
  const made = await server.client.sync.v1.services.create({ aclEnabled: true });
  const held = server.client.sync.v1.services(made.sid);
  const [ann, bob] = [open('ann', made.sid), open('bob', made.sid)];
  const hers = await ann.map('vault');
  await hers.set('gold', { n: 1 });
  const forbidden = refused(403, 54007);
  await assert.rejects(bob.map({ id: 'vault', mode: 'open_existing' }), forbidden);
  const bobs = held.syncMaps('vault').syncMapPermissions('bob');
  await bobs.update({ read: true, write: false, manage: false });
  const his = await bob.map('vault');
  assert.deepEqual((await his.get('gold')).data, { n: 1 });
  await assert.rejects(his.set('gold', { n: 2 }), forbidden);
  await bobs.update({ read: true, write: true, manage: false });
  await his.set('gold', { n: 2 });
  await assert.rejects(his.removeMap(), forbidden);

  // Whoever loses the right to look hears no more.
  const another = await ann.map('open');
  await held.syncMaps('open').syncMapPermissions('bob').update({
    read: true,
    write: false,
    manage: false,
  });
  const fence = await bob.map('open');
  const heardOf = [];
  his.on('itemUpdated', ({ item }) => heardOf.push(item.data.n));
  const told = heard(his, 'itemUpdated');
  await hers.set('gold', { n: 3 });
  await told;
  await bobs.update({ read: false, write: false, manage: false });
  await hers.set('gold', { n: 4 });
  const past = heard(fence, 'itemAdded');
  await another.set('later', {});
  await past;
  assert.deepEqual(heardOf, [3]);
  await hers.removeMap();
  // Another service's objects are not there at all.
  await service.syncMaps.create({ uniqueName: 'elsewhere' });
  await assert.rejects(bob.map({ id: 'elsewhere', mode: 'open_existing' }), refused(404, 54200));
});

test('when access begins to be held back, who was watching hears no more', async () => {
  const made = await server.client.sync.v1.services.create({});
  const there = server.client.sync.v1.services(made.sid);
  const [ann, bob] = [open('ann', made.sid), open('bob', made.sid)];
  const [his, hers] = [await bob.map('board'), await ann.map('board')];
  const heardOf = [];
  his.on('itemAdded', ({ item }) => heardOf.push(item.key));
  const told = heard(his, 'itemAdded');
  await hers.set('before', {});
  await told;
  const board = there.syncMaps('board');
  await board.syncMapPermissions('ann').update({ read: true, write: true, manage: true });
  const fence = await bob.map('fence');
  await there
    .syncMaps('fence')
    .syncMapPermissions('bob')
    .update({ read: true, write: false, manage: false });
  await there.update({ aclEnabled: true });
  const kept = heard(hers, 'itemAdded', ({ item }) => item.key === 'after');
  await board.syncMapItems.create({ key: 'after', data: {} });
  await kept; // she may
  const past = heard(fence, 'itemAdded');
  await there.syncMaps('fence').syncMapItems.create({ key: 'later', data: {} });
  await past;
  assert.deepEqual(heardOf, ['before']);
  await assert.rejects(bob.map({ id: 'other', mode: 'open_existing' }), refused(404, 54200));
  await assert.rejects(his.set('mine', {}), refused(403, 54007));
});

test('a service is told what clients do, and who comes and goes', async () => {
  const hooks = await startWebhooks({ authToken: server.authToken });
  const made = await server.client.sync.v1.services.create({
    webhookUrl: hooks.url('/sync'),
    reachabilityWebhooksEnabled: true,
    reachabilityDebouncingEnabled: true,
  });
  const next = async (type) => (await hooks.next(({ params }) => params.EventType === type)).params;
  const ann = open('ann', made.sid);
  assert.equal((await next('endpoint_connected')).Identity, 'ann');
  const map = await ann.map('seen');
  assert.equal((await next('map_created')).Identity, 'ann');
  await map.set('k', { v: 1 });
  const added = await next('map_item_added');
  assert.deepEqual([added.Identity, added.ItemKey], ['ann', 'k']);
  await server.client.sync.v1
    .services(made.sid)
    .syncMaps('seen')
    .syncMapItems.create({ key: 'by REST', data: {} });
  await map.remove('k');
  await next('map_item_removed');
  assert.equal(hooks.requests.filter((r) => r.params.ItemKey === 'by REST').length, 0);

  // Back before the window has passed: never away.
  const twilsock = ann.services.twilsock;
  await twilsock.disconnect();
  await settled(0);
  await turn(2);
  const back = heard(ann, 'connectionStateChanged', (state) => state === 'connected');
  twilsock.connect();
  await back;
  await turn(10);
  await twilsock.disconnect();
  await settled(0);
  await turn(6);
  assert.equal((await next('endpoint_disconnected')).Identity, 'ann');
  const told = hooks.requests.filter((r) => r.params.EventType.startsWith('endpoint_'));
  assert.equal(told.length, 2);
  await hooks.stop();
});

/** Until the server has noticed that so many sockets are there. */
async function settled(sockets) {
  for (let i = 0; i < 2000; i++) {
    const text = await (await server.fetch('/metrics')).text();
    const found = /^plugboard_http_sockets (\d+)$/m.exec(text);
    if (Number(found[1]) === sockets) return;
  }
}

test('the power goes while somebody writes: what was acknowledged is there, for everybody', async () => {
  const mortal = await startServer({ clock: null });
  try {
    const signing = await mortal.client.newSigningKeys.create({ friendlyName: 'browsers' });
    const join = (identity) => {
      const jwt = syncToken(mortal.accountSid, signing, identity);
      const client = new SyncClient(jwt, hostsOf(mortal));
      clients.add(client);
      return client;
    };
    const [hers, his] = await Promise.all(['ann', 'bob'].map((who) => join(who).map('steps')));
    const heardBy = new Map();
    his.on('itemAdded', ({ item }) => heardBy.set(item.key, item.data.n));
    const acknowledged = [];
    const writing = Array.from({ length: 200 }, async (_, n) => {
      await hers.set(`k${n}`, { n });
      acknowledged.push(n);
    }).map((write) => write.catch(() => {}));
    while (acknowledged.length < 50) await new Promise((resolve) => setImmediate(resolve));
    await mortal.kill9();
    await mortal.restart();
    await Promise.all(writing); // the SDK sends again what was not answered, or gives up
    const items = await mortal.client.sync.v1
      .services('default')
      .syncMaps('steps')
      .syncMapItems.list({ pageSize: 500 });
    const kept = new Set(items.map((item) => item.data.n));
    assert.deepEqual(
      acknowledged.filter((n) => !kept.has(n)),
      [],
    );
    await hers.set('last', { n: -1 });
    if (!heardBy.has('last')) await heard(his, 'itemAdded', ({ item }) => item.key === 'last');
    assert.deepEqual(new Set(heardBy.values()), new Set([...kept, -1]));
  } finally {
    await Promise.all([...clients].map((client) => client.shutdown()));
    clients.clear();
    await mortal.stop();
  }
});
