// Every event that a workspace tells, provoked once, and the facts that the documentation promises for it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

const words = (text) => text.trim().split(/\s+/);

const base =
  words(`EventType AccountSid WorkspaceSid WorkspaceName EventDescription ResourceType ResourceSid Timestamp
  TimestampMs Sid`);
const task =
  words(`TaskSid TaskAttributes TaskAge TaskPriority TaskAssignmentStatus TaskDateCreated TaskVirtualStartTime
  TaskIgnoreCapacity TaskVersion TaskChannelSid TaskChannelUniqueName WorkflowSid WorkflowName`);
const queue = words('TaskQueueSid TaskQueueName TaskQueueTargetExpression');
const inQueue = [...task, ...queue, 'TaskQueueEnteredDate'];
const worker = words(
  `WorkerSid WorkerName WorkerAttributes WorkerActivitySid WorkerActivityName WorkerVersion`,
);
const reservation = [
  ...inQueue,
  ...worker,
  ...words('ReservationSid ReservationVersion WorkerChannelCapacity WorkerChannelConsumedCapacity'),
];
const activity = words('ActivitySid ActivityName ActivityAvailable');
const channel = words(
  'TaskChannelSid TaskChannelName TaskChannelUniqueName TaskChannelOptimizedRouting',
);
const workerChannel = [
  ...worker,
  ...words(`WorkerChannelAvailable WorkerChannelAvailableCapacity WorkerChannelPreviousCapacity TaskChannelSid
    TaskChannelUniqueName WorkerChannelTaskCount`),
];
const workflow = words('WorkflowSid WorkflowName');

/** What each type carries beside the base, and what its ResourceType is. */
const documented = {
  'activity.created': ['activity', activity],
  'activity.updated': ['activity', activity],
  'activity.deleted': ['activity', activity],
  'reservation.created': ['reservation', reservation],
  'reservation.accepted': ['reservation', reservation],
  'reservation.rejected': ['reservation', reservation],
  'reservation.timeout': ['reservation', reservation],
  'reservation.canceled': ['reservation', reservation],
  'reservation.rescinded': ['reservation', reservation],
  'reservation.completed': ['reservation', reservation],
  'reservation.wrapup': ['reservation', reservation],
  'reservation.failed': ['task', [...inQueue, 'ReservationSid']],
  'task.created': ['task', task],
  'task.updated': ['task', inQueue],
  'task.canceled': ['task', [...inQueue, 'TaskCanceledReason', 'Reason']],
  'task.wrapup': ['task', inQueue],
  'task.completed': ['task', [...inQueue, 'TaskCompletedReason', 'Reason']],
  'task.deleted': ['task', inQueue],
  'task.system-deleted': ['task', inQueue],
  'task-channel.created': ['taskchannel', channel],
  'task-channel.updated': ['taskchannel', channel],
  'task-channel.deleted': ['taskchannel', channel],
  'task-queue.created': ['taskqueue', queue],
  'task-queue.deleted': ['taskqueue', queue],
  'task-queue.expression.updated': ['taskqueue', queue],
  'task-queue.entered': ['task', inQueue],
  'task-queue.timeout': ['task', inQueue],
  'task-queue.moved': ['task', inQueue],
  'worker.created': ['worker', worker],
  'worker.deleted': ['worker', worker],
  'worker.attributes.update': ['worker', worker],
  'worker.activity.update': [
    'worker',
    [
      ...worker,
      ...words(`WorkerTimeInPreviousActivity WorkerTimeInPreviousActivityMs WorkerPreviousActivitySid
        WorkerPreviousActivityName`),
    ],
  ],
  'worker.capacity.update': ['worker', workerChannel],
  'worker.channel.availability.update': ['worker', workerChannel],
  'workflow.created': ['workflow', workflow],
  'workflow.updated': ['workflow', workflow],
  'workflow.deleted': ['workflow', workflow],
  'workflow.entered': ['task', task],
  'workflow.target-matched': ['task', task],
  'workflow.timeout': ['task', task],
  'workflow.skipped': ['task', task],
  'workspace.created': ['workspace', []],
  'workspace.updated': ['workspace', []],
  'workspace.deleted': ['workspace', []],
};

let server;
let hooks;
before(async () => {
  server = await startServer();
  hooks = await startWebhooks({ authToken: server.authToken });
});
after(async () => {
  await server?.stop();
  await hooks?.stop();
});

/** A workspace's own things come and go. */
async function setUpAndTakeDown(centre) {
  const { workspace } = centre;
  await workspace.update({ friendlyName: `Renamed ${centre.sid}` });
  const lunch = await workspace.activities.create({ friendlyName: 'Lunch', available: 'false' });
  await workspace.activities(lunch.sid).update({ friendlyName: 'Late lunch' });
  await workspace.activities(lunch.sid).remove();
  const fax = await workspace.taskChannels.create({ friendlyName: 'Fax', uniqueName: 'fax' });
  await workspace.taskChannels(fax.sid).update({ channelOptimizedRouting: true });
  await workspace.taskChannels(fax.sid).remove();
  const spare = await workspace.taskQueues.create({ friendlyName: 'Spare', targetWorkers: '1==1' });
  await workspace.taskQueues(spare.sid).update({ targetWorkers: '1==2' });
  await workspace.taskQueues(spare.sid).remove();
  const other = await workspace.workflows.create({
    friendlyName: 'Other',
    configuration: JSON.stringify({
      task_routing: { filters: [], default_filter: { queue: centre.queues.everyone } },
    }),
  });
  await workspace.workflows(other.sid).update({ friendlyName: 'Another' });
  await workspace.workflows(other.sid).remove();
}

async function changeWorkers(centre) {
  const { workspace, activities } = centre;
  const zoe = await centre.agent('Zoe', [], { activity: 'Offline' });
  await workspace.workers(zoe).update({ attributes: '{"skills":["none"]}' });
  await server.turnClock(1_500);
  await workspace.workers(zoe).update({ activitySid: activities.Unavailable });
  const [first] = await workspace.workers(zoe).workerChannels.list();
  await workspace.workers(zoe).workerChannels(first.sid).update({ capacity: 3 });
  await workspace.workers(zoe).workerChannels(first.sid).update({ available: false });
  await workspace.workers(zoe).remove();
}

/** Alice and Bob have both skills; an offer goes to one of them, or to both in `pair`. */
async function handleTasks(centre) {
  const { workspace, activities } = centre;
  const alice = await centre.agent('Alice', ['billing', 'pair']);
  const only = async (t) => (await centre.offers(t.sid)).find((o) => o.status === 'pending');
  const offered = async (attributes, more) => {
    const t = await centre.task(attributes, more);
    return [t.sid, (await only(t)).sid];
  };

  // Accepted, wrapped up, completed by its reservation; updated on the way; then deleted by hand.
  const [done, work] = await offered({ skill: 'billing' });
  await centre.move(done, work, 'accepted');
  await workspace.tasks(done).update({ attributes: '{"skill":"billing","vip":true}' });
  await centre.move(done, work, 'wrapping');
  await workspace.tasks(done).update({ assignmentStatus: 'completed', reason: 'solved' });
  await workspace.tasks(done).remove();

  // Rejected, offered again, not answered in time; canceled while it is offered for the third time.
  const [again, first] = await offered({ skill: 'billing' });
  await centre.move(again, first, 'rejected');
  await server.turnClock(31_000);
  await workspace.workers(alice).update({ activitySid: activities.Available });
  await workspace.tasks(again).update({ assignmentStatus: 'canceled', reason: 'no more' });

  // Two are asked, one is faster.
  const bob = await centre.agent('Bob', ['pair']);
  const [both, hers] = await offered({ skill: 'pair' });
  await centre.move(both, hers, 'accepted');
  // For one worker only, who has no room.
  const busy = (await centre.offers(both)).find((o) => o.status === 'accepted').worker;
  const routingTarget = busy === 'Alice' ? alice : bob;
  await centre.task(
    {},
    { routingTarget, taskQueueSid: centre.queues.pair, ignoreCapacity: 'false' },
  );
  await server.turnClock(25 * 3_600_000); // which the system ends after a day

  await workspace.workers(bob).update({ activitySid: activities.Offline });
  await workspace.workers(alice).update({ activitySid: activities.Offline });

  // From target to target, and out of the workflow's end; and one that loses its only step, for nobody is there.
  await centre.task({ skill: 'steps' });
  await server.turnClock(21_000);
  const waiting = await centre.task({ skill: 'billing' });
  await workspace.tasks(waiting.sid).update({ attributes: '{"skill":"skipped"}' });
}

test('every event type is told, with all that is documented of it', async () => {
  const centre = await makeCentre(server, {
    friendlyName: `Centre of everything`,
    eventCallbackUrl: hooks.url('/events'),
    skills: ['billing', 'support'],
  });
  const { workspace, queues } = centre;
  queues.pair = (
    await workspace.taskQueues.create({
      friendlyName: 'pair',
      targetWorkers: 'skills HAS "pair"',
      maxReservedWorkers: 2,
    })
  ).sid;
  const filter = (skill, ...targets) => ({
    filter_friendly_name: skill,
    expression: `skill == "${skill}"`,
    targets,
  });
  await workspace.workflows(centre.workflowSid).update({
    configuration: JSON.stringify({
      task_routing: {
        filters: [
          filter('billing', { queue: queues.billing }),
          filter('pair', { queue: queues.pair }),
          filter('skipped', { queue: queues.pair, skip_if: '1==1' }),
          filter(
            'steps',
            { queue: queues.support, timeout: 10 },
            { queue: queues.billing, timeout: 10 },
          ),
        ],
      },
    }),
  });
  await setUpAndTakeDown(centre);
  await changeWorkers(centre);
  await handleTasks(centre);
  await workspace.remove();
  await hooks.next((r) => r.params.EventType === 'workspace.deleted', 60_000);

  const told = new Map();
  for (const { params } of hooks.requests)
    told.set(params.EventType, [...(told.get(params.EventType) ?? []), params]);
  assert.deepEqual([...told.keys()].sort(), Object.keys(documented).sort());
  for (const [type, [resource, facts]] of Object.entries(documented)) {
    // Of task.updated and the like there are several kinds: at least one has them all.
    const best = told.get(type).map((p) => [...base, ...facts].filter((name) => !(name in p)));
    assert.deepEqual(best.sort((a, b) => a.length - b.length)[0], [], type);
    for (const params of told.get(type)) {
      assert.deepEqual(
        base.filter((name) => !params[name]),
        [],
        `${type}: ${JSON.stringify(params)}`,
      );
      assert.equal(params.ResourceType, resource, type);
      assert.equal(params.WorkspaceSid, centre.sid);
      assert.equal(params.Timestamp, params.TimestampMs.slice(0, -3));
    }
  }

  const last = (type) => told.get(type).at(-1);
  assert.match(last('workspace.deleted').WorkspaceName, /^Renamed WS/);
  assert.equal(last('activity.deleted').ActivityName, 'Late lunch');
  assert.equal(last('task-queue.expression.updated').TaskQueueTargetExpression, '1==2');
  assert.equal(last('task-queue.deleted').TaskQueueName, 'Spare');
  assert.equal(last('task-channel.updated').TaskChannelOptimizedRouting, 'true');
  assert.equal(last('workflow.deleted').WorkflowName, 'Another');
  const moved = told.get('worker.activity.update')[0];
  assert.equal(moved.WorkerPreviousActivityName, 'Offline');
  assert.equal(moved.WorkerActivityName, 'Unavailable');
  assert.equal(moved.WorkerTimeInPreviousActivity, '1');
  assert.ok(Number(moved.WorkerTimeInPreviousActivityMs) >= 1500);
  assert.equal(last('worker.capacity.update').WorkerChannelAvailableCapacity, '3');
  assert.equal(last('worker.channel.availability.update').WorkerChannelAvailable, 'false');
  assert.equal(told.get('task.completed')[0].TaskCompletedReason, 'solved');
  assert.equal(told.get('task.canceled')[0].TaskCanceledReason, 'no more');
  assert.equal(told.get('task.deleted')[0].TaskAssignmentStatus, 'completed');
  assert.equal(told.get('reservation.rescinded').length, 1);
  assert.equal(last('reservation.failed').WorkerSid, undefined);
  assert.match(last('reservation.failed').ReservationSid, /^WR[0-9a-f]{32}$/);
  assert.equal(last('reservation.failed').TaskQueueName, 'pair');

  // The same facts, in snake_case, are the log's.
  const log = await server.fetch(
    `/plugboard/v1/EventLog?ScopeSid=${centre.sid}&EventType=reservation.failed`,
  );
  const [event] = (await log.json()).events;
  assert.equal(event.data.reservation_sid, last('reservation.failed').ReservationSid);
  // And the order of the calls is that of the log.
  const order = hooks.requests.map((r) => r.params.Sid);
  assert.deepEqual(order, [...order].sort());
});
