// What supervisors and agents look at: live and instant queries, by the official client of Sync.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import twilio from 'twilio';
import { makeCentre } from './support/centre.mjs';
import { heard } from './support/chat.mjs';
import { InsightsGrant, startScreens } from './support/insights.mjs';
import { startServer } from './support/server.mjs';

let server;
let screens;
before(async () => {
  server = await startServer();
  screens = await startScreens(server);
});
after(() => server?.stop());
afterEach(() => screens.close());

const names = (items) =>
  Object.values(items)
    .map((item) => item.friendly_name ?? item.queue_name)
    .sort();
const refused = (status, code) => (error) => {
  assert.equal(error.status, status, error.message);
  assert.equal(error.code, code, error.message);
  return true;
};
test('a view of workers opens once and then hears differences', async () => {
  const centre = await makeCentre(server);
  const ann = await centre.agent('Ann', ['billing'], { full_name: 'Ann Smith' });
  const bob = await centre.agent('Bob', ['support'], {
    activity: 'Offline',
    full_name: 'Bob Smith',
  });
  const query = await screens
    .open(centre)
    .liveQuery('tr-worker', 'data.activity_name == "Available"');

  assert.deepEqual(names(query.getItems()), ['Ann']);
  const item = query.getItems()[ann];
  assert.equal(item.worker_sid, ann);
  assert.equal(item.attributes.full_name, 'Ann Smith');
  assert.deepEqual(item.queue_sids.sort(), [centre.queues.everyone, centre.queues.billing].sort());

  const came = heard(query, 'itemUpdated', ({ key: sid }) => sid === bob);
  await centre.workspace.workers(bob).update({ activitySid: centre.activities.Available });
  assert.equal((await came).value.activity_name, 'Available');

  const changed = heard(query, 'itemUpdated', ({ key: sid }) => sid === bob);
  await centre.workspace
    .workers(bob)
    .update({ attributes: '{"full_name":"Bob Jones","skills":[]}' });
  assert.deepEqual((await changed).value.queue_sids, [centre.queues.everyone]);

  const left = heard(query, 'itemRemoved');
  await centre.workspace.workers(ann).update({ activitySid: centre.activities.Offline });
  assert.equal((await left).key, ann);
  assert.deepEqual(names(query.getItems()), ['Bob']);
});

test('a change of a queue changes who is in it', async () => {
  const centre = await makeCentre(server);
  const ann = await centre.agent('Ann', ['billing']);
  await centre.agent('Bob', ['support']);
  const { billing } = centre.queues;
  const query = await screens
    .open(centre)
    .liveQuery(
      'tr-worker',
      `data.queue_sids IN ["${billing}", "WQ00000000000000000000000000000000"]`,
    );

  assert.deepEqual(names(query.getItems()), ['Ann']);
  const came = heard(query, 'itemUpdated', ({ value }) => value.friendly_name === 'Bob');
  const left = heard(query, 'itemRemoved');
  await centre.workspace.taskQueues(billing).update({ targetWorkers: 'skills HAS "support"' });
  await came;
  assert.equal((await left).key, ann);
});

test('the search box asks again and again, and keeps nothing', async () => {
  const centre = await makeCentre(server);
  for (const name of ['Ann', 'Anton', 'Bob'])
    await centre.agent(name, ['billing'], { full_name: `${name} Smith` });
  const search = await screens.open(centre).instantQuery('tr-worker');
  const ask = async (text) => {
    const found = heard(search, 'searchResult');
    await search.search(text);
    return names(await found);
  };

  assert.deepEqual(await ask('(data.attributes.full_name CONTAINS "An")'), ['Ann', 'Anton']);
  assert.deepEqual(await ask('(data.attributes.full_name CONTAINS "Ann")'), ['Ann']);
  assert.deepEqual(await ask(''), ['Ann', 'Anton', 'Bob']);
  assert.deepEqual(
    await ask('data.friendly_name NOT_IN ["Ann"] && data.attributes.skills EQ "billing"'),
    ['Anton', 'Bob'],
  );
  /* and as a queue would say it */
  assert.deepEqual(await ask("skills HAS 'billing' AND friendly_name != 'Bob'"), ['Ann', 'Anton']);
  search.updateIndexName('tr-queue');
  assert.deepEqual(await ask('data.queue_name != "support"'), ['Everyone', 'billing']);

  await assert.rejects(search.search('data.name LIKE "x"'), refused(400, 54507));
  await assert.rejects(
    search.search(Array(16).fill('data.x == "1"').join(' OR ')),
    refused(400, 54509),
  );
  await assert.rejects(
    search.search(`data.x IN [${Array(30).fill('"1"').join(',')}]`),
    refused(400, 54510),
  );
  search.updateIndexName('tr-nothing');
  await assert.rejects(search.search(''), refused(400, 54502));
  await assert.rejects(screens.open(centre).liveQuery('tr-worker', ' '), refused(400, 54507));
});

test('a task is followed from the offer to its end', async () => {
  const centre = await makeCentre(server);
  const ann = await centre.agent('Ann', ['billing']);
  const query = await screens
    .open(centre)
    .liveQuery('tr-reservation', `data.worker_sid == "${ann}"`);
  const next = (status) => heard(query, 'itemUpdated', ({ value }) => value.status === status);

  assert.deepEqual(query.getItems(), {});
  const offered = next('pending');
  const task = await centre.task({ skill: 'billing', who: 'Zoe' }, { priority: 7 });
  const { value, key: reservation } = await offered;
  assert.equal(value.task_sid, task.sid);
  assert.equal(value.queue_name, 'billing');
  assert.equal(value.task_priority, 7);
  assert.equal(value.attributes.who, 'Zoe');
  for (const [to, shown] of [
    ['accepted', 'accepted'],
    ['wrapping', 'wrapup'],
  ]) {
    const seen = next(shown);
    await centre.move(task.sid, reservation, to);
    assert.equal((await seen).key, reservation);
  }
  const over = heard(query, 'itemRemoved');
  await centre.move(task.sid, reservation, 'completed');
  assert.equal((await over).key, reservation);
});

test('an agent sees colleagues, but only tasks of their own', async () => {
  const centre = await makeCentre(server);
  const ann = await centre.agent('Ann', ['billing']);
  const bob = await centre.agent('Bob', ['support']);
  await centre.task({ skill: 'billing' });
  await centre.task({ skill: 'support' });
  const agent = screens.open(centre, 'Ann', { role: 'worker', workerSid: ann });
  const everyTask = 'data.task_sid != ""';

  assert.deepEqual(
    names((await agent.liveQuery('tr-worker', 'data.worker_sid != ""')).getItems()),
    ['Ann', 'Bob'],
  );
  const own = Object.values((await agent.liveQuery('tr-reservation', everyTask)).getItems());
  assert.deepEqual(
    own.map((item) => item.worker_sid),
    [ann],
  );
  const all = Object.values(
    (await screens.open(centre).liveQuery('tr-reservation', everyTask)).getItems(),
  );
  assert.deepEqual(all.map((item) => item.worker_sid).sort(), [ann, bob].sort());
});

test('who has no grant for the workspace sees nothing of it', async () => {
  const centre = await makeCentre(server);
  const subaccount = await server.client.api.v2010.accounts.create({ friendlyName: 'Other' });
  const theirs = await server.client.taskrouter.v1.workspaces.create({ friendlyName: 'Second' });
  const elsewhere = screens.open(centre, 'eve', {
    grants: [new InsightsGrant(`${theirs.sid.slice(0, -1)}0`)],
  });
  const query = (client) => client.liveQuery('tr-worker', 'data.worker_sid != ""');

  assert.ok(subaccount.sid);
  await centre.agent('Ann');
  await assert.rejects(query(elsewhere), refused(403, 20403));
  const sync = screens.open(centre, 'eve', {
    grants: [new twilio.jwt.AccessToken.SyncGrant({ serviceSid: 'default' })],
  });
  await assert.rejects(query(sync), refused(403, 20403));
  const other = screens.open(centre, 'eve', { grants: [new InsightsGrant(theirs.sid)] });
  assert.deepEqual((await query(other)).getItems(), {});
  /* a SID of another workspace is a text like any other */
  const ann = (await centre.workspace.workers.list())[0].sid;
  assert.deepEqual(
    (await other.liveQuery('tr-worker', `data.worker_sid == "${ann}"`)).getItems(),
    {},
  );
});

test('a query outlives the connection, and the server', async () => {
  const centre = await makeCentre(server);
  const ann = await centre.agent('Ann');
  const bob = await centre.agent('Bob');
  const client = screens.open(centre);
  const query = await client.liveQuery('tr-worker', 'data.activity_name == "Available"');
  const seen = heard(query, 'itemUpdated'); // so it is subscribed
  await centre.workspace.workers(bob).update({ attributes: '{"full_name":"Bob"}' });
  await seen;

  const [gone, came] = [
    heard(query, 'itemRemoved', undefined, 30_000),
    heard(query, 'itemUpdated', ({ key: k }) => k !== ann && k !== bob, 30_000),
  ];
  await server.restart();
  await centre.workspace.workers(ann).update({ activitySid: centre.activities.Offline });
  const cy = await centre.agent('Cy');
  assert.equal((await gone).key, ann);
  assert.equal((await came).key, cy);
  assert.deepEqual(names(query.getItems()), ['Bob', 'Cy']);
});
