// What a supervisor looks at: a small day, told with a clock that only turns when we say so, and what the figures say of it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { clientFor, startServer } from './support/server.mjs';

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

const turn = (seconds) => server.turnClock(seconds * 1000);
const refused = (status, code, words) => (error) => {
  assert.equal(error.status, status, error.message);
  assert.equal(error.code, code, error.message);
  if (words) assert.match(error.message, words);
  return true;
};
/** Only the members that a test speaks of. */
const pick = (object, names) => Object.fromEntries(names.map((name) => [name, object[name]]));
const workersAt = (statistics) =>
  Object.fromEntries(
    (statistics.activityStatistics ?? statistics.activity_statistics).map((a) => [
      a.friendly_name,
      a.workers,
    ]),
  );
const secondsIn = (statistics) =>
  Object.fromEntries(
    (statistics.activityDurations ?? statistics.activity_durations).map((a) => [
      a.friendly_name,
      [a.min, a.max, a.avg, a.total],
    ]),
  );
const wait = (...seconds) => {
  const total = seconds.reduce((a, b) => a + b, 0);
  return {
    avg: Math.floor(total / seconds.length),
    min: Math.min(...seconds),
    max: Math.max(...seconds),
    total,
  };
};
const none = { avg: 0, min: 0, max: 0, total: 0 };
const noTasks = { pending: 0, reserved: 0, assigned: 0, wrapping: 0, completed: 0, canceled: 0 };

/** Alice takes billing, Bob support. One request is done, one given up after an offer timed out, one deleted after a refusal. */
async function smallDay() {
  const centre = await makeCentre(server, { reservationTimeout: 30 });
  const { workspace } = centre;
  const alice = await centre.agent('Alice', ['billing'], { activity: 'Offline' });
  const bob = await centre.agent('Bob', ['support']);
  const go = (worker, activity) =>
    workspace.workers(worker).update({ activitySid: centre.activities[activity] });
  return { ...centre, alice, bob, go };
}

async function liveThrough(day) {
  const { workspace, queues } = day;
  const done = await day.task({ skill: 'billing' }, { priority: 5 });
  await turn(20); // Alice comes
  await day.go(day.alice, 'Available');
  await day.move(done.sid, (await day.offers(done.sid))[0].sid, 'accepted');
  await turn(40);
  const given = await day.task({ skill: 'support' });
  await turn(30); // Bob does not look up, and is sent Offline
  assert.equal(await day.status(given.sid), 'pending');
  await turn(10);
  await workspace.tasks(given.sid).update({ assignmentStatus: 'canceled', reason: 'enough' });
  await workspace.tasks(done.sid).update({ assignmentStatus: 'wrapping' });
  await workspace.tasks(done.sid).update({ assignmentStatus: 'completed', reason: 'solved' });
  const refusedOne = await day.task({ skill: 'billing' });
  await turn(5);
  await day.move(refusedOne.sid, (await day.offers(refusedOne.sid))[0].sid, 'rejected', {
    workerActivitySid: day.activities.Offline,
  });
  await workspace.tasks(refusedOne.sid).remove();
  await turn(15); // 120 s in all: Alice Offline 20 + 15, Available 85; Bob Available 90, Offline 30
  return queues;
}

test('a queue in real time: who waits, who could help', async () => {
  const day = await smallDay();
  const billing = day.workspace.taskQueues(day.queues.billing);
  const empty = await billing.realTimeStatistics().fetch();
  assert.deepEqual(empty.tasksByStatus, noTasks);
  assert.deepEqual(empty.tasksByPriority, {});
  assert.equal(empty.longestTaskWaitingSid, null);
  assert.equal(empty.longestTaskWaitingAge, 0);

  const first = await day.task({ skill: 'billing' }, { priority: 5 });
  await turn(11);
  await day.task({ skill: 'billing' });
  await turn(9);
  const now = await billing.realTimeStatistics().fetch();
  assert.deepEqual(now.tasksByStatus, { ...noTasks, pending: 2 });
  assert.deepEqual(now.tasksByPriority, { 0: 1, 5: 1 });
  assert.deepEqual(
    [now.longestTaskWaitingSid, now.longestTaskWaitingAge, now.totalTasks],
    [first.sid, 20, 2],
  );
  assert.deepEqual(
    [now.longestRelativeTaskSidInQueue, now.longestRelativeTaskAgeInQueue],
    [first.sid, 20],
  );
  assert.deepEqual([now.totalEligibleWorkers, now.totalAvailableWorkers], [1, 0]);
  assert.equal(workersAt(now).Offline, 1);
  assert.equal(now.accountSid, server.accountSid);
  assert.ok(now.url.endsWith(`/TaskQueues/${day.queues.billing}/RealTimeStatistics`));

  await day.go(day.alice, 'Available');
  const then = await billing.realTimeStatistics().fetch();
  assert.deepEqual(then.tasksByStatus, { ...noTasks, pending: 1, reserved: 1 });
  assert.deepEqual([then.totalEligibleWorkers, then.totalAvailableWorkers], [1, 1]);
  assert.equal(then.longestTaskWaitingAge, 9); // a reserved one does not wait

  const everywhere = await day.workspace.realTimeStatistics().fetch();
  assert.deepEqual(everywhere.tasksByStatus, then.tasksByStatus);
  assert.deepEqual([everywhere.totalTasks, everywhere.totalWorkers], [2, 2]);
  assert.equal(workersAt(everywhere).Available, 2);
  const flow = await day.workspace.workflows(day.workflowSid).realTimeStatistics().fetch();
  assert.deepEqual([flow.totalTasks, flow.longestTaskWaitingAge], [2, 9]);
  const workers = await day.workspace.workers.realTimeStatistics().fetch();
  assert.deepEqual([workers.totalWorkers, workersAt(workers).Available], [2, 2]);
});

test('what is counted by channel', async () => {
  const day = await smallDay();
  await day.go(day.alice, 'Available');
  const { workspace, queues } = day;
  const chat = await day.task({ skill: 'billing' }, { taskChannel: 'chat' });
  await day.task({ skill: 'billing' }, { taskChannel: 'voice' });
  await day.move(chat.sid, (await day.offers(chat.sid))[0].sid, 'accepted');
  const now = (taskChannel) =>
    workspace.taskQueues(queues.billing).realTimeStatistics().fetch({ taskChannel });
  assert.deepEqual((await now('chat')).tasksByStatus, { ...noTasks, assigned: 1 });
  assert.deepEqual((await now('voice')).tasksByStatus, { ...noTasks, reserved: 1 });
  assert.equal((await now('sms')).totalTasks, 0);
  assert.equal((await now('voice')).totalEligibleWorkers, 1);
  const channels = await workspace.workers(day.alice).workerChannels.list();
  const voice = channels.find((channel) => channel.taskChannelUniqueName === 'voice');
  await workspace.workers(day.alice).workerChannels(voice.sid).update({ available: false });
  assert.equal((await now('voice')).totalEligibleWorkers, 0); // she does not take calls
  assert.equal((await now()).totalEligibleWorkers, 1);

  const period = (taskChannel) =>
    workspace.taskQueues(queues.billing).cumulativeStatistics().fetch({ taskChannel });
  assert.equal((await period('chat')).reservationsAccepted, 1);
  assert.equal((await period('voice')).reservationsAccepted, 0);
  assert.equal((await period(voice.taskChannelSid)).reservationsCreated, 1);
  assert.equal((await period()).reservationsCreated, 2);
  await assert.rejects(period('pigeon'), refused(400, 20001, /pigeon/));
});

test('a small day in figures', async () => {
  const day = await smallDay();
  await liveThrough(day);
  const { workspace, queues } = day;
  const all = await workspace.cumulativeStatistics().fetch({ splitByWaitTime: '20,30' });
  const counts = [
    'tasksCreated',
    'tasksCompleted',
    'tasksCanceled',
    'tasksDeleted',
    'tasksMoved',
    'tasksTimedOutInWorkflow',
    'reservationsCreated',
    'reservationsAccepted',
    'reservationsRejected',
    'reservationsTimedOut',
    'reservationsCanceled',
    'reservationsRescinded',
    'avgTaskAcceptanceTime',
  ];
  assert.deepEqual(pick(all, counts), {
    tasksCreated: 3,
    tasksCompleted: 1,
    tasksCanceled: 1,
    tasksDeleted: 1,
    tasksMoved: 0,
    tasksTimedOutInWorkflow: 0,
    reservationsCreated: 3,
    reservationsAccepted: 1,
    reservationsRejected: 1,
    reservationsTimedOut: 1,
    reservationsCanceled: 0,
    reservationsRescinded: 0,
    avgTaskAcceptanceTime: 20,
  });
  assert.deepEqual(all.waitDurationUntilAccepted, wait(20));
  assert.deepEqual(all.waitDurationUntilCanceled, wait(40));
  const nothing = { tasks_canceled: 0, reservations_accepted: 0 };
  assert.deepEqual(all.splitByWaitTime, {
    20: {
      below: { ...nothing, reservations_accepted: 1 },
      above: { ...nothing, tasks_canceled: 1 },
    },
    30: {
      below: { ...nothing, reservations_accepted: 1 },
      above: { ...nothing, tasks_canceled: 1 },
    },
  });
  assert.equal(all.endTime - all.startTime, 15 * 60_000);

  const queue = (sid) => workspace.taskQueues(sid).cumulativeStatistics().fetch();
  const billing = await queue(queues.billing);
  assert.deepEqual(
    pick(billing, ['tasksEntered', 'tasksCompleted', 'tasksDeleted', 'tasksCanceled']),
    { tasksEntered: 2, tasksCompleted: 1, tasksDeleted: 1, tasksCanceled: 0 },
  );
  assert.deepEqual(billing.waitDurationInQueueUntilAccepted, wait(20));
  assert.equal(billing.splitByWaitTime, null);
  const support = await queue(queues.support);
  assert.deepEqual(pick(support, ['tasksEntered', 'tasksCanceled', 'reservationsTimedOut']), {
    tasksEntered: 1,
    tasksCanceled: 1,
    reservationsTimedOut: 1,
  });
  assert.deepEqual(support.waitDurationUntilAccepted, none);
  const flow = await workspace.workflows(day.workflowSid).cumulativeStatistics().fetch();
  assert.deepEqual([flow.tasksEntered, flow.reservationsCreated], [3, 3]);
});

test('how workers spent their time', async () => {
  const day = await smallDay();
  await liveThrough(day);
  const { workspace } = day;
  const of = async (sid, more) =>
    (await workspace.workers(sid).statistics().fetch(more)).cumulative;
  const alice = await of(day.alice);
  assert.deepEqual(secondsIn(alice), {
    Offline: [15, 20, 17, 35],
    Available: [85, 85, 85, 85],
    Unavailable: [0, 0, 0, 0],
  });
  assert.deepEqual(
    pick(alice, ['reservations_created', 'reservations_accepted', 'reservations_rejected']),
    { reservations_created: 2, reservations_accepted: 1, reservations_rejected: 1 },
  );
  assert.equal((await of(day.bob)).reservations_timed_out, 1);
  // The last minute only: she was rejecting 15 s ago
  assert.deepEqual(secondsIn(await of(day.alice, { minutes: 1 })).Available, [45, 45, 45, 45]);

  const everybody = await workspace.workers.cumulativeStatistics().fetch();
  assert.deepEqual(secondsIn(everybody).Available, [85, 90, 87, 175]);
  assert.deepEqual(secondsIn(everybody).Offline, [15, 30, 21, 65]);
  assert.equal(everybody.reservationsCreated, 3);

  const some = (more) => workspace.workers.statistics().fetch(more);
  const both = await some();
  assert.equal(both.realtime.total_workers, 2);
  assert.equal(both.cumulative.reservations_created, 3);
  for (const filter of [
    { friendlyName: 'Bob' },
    { taskQueueSid: day.queues.support },
    { taskQueueName: 'support' },
  ]) {
    const bob = await some(filter);
    assert.deepEqual([bob.realtime.total_workers, workersAt(bob.realtime).Offline], [1, 1]);
    assert.equal(bob.cumulative.reservations_created, 1);
    assert.deepEqual(secondsIn(bob.cumulative).Available, [90, 90, 90, 90]);
  }
  assert.equal((await some({ taskQueueName: 'no such' })).realtime.total_workers, 0);
});

test('requests that move on, and time out', async () => {
  const centre = await makeCentre(server, {
    filters: (queues) => [
      {
        expression: '1==1',
        targets: [
          { queue: queues.billing, timeout: 60 },
          { queue: queues.support, timeout: 60 },
        ],
      },
    ],
  });
  const task = await centre.task();
  await turn(60);
  const now = await centre.workspace.taskQueues(centre.queues.support).realTimeStatistics().fetch();
  assert.deepEqual([now.longestTaskWaitingAge, now.longestRelativeTaskAgeInQueue], [60, 0]);
  assert.equal(now.longestTaskWaitingSid, task.sid);
  await turn(60);
  assert.equal(await centre.status(task.sid), 'canceled');
  const of = (queue) => centre.workspace.taskQueues(queue).cumulativeStatistics().fetch();
  assert.deepEqual(pick(await of(centre.queues.billing), ['tasksMoved', 'tasksCanceled']), {
    tasksMoved: 1,
    tasksCanceled: 0,
  });
  assert.deepEqual(pick(await of(centre.queues.support), ['tasksMoved', 'tasksCanceled']), {
    tasksMoved: 0,
    tasksCanceled: 1,
  });
  const flow = await centre.workspace.workflows(centre.workflowSid).cumulativeStatistics().fetch();
  assert.deepEqual([flow.tasksTimedOutInWorkflow, flow.tasksMoved], [1, 1]);
});

test('now and then in one answer, for one queue and for all', async () => {
  const day = await smallDay();
  await liveThrough(day);
  const { workspace, queues } = day;
  const one = await workspace.taskQueues(queues.billing).statistics().fetch();
  assert.equal(one.cumulative.tasks_entered, 2);
  assert.deepEqual(one.realtime.tasks_by_status, noTasks);
  assert.equal(one.realtime.total_eligible_workers, 1);
  assert.equal(one.realtime.account_sid, undefined);
  const list = await workspace.taskQueues.statistics.list({ pageSize: 2 });
  assert.deepEqual(
    list.map((item) => [item.taskQueueSid, item.cumulative.tasks_entered]),
    [
      [queues.everyone, 0],
      [queues.billing, 2],
      [queues.support, 1],
    ],
  );
  assert.equal(list[0].realtime.total_eligible_workers, 2);
  const named = await workspace.taskQueues.statistics.list({ friendlyName: 'support' });
  assert.deepEqual(
    named.map((item) => item.taskQueueSid),
    [queues.support],
  );
  const whole = await workspace.statistics().fetch();
  assert.deepEqual([whole.realtime.total_workers, whole.cumulative.tasks_created], [2, 3]);
  const flow = await workspace.workflows(day.workflowSid).statistics().fetch();
  assert.deepEqual([flow.realtime.total_tasks, flow.cumulative.tasks_entered], [0, 3]);
});

test('many queues at once', async () => {
  const day = await smallDay();
  const waiting = await day.task({ skill: 'billing' });
  await turn(7);
  const ask = (body) => day.workspace.taskQueues.bulkRealTimeStatistics.create(body);
  const nobodys = `WQ${'0'.repeat(32)}`;
  const answer = await ask({ queueSids: [day.queues.billing, nobodys] });
  assert.equal(answer.taskQueueResponseCount, 2);
  const [billing, empty] = answer.taskQueueData;
  assert.deepEqual(pick(billing, ['task_queue_sid', 'total_tasks', 'longest_task_waiting_sid']), {
    task_queue_sid: day.queues.billing,
    total_tasks: 1,
    longest_task_waiting_sid: waiting.sid,
  });
  assert.equal(billing.longest_task_waiting_age, 7);
  assert.equal('longest_relative_task_age_in_queue' in billing, false);
  assert.deepEqual(pick(empty, ['task_queue_sid', 'total_tasks', 'total_eligible_workers']), {
    task_queue_sid: nobodys,
    total_tasks: 0,
    total_eligible_workers: 0,
  });
  await assert.rejects(ask({ queueSids: [] }), refused(400, 20001));
  await assert.rejects(ask({ queueSids: ['WQ1'] }), refused(400, 20001, /WQ1/));
  await assert.rejects(ask({ queueSids: Array(51).fill(nobodys) }), refused(400, 20001));
  await ask({ queueSids: Array(50).fill(nobodys) });
  await assert.rejects(ask({ queueSids: [nobodys] }), refused(429, 20429));
  await turn(1);
  await ask({ queueSids: [nobodys] });
});

test('which period is meant', async () => {
  const day = await smallDay();
  await liveThrough(day);
  const { workspace } = day;
  const of = (more) => workspace.cumulativeStatistics().fetch(more);
  const { endTime: now } = await of();
  const ago = (seconds) => new Date(now.getTime() - seconds * 1000);
  await turn(3600);
  assert.equal((await of()).tasksCreated, 0);
  assert.equal((await of({ minutes: 120 })).tasksCreated, 3);
  assert.equal((await of({ startDate: ago(300) })).tasksCreated, 3);
  assert.equal((await of({ endDate: ago(600) })).tasksCreated, 0);
  const narrow = await of({ startDate: ago(300), endDate: now, minutes: 1 }); // Minutes give way
  assert.deepEqual([narrow.tasksCreated, narrow.endTime - narrow.startTime], [3, 300_000]);
  await assert.rejects(of({ startDate: ago(31 * 86_400) }), refused(400, 14241));
  await assert.rejects(of({ startDate: now, endDate: ago(60) }), refused(400, 20001));
  await assert.rejects(of({ minutes: 0 }), refused(400, 20001));
  await assert.rejects(of({ splitByWaitTime: '5,x' }), refused(400, 20001, /5,x/));
  await turn(31 * 86_400);
  assert.equal((await of({ minutes: 30 * 24 * 60 })).tasksCreated, 0);
});

test('of no concern to strangers', async () => {
  const { sid, queues, workflowSid } = await makeCentre(server);
  const account = await server.client.api.v2010.accounts.create({ friendlyName: 'Elsewhere' });
  const stranger = clientFor(server.url, account.sid, account.authToken);
  const theirs = stranger.taskrouter.v1.workspaces(sid);
  for (const view of [
    theirs.realTimeStatistics(),
    theirs.cumulativeStatistics(),
    theirs.statistics(),
    theirs.workers.statistics(),
    theirs.workers.realTimeStatistics(),
    theirs.taskQueues(queues.billing).statistics(),
    theirs.taskQueues(queues.billing).realTimeStatistics(),
    theirs.workflows(workflowSid).cumulativeStatistics(),
  ])
    await assert.rejects(view.fetch(), refused(404, 20404));
  await assert.rejects(theirs.taskQueues.statistics.list(), refused(404, 20404));
  await assert.rejects(
    theirs.taskQueues.bulkRealTimeStatistics.create({ queueSids: [queues.billing] }),
    refused(404, 20404),
  );
});

test('a restart forgets nothing', async (t) => {
  const whole = server;
  server = await startServer(); // the clock of the other is a month ahead
  t.after(async () => {
    await server.stop();
    server = whole;
  });
  const day = await smallDay();
  await liveThrough(day);
  const waiting = await day.task({ skill: 'billing' });
  const earlier = await day.workspace.statistics().fetch();
  await server.restart();
  await turn(600); // a test's clock begins anew: go past where it was
  const workspace = server.client.taskrouter.v1.workspaces(day.sid);
  const flow = await workspace.workflows(day.workflowSid).realTimeStatistics().fetch();
  assert.equal(flow.longestTaskWaitingSid, waiting.sid);
  const later = await workspace.statistics().fetch({ minutes: 60 });
  for (const name of ['tasks_created', 'tasks_completed', 'reservations_created'])
    assert.equal(later.cumulative[name], earlier.cumulative[name], name);
  assert.equal(later.cumulative.tasks_created, 4);
  assert.deepEqual(later.realtime.tasks_by_status, earlier.realtime.tasks_by_status);
});
