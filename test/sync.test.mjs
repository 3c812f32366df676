// Sync by REST: services, documents, lists, maps, streams, permissions; what expires, what is refused, and what a webhook is told.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

let server;
let service;
before(async () => {
  server = await startServer();
  service = server.client.sync.v1.services('default');
});
after(() => server?.stop());

const refused = (status, code) => (error) => {
  assert.equal(error.status, status, error.message);
  assert.equal(error.code, code, error.message);
  return true;
};
const keys = (items) => items.map((item) => item.key);
const indexes = (items) => items.map((item) => item.index);

test('every account has a service that is there from the start', async () => {
  const { services } = server.client.sync.v1;
  const [first] = await services.list();
  assert.equal(first.uniqueName, 'default');
  assert.equal((await services('default').fetch()).sid, first.sid);
  await assert.rejects(services('default').remove(), refused(400, 54053));
  const changed = await services('default').update({ friendlyName: 'Ours' });
  assert.equal(changed.friendlyName, 'Ours');

  const other = await services.create({ friendlyName: 'Another', aclEnabled: true });
  assert.match(other.sid, /^IS[0-9a-f]{32}$/);
  assert.equal(other.aclEnabled, true);
  assert.equal(other.reachabilityDebouncingWindow, 5000);
  await assert.rejects(services.create({ reachabilityDebouncingWindow: 10 }), refused(400, 20001));
  const map = await services(other.sid).syncMaps.create({ uniqueName: 'm' });
  await services(other.sid).syncMaps(map.sid).syncMapItems.create({ key: 'a', data: {} });
  await assert.rejects(service.syncMaps('m').fetch(), refused(404, 54200));
  assert.equal(await services(other.sid).remove(), true);
  await assert.rejects(services(other.sid).fetch(), refused(404, 54050));
  await assert.rejects(services(other.sid).syncMaps(map.sid).fetch(), refused(404, 54050));
});

test('a document has data and a revision', async () => {
  const document = await service.documents.create({ uniqueName: 'doc', data: { a: 1 } });
  assert.match(document.sid, /^ET[0-9a-f]{32}$/);
  assert.deepEqual(document.data, { a: 1 });
  assert.equal(document.createdBy, 'system');
  assert.equal(document.dateExpires, null);
  assert.equal((await service.documents('doc').fetch()).sid, document.sid);

  const changed = await service.documents('doc').update({ data: { a: 2 } });
  assert.notEqual(changed.revision, document.revision);
  await assert.rejects(
    service.documents('doc').update({ data: { a: 3 }, ifMatch: document.revision }),
    refused(412, 54103),
  );
  assert.deepEqual((await service.documents('doc').fetch()).data, { a: 2 });
  const third = await service.documents('doc').update({ data: {}, ifMatch: changed.revision });
  assert.deepEqual(third.data, {});

  await assert.rejects(service.documents.create({ uniqueName: 'doc' }), refused(409, 54301));
  await assert.rejects(service.documents.create({ uniqueName: document.sid }), refused(400, 54302));
  await assert.rejects(service.documents.create({ data: [1] }), refused(400, 54101));
  const large = { text: 'x'.repeat(17 * 1024) };
  await assert.rejects(service.documents.create({ data: large }), refused(413, 54006));
  await assert.rejects(service.documents.create({ ttl: -1 }), refused(400, 54011));
  await assert.rejects(service.documents.create({ ttl: 31536001 }), refused(400, 54011));
  assert.equal((await service.documents.create({})).uniqueName, null);

  assert.equal((await service.documents.list()).length, 2);
  assert.equal(await service.documents('doc').remove(), true);
  await assert.rejects(service.documents('doc').fetch(), refused(404, 54100));
  assert.equal((await service.documents.create({ uniqueName: 'doc' })).uniqueName, 'doc');
});

test('items of a map have keys of any kind', async () => {
  await service.syncMaps.create({ uniqueName: 'people' });
  const items = service.syncMaps('people').syncMapItems;
  const strange = 'a/b?c=d&é %25.';
  for (const key of ['carl', 'ann', strange, 'bob'])
    await items.create({ key, data: { name: key } });
  await assert.rejects(items.create({ key: 'ann', data: {} }), refused(409, 54208));
  await assert.rejects(items.create({ key: 'x'.repeat(321), data: {} }), refused(400, 54209));
  await assert.rejects(items.create({ key: 'y', data: 'no' }), refused(400, 54206));

  const [found] = await items.list({ limit: 1 });
  assert.deepEqual(found.data, { name: strange });
  const byUrl = await fetch(found.url, {
    headers: {
      Authorization: `Basic ${Buffer.from(`${server.accountSid}:${server.authToken}`).toString('base64')}`,
    },
  });
  assert.equal((await byUrl.json()).key, strange);

  assert.deepEqual(keys(await items.list()), [strange, 'ann', 'bob', 'carl']);
  assert.deepEqual(keys(await items.list({ order: 'desc', pageSize: 1 })), [
    'carl',
    'bob',
    'ann',
    strange,
  ]);
  assert.deepEqual(keys(await items.list({ from: 'ann' })), ['ann', 'bob', 'carl']);
  assert.deepEqual(keys(await items.list({ from: 'ann', bounds: 'exclusive', pageSize: 1 })), [
    'bob',
    'carl',
  ]);
  assert.deepEqual(keys(await items.list({ from: 'bob', order: 'desc' })), ['bob', 'ann', strange]);

  const changed = await items('ann').update({ data: { name: 'Ann' } });
  assert.notEqual(changed.revision, (await items('bob').fetch()).revision);
  await assert.rejects(items('ann').update({ data: {}, ifMatch: 'beef' }), refused(412, 54205));
  await assert.rejects(items('ann').remove({ ifMatch: 'beef' }), refused(412, 54205));
  assert.equal(await items('ann').remove({ ifMatch: changed.revision }), true);
  await assert.rejects(items('ann').fetch(), refused(404, 54201));
  assert.deepEqual(keys(await items.list()), [strange, 'bob', 'carl']);
  await assert.rejects(items('ann').update({ data: {} }), refused(404, 54201));
  assert.equal((await items.create({ key: 'ann', data: { again: true } })).key, 'ann');
  assert.equal((await items.list()).length, 4);
});

test('indexes of a list are never used again', async () => {
  const list = await service.syncLists.create({ uniqueName: 'log' });
  const items = service.syncLists(list.sid).syncListItems;
  for (let n = 0; n < 12; n++) await items.create({ data: { n } });
  assert.deepEqual(indexes(await items.list()), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.equal(await items(11).remove(), true);
  assert.equal((await items.create({ data: {} })).index, 12);
  assert.deepEqual(
    indexes(await items.list({ from: 9, order: 'desc', limit: 3, pageSize: 2 })),
    [9, 8, 7],
  );
  assert.deepEqual((await items(3).update({ data: { n: 'three' } })).data, { n: 'three' });
  await assert.rejects(items(11).fetch(), refused(404, 54151));
  await assert.rejects(items(3).update({ data: {}, ifMatch: '0' }), refused(412, 54155));
  await assert.rejects(items.create({ data: 7 }), refused(400, 54156));
  await assert.rejects(items.list({ from: 'x' }), refused(400, 54452));
});

test('a stream passes messages on and keeps none', async () => {
  const stream = await service.syncStreams.create({ uniqueName: 'news' });
  const { streamMessages } = service.syncStreams('news');
  const message = await streamMessages.create({ data: { hello: 'world' } });
  assert.match(message.sid, /^TZ[0-9a-f]{32}$/);
  assert.deepEqual(message.data, { hello: 'world' });
  await assert.rejects(
    streamMessages.create({ data: { text: 'x'.repeat(4096) } }),
    refused(413, 54006),
  );
  assert.equal(await service.syncStreams(stream.sid).remove(), true);
  await assert.rejects(streamMessages.create({ data: {} }), refused(404, 54250));
});

test('what has outlived its time is gone', async () => {
  const map = await service.syncMaps.create({ uniqueName: 'brief', ttl: 100 });
  assert.ok(map.dateExpires > map.dateCreated);
  const items = service.syncMaps('brief').syncMapItems;
  for (let n = 0; n < 450; n++)
    await items.create({ key: `k${n}`, data: {}, ...(n % 2 ? { ttl: 20 } : {}) });
  await items('k0').update({ itemTtl: 10 });
  await server.turnClock(11_000);
  await assert.rejects(items('k0').fetch(), refused(404, 54201));
  assert.equal((await items('k1').fetch()).key, 'k1');
  await server.turnClock(10_000);
  assert.equal((await items.list({ pageSize: 500 })).length, 224);
  await items('k2').update({ collectionTtl: 0 });
  await server.turnClock(100_000);
  assert.equal((await service.syncMaps('brief').fetch()).dateExpires, null);
  await service.syncMaps('brief').update({ ttl: 5 });
  await server.turnClock(5_000);
  await assert.rejects(service.syncMaps('brief').fetch(), refused(404, 54200));
  await service.documents.create({ uniqueName: 'note', ttl: 3 });
  await server.turnClock(3_000);
  await assert.rejects(service.documents('note').fetch(), refused(404, 54100));
});

test('permissions are kept for each identity', async () => {
  await service.documents.create({ uniqueName: 'secret' });
  const { documentPermissions } = service.documents('secret');
  const given = await documentPermissions('ann@example.com').update({
    read: true,
    write: false,
    manage: false,
  });
  assert.deepEqual([given.read, given.write, given.manage], [true, false, false]);
  assert.equal((await documentPermissions('ann@example.com').fetch()).read, true);
  await documentPermissions('bob').update({ read: true, write: true, manage: true });
  assert.deepEqual(
    (await documentPermissions.list()).map((p) => p.identity),
    ['ann@example.com', 'bob'],
  );
  assert.equal(await documentPermissions('bob').remove(), true);
  await assert.rejects(documentPermissions('bob').fetch(), refused(404, 20404));
  await service.syncLists.create({ uniqueName: 'secrets' });
  const forList = service.syncLists('secrets').syncListPermissions;
  await forList('bob').update({ read: true, write: true, manage: true });
  assert.equal((await forList('bob').fetch()).write, true);
  await service.syncMaps.create({ uniqueName: 'secrets' });
  const forMap = service.syncMaps('secrets').syncMapPermissions;
  await forMap('bob').update({ read: false, write: true, manage: false });
  assert.equal((await forMap.list())[0].mapSid, (await service.syncMaps('secrets').fetch()).sid);
});

test('a service tells what REST has changed, if it wants that', async () => {
  const hooks = await startWebhooks({ authToken: server.authToken });
  const made = await server.client.sync.v1.services.create({
    webhookUrl: hooks.url('/sync'),
    webhooksFromRestEnabled: true,
  });
  const told = server.client.sync.v1.services(made.sid);
  const next = async (type) => (await hooks.next(({ params }) => params.EventType === type)).params;

  const document = await told.documents.create({ uniqueName: 'd', data: { a: 1 } });
  const created = await next('document_created');
  assert.equal(created.DocumentSid, document.sid);
  assert.equal(created.DocumentUniqueName, 'd');
  assert.equal(created.DocumentData, '{"a":1}');
  assert.equal(created.ServiceSid, made.sid);
  const changed = await told.documents('d').update({ data: { a: 2 } });
  assert.equal((await next('document_updated')).DocumentRevision, changed.revision);
  await told.documents('d').remove();
  await next('document_removed');

  const map = await told.syncMaps.create({});
  assert.equal((await next('map_created')).MapSid, map.sid);
  const items = told.syncMaps(map.sid).syncMapItems;
  const item = await items.create({ key: 'k', data: { b: 1 } });
  const added = await next('map_item_added');
  assert.deepEqual(
    [added.MapSid, added.ItemKey, added.ItemData, added.ItemRevision],
    [map.sid, 'k', '{"b":1}', item.revision],
  );
  await items('k').update({ data: {} });
  await next('map_item_updated');
  await items('k').remove();
  await next('map_item_removed');
  await told.syncMaps(map.sid).remove();
  await next('map_removed');

  const list = await told.syncLists.create({});
  await told.syncLists(list.sid).syncListItems.create({ data: { c: 1 } });
  assert.equal((await next('list_item_added')).ItemIndex, '0');
  const stream = await told.syncStreams.create({});
  const message = await told.syncStreams(stream.sid).streamMessages.create({ data: { d: 1 } });
  const published = await next('stream_message_published');
  assert.deepEqual(
    [published.StreamMessageSid, published.StreamMessageData],
    [message.sid, '{"d":1}'],
  );

  await server.client.sync.v1.services(made.sid).update({ webhooksFromRestEnabled: false });
  await told.documents.create({ uniqueName: 'quiet' });
  await server.client.sync.v1.services(made.sid).update({ webhooksFromRestEnabled: true });
  await told.documents.create({ uniqueName: 'loud' });
  assert.equal((await next('document_created')).DocumentUniqueName, 'loud');
  await hooks.stop();
});

test('tombstones are forgotten after a day', async () => {
  await service.syncMaps.create({ uniqueName: 'graves' });
  const items = service.syncMaps('graves').syncMapItems;
  for (let n = 0; n < 250; n++) {
    await items.create({ key: `k${n}`, data: {} });
    await items(`k${n}`).remove();
  }
  await items.create({ key: 'alive', data: {} });
  await server.turnClock(25 * 3_600_000);
  assert.deepEqual(keys(await items.list()), ['alive']);
  assert.equal((await items.create({ key: 'k1', data: {} })).key, 'k1');
});
