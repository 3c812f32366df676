// The main job: a request reaches the right agent. Told with the official client.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

const refused = (status, code, words) => (error) => {
  assert.equal(error.status, status, error.message);
  assert.equal(error.code, code, error.message);
  if (words) assert.match(error.message, words);
  return true;
};

test('a request goes to the agent who has the skill, who accepts, wraps up and completes', async () => {
  const centre = await makeCentre(server);
  await centre.agent('Alice', ['billing']);
  await centre.agent('Bob', ['support']);
  const task = await centre.task({ skill: 'support', name: 'Ms Doe' });
  assert.equal(task.assignmentStatus, 'reserved');
  assert.equal(task.taskQueueFriendlyName, 'support');
  const [offer] = await centre.offers(task.sid);
  assert.deepEqual([offer.status, offer.worker], ['pending', 'Bob']);
  await centre.move(task.sid, offer.sid, 'accepted');
  assert.equal(await centre.status(task.sid), 'assigned');
  await centre.workspace.tasks(task.sid).update({ assignmentStatus: 'wrapping', reason: 'talked' });
  assert.equal((await centre.offers(task.sid))[0].status, 'wrapping');
  await centre.workspace
    .tasks(task.sid)
    .update({ assignmentStatus: 'completed', reason: 'solved' });
  const done = await centre.workspace.tasks(task.sid).fetch();
  assert.deepEqual([done.assignmentStatus, done.reason], ['completed', 'solved']);
  assert.equal((await centre.offers(task.sid))[0].status, 'completed');
  await server.turnClock(299_000);
  await centre.workspace.tasks(task.sid).fetch();
  await server.turnClock(2_000);
  await assert.rejects(
    centre.workspace.tasks(task.sid).fetch(),
    refused(404, 20404, /was not found/),
  );
});

test('nobody accepts: the request moves on, and the agent who did not is Offline', async () => {
  const centre = await makeCentre(server, { reservationTimeout: 30 });
  const alice = await centre.agent('Alice', ['billing']);
  const task = await centre.task({ skill: 'billing' });
  await centre.agent('Amy', ['billing']);
  await server.turnClock(29_000);
  assert.deepEqual(
    (await centre.offers(task.sid)).map((o) => [o.worker, o.status]),
    [['Alice', 'pending']],
  );
  await server.turnClock(1_000);
  assert.deepEqual(
    (await centre.offers(task.sid)).map((o) => [o.worker, o.status]),
    [
      ['Alice', 'timeout'],
      ['Amy', 'pending'],
    ],
  );
  const worker = await centre.workspace.workers(alice).fetch();
  assert.deepEqual([worker.activityName, worker.available], ['Offline', false]);
});

test('a request waits until somebody who can take it becomes available', async () => {
  const centre = await makeCentre(server);
  const alice = await centre.agent('Alice', ['billing'], { activity: 'Offline' });
  await centre.agent('Bob', ['support']);
  const task = await centre.task({ skill: 'billing' });
  assert.equal(task.assignmentStatus, 'pending');
  await centre.workspace.workers(alice).update({ activitySid: centre.activities.Available });
  assert.deepEqual(
    (await centre.offers(task.sid)).map((o) => o.worker),
    ['Alice'],
  );
});

test('rejected: the worker may change activity with it, and the next one is asked', async () => {
  const centre = await makeCentre(server);
  const alice = await centre.agent('Alice', ['billing']);
  const task = await centre.task({ skill: 'billing' });
  await centre.agent('Amy', ['billing']);
  const [offer] = await centre.offers(task.sid);
  await centre.move(task.sid, offer.sid, 'rejected', {
    workerActivitySid: centre.activities.Unavailable,
  });
  assert.deepEqual(
    (await centre.offers(task.sid)).map((o) => [o.worker, o.status]),
    [
      ['Alice', 'rejected'],
      ['Amy', 'pending'],
    ],
  );
  assert.equal((await centre.workspace.workers(alice).fetch()).activityName, 'Unavailable');
});

test('capacity: one chat at a time until the channel says two; voice is another channel', async () => {
  const centre = await makeCentre(server);
  const alice = await centre.agent('Alice', ['billing']);
  const first = await centre.task({ skill: 'billing' }, { taskChannel: 'chat' });
  const second = await centre.task({ skill: 'billing' }, { taskChannel: 'chat' });
  const call = await centre.task({ skill: 'billing' }, { taskChannel: 'voice' });
  assert.deepEqual(
    [first.assignmentStatus, second.assignmentStatus, call.assignmentStatus],
    ['reserved', 'pending', 'reserved'],
  );
  const channel = await centre.workspace
    .workers(alice)
    .workerChannels('chat')
    .update({ capacity: 2 });
  assert.equal(channel.configuredCapacity, 2);
  assert.equal(await centre.status(second.sid), 'reserved');
  const full = await centre.workspace.workers(alice).workerChannels('chat').fetch();
  assert.equal(full.availableCapacityPercentage, 0);
  assert.equal(full.assignedTasks, 0);
});

test('priority first, then age; the agent who is idle longest', async () => {
  const centre = await makeCentre(server);
  const ordinary = await centre.task({ skill: 'billing' });
  const urgent = await centre.task({ skill: 'billing' }, { priority: 10 });
  await centre.agent('Alice', ['billing']);
  assert.deepEqual(
    [await centre.status(urgent.sid), await centre.status(ordinary.sid)],
    ['reserved', 'pending'],
  );
  await server.turnClock(1000);
  await centre.agent('Amy', ['billing']);
  assert.deepEqual(
    (await centre.offers(ordinary.sid)).map((o) => o.worker),
    ['Amy'],
  );
});

test('targets: a deadline each, counted from the start of the task; the last one ends in cancellation', async () => {
  const centre = await makeCentre(server, {
    filters: (queues) => [
      {
        expression: '1==1',
        targets: [
          { queue: queues.billing, timeout: 10 },
          { queue: queues.support, timeout: '10', priority: '7' },
        ],
      },
    ],
  });
  const task = await centre.task();
  assert.equal(task.taskQueueFriendlyName, 'billing');
  await server.turnClock(10_000);
  const moved = await centre.workspace.tasks(task.sid).fetch();
  assert.deepEqual([moved.taskQueueFriendlyName, moved.priority], ['support', 7]);
  await server.turnClock(10_000);
  const ended = await centre.workspace.tasks(task.sid).fetch();
  assert.deepEqual(
    [ended.assignmentStatus, ended.reason],
    ['canceled', 'Task canceled on Workflow timeout'],
  );
});

test('order_by and a target expression choose among those whom the queue allows', async () => {
  const centre = await makeCentre(server, {
    filters: (queues) => [
      {
        expression: '1==1',
        targets: [
          {
            queue: queues.everyone,
            expression: 'worker.city == task.city',
            order_by: 'worker.level DESC',
          },
        ],
      },
    ],
  });
  await centre.agent('Low', [], { city: 'Berlin', level: 1 });
  await centre.agent('High', [], { city: 'Berlin', level: 9 });
  await centre.agent('Elsewhere', [], { city: 'Paris', level: 99 });
  const task = await centre.task({ city: 'Berlin' });
  assert.deepEqual(
    (await centre.offers(task.sid)).map((o) => o.worker),
    ['High'],
  );
});

test('several are asked at once; the first to accept has it', async () => {
  const centre = await makeCentre(server, { skills: [] });
  await centre.workspace.taskQueues(centre.queues.everyone).update({ maxReservedWorkers: 2 });
  for (const name of ['Alice', 'Bob', 'Carol']) await centre.agent(name);
  const task = await centre.task();
  const offers = await centre.offers(task.sid);
  assert.equal(offers.length, 2);
  await centre.move(task.sid, offers[1].sid, 'accepted');
  assert.deepEqual(
    (await centre.offers(task.sid)).map((o) => o.status),
    ['rescinded', 'accepted'],
  );
  await assert.rejects(
    centre.move(task.sid, offers[0].sid, 'accepted'),
    (error) => error.status === 410,
  );
});

test('what cannot be done is refused and changes nothing', async () => {
  const centre = await makeCentre(server);
  const waiting = await centre.task({ skill: 'billing' });
  await assert.rejects(
    centre.workspace.tasks(waiting.sid).update({ assignmentStatus: 'completed', reason: 'no' }),
    refused(
      400,
      20001,
      /^Cannot complete task WT\w+ in workspace WS\w+ for account AC\w+ because it is not currently assigned\.$/,
    ),
  );
  assert.equal(await centre.status(waiting.sid), 'pending');
  await centre.agent('Alice', ['billing']);
  await assert.rejects(
    centre.agent('ALICE'),
    refused(400, 20001, /Worker with the same friendly name already exists/),
  );
  const [offer] = await centre.offers(waiting.sid);
  await centre.move(waiting.sid, offer.sid, 'accepted');
  await assert.rejects(
    centre.workspace.tasks(waiting.sid).update({ assignmentStatus: 'canceled', reason: 'no' }),
    refused(400, 20001, /because it is not pending or reserved\.$/),
  );
  await assert.rejects(
    centre.workspace.workflows.create({
      friendlyName: 'broken',
      configuration: JSON.stringify({
        task_routing: {
          filters: [{ expression: 'skill-level > 3', targets: [{ queue: centre.queues.billing }] }],
        },
      }),
    }),
    refused(400, 20001, /extraneous input 'evel' expecting OPERATOR/),
  );
  await assert.rejects(
    centre.workspace.taskQueues(centre.queues.billing).remove(),
    refused(400, 20001),
  );
  await assert.rejects(
    centre.workspace.activities(centre.activities.Offline).remove(),
    refused(400, 20001),
  );
});

test('a task that was changed meanwhile is not overwritten: If-Match', async () => {
  const centre = await makeCentre(server);
  const task = await centre.task({ n: 1 });
  const where = `/taskrouter/v1/Workspaces/${centre.sid}/Tasks/${task.sid}`;
  const seen = (await server.fetch(where)).headers.get('etag');
  const first = await server.fetch(where, {
    form: { Attributes: '{"n":2}' },
    headers: { 'If-Match': seen },
  });
  assert.equal(first.status, 200);
  assert.notEqual(first.headers.get('etag'), seen);
  const second = await server.fetch(where, {
    form: { Attributes: '{"n":3}' },
    headers: { 'If-Match': seen },
  });
  assert.equal(second.status, 412);
  assert.equal(JSON.parse((await (await server.fetch(where)).json()).attributes).n, 2);
});

test('a routing target reaches its worker even when he is Offline', async () => {
  const centre = await makeCentre(server);
  const alice = await centre.agent('Alice', [], { activity: 'Offline' });
  const task = await centre.task(
    {},
    { routingTarget: alice, taskQueueSid: centre.queues.everyone },
  );
  assert.deepEqual(
    (await centre.offers(task.sid)).map((o) => o.worker),
    ['Alice'],
  );
});

test('pages stay right while tasks are added', async () => {
  const centre = await makeCentre(server);
  for (let n = 0; n < 5; n++) await centre.task({ n });
  const first = await centre.workspace.tasks.page({ pageSize: 2 });
  await centre.task({ n: 5 });
  const second = await first.nextPage();
  const third = await second.nextPage();
  const numbers = [first, second, third].flatMap((p) =>
    p.instances.map((t) => JSON.parse(t.attributes).n),
  );
  assert.deepEqual(numbers, [0, 1, 2, 3, 4, 5]);
  assert.equal(third.nextPageUrl, undefined);
  const back = await third.previousPage();
  assert.deepEqual(
    back.instances.map((t) => JSON.parse(t.attributes).n),
    [2, 3],
  );
  const page = await server.fetch(
    `/taskrouter/v1/Workspaces/${centre.sid}/Tasks?Page=1&PageSize=2`,
  );
  assert.equal((await page.json()).code, 40153);
});

test('lists are filtered and ordered', async () => {
  const centre = await makeCentre(server);
  await centre.agent('Alice', ['billing'], { level: 1 });
  await centre.agent('Bob', ['support'], { level: 5, activity: 'Offline' });
  const names = async (filter) =>
    (await centre.workspace.workers.list(filter)).map((w) => w.friendlyName);
  assert.deepEqual(await names({ available: 'true' }), ['Alice']);
  assert.deepEqual(await names({ activityName: 'Offline' }), ['Bob']);
  assert.deepEqual(await names({ targetWorkersExpression: 'level > 3' }), ['Bob']);
  assert.deepEqual(await names({ taskQueueName: 'billing' }), ['Alice']);
  assert.deepEqual(await names({ friendlyName: 'alice' }), ['Alice']);
  const low = await centre.task({ skill: 'support' }, { priority: 1 });
  const high = await centre.task({ skill: 'support' }, { priority: 9 });
  const ordered = await centre.workspace.tasks.list({
    ordering: 'Priority:desc',
    assignmentStatus: ['pending'],
  });
  assert.deepEqual(
    ordered.map((t) => t.sid),
    [high.sid, low.sid],
  );
  const found = await centre.workspace.tasks.list({ evaluateTaskAttributes: 'skill == "none"' });
  assert.deepEqual(found, []);
});

test('the log tells what happened, newest first, and can be searched', async () => {
  const centre = await makeCentre(server);
  await centre.agent('Alice', ['billing']);
  const task = await centre.task({ skill: 'billing' });
  await centre.task({ skill: 'support' });
  const events = await centre.workspace.events.list({ taskSid: task.sid });
  assert.deepEqual(
    events.map((event) => event.eventType),
    [
      'reservation.created',
      'workflow.target-matched',
      'task.created',
      'task-queue.entered',
      'workflow.entered',
    ],
  );
  const [offered] = events;
  assert.equal(offered.eventData.worker_name, 'Alice');
  assert.equal(offered.resourceType, 'reservation');
  const one = await centre.workspace.events(offered.sid).fetch();
  assert.equal(one.description, offered.description);
  const created = await centre.workspace.events.list({ eventType: 'worker.created' });
  assert.equal(created.length, 1);
  assert.equal((await centre.workspace.events.list({ pageSize: 2 })).length > 5, true);
  await server.turnClock(16 * 60_000);
  assert.deepEqual(
    await centre.workspace.events.list({ taskSid: task.sid, eventType: 'task.created' }),
    [],
  );
  assert.equal(
    (
      await centre.workspace.events.list({
        taskSid: task.sid,
        minutes: 60,
        eventType: 'task.created',
      })
    ).length,
    1,
  );
  await assert.rejects(
    centre.workspace.events.list({ startDate: new Date('2020-01-01') }),
    refused(400, 20001, /older than 30 days/),
  );
});

test('where MultiTaskEnabled is false, the work moves the agent, and he has one task at a time', async () => {
  const { v1 } = server.client.taskrouter;
  const { sid, multiTaskEnabled } = await v1.workspaces.create({
    friendlyName: 'One at a time',
    multiTaskEnabled: false,
    template: 'FIFO',
  });
  assert.equal(multiTaskEnabled, false);
  const workspace = v1.workspaces(sid);
  const activities = Object.fromEntries(
    (await workspace.activities.list()).map((a) => [a.friendlyName, a]),
  );
  assert.deepEqual(Object.keys(activities).sort(), ['Busy', 'Idle', 'Offline', 'Reserved']);
  assert.equal(activities.Idle.available, true);
  const [queue] = await workspace.taskQueues.list();
  assert.deepEqual(
    [queue.reservationActivityName, queue.assignmentActivityName],
    ['Reserved', 'Busy'],
  );
  const alice = await workspace.workers.create({
    friendlyName: 'Alice',
    activitySid: activities.Idle.sid,
  });
  const first = await workspace.tasks.create();
  const second = await workspace.tasks.create({ taskChannel: 'chat' });
  const where = async () => (await workspace.workers(alice.sid).fetch()).activityName;
  assert.deepEqual(
    [first.assignmentStatus, second.assignmentStatus, await where()],
    ['reserved', 'pending', 'Reserved'],
  );
  const [offer] = await workspace.tasks(first.sid).reservations.list();
  await workspace
    .tasks(first.sid)
    .reservations(offer.sid)
    .update({ reservationStatus: 'accepted' });
  assert.equal(await where(), 'Busy');
  await assert.rejects(
    workspace.tasks(first.sid).update({ assignmentStatus: 'wrapping' }),
    refused(400, 20001, /MultiTaskEnabled/),
  );
  await workspace.tasks(first.sid).update({ assignmentStatus: 'completed' });
  assert.equal(await where(), 'Busy');
  await workspace.workers(alice.sid).update({ activitySid: activities.Idle.sid });
  assert.equal((await workspace.tasks(second.sid).fetch()).assignmentStatus, 'reserved');
  await workspace.update({ multiTaskEnabled: true });
  await assert.rejects(
    workspace.update({ multiTaskEnabled: false }),
    refused(400, 20001, /MultiTaskEnabled/),
  );
});
