// Agents at work, through the official worker SDK: one story a test, each in a workspace of its own.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import twilio from 'twilio';
import taskrouter from 'twilio-taskrouter';
import WebSocket from 'ws';
import { startServer } from './support/server.mjs';
import { nextEvent, workerToken } from './support/worker.mjs';

let server;
let key;
before(async () => {
  server = await startServer();
  key = await server.client.newSigningKeys.create({ friendlyName: 'event bridge' });
});
after(() => server.stop());

/** A workspace as TaskRouter's FIFO template makes it, with one worker, alice. */
async function centre(options = {}, on = server) {
  const { workspaces } = on.client.taskrouter.v1;
  const { sid: workspaceSid } = await workspaces.create({
    friendlyName: 'Centre',
    template: 'FIFO',
    ...options,
  });
  const workspace = workspaces(workspaceSid);
  const activities = {};
  for (const a of await workspace.activities.list()) activities[a.friendlyName] = a.sid;
  const [queue] = await workspace.taskQueues.list();
  const [workflow] = await workspace.workflows.list();
  const hire = (name, activity = 'Available') =>
    workspace.workers.create({ friendlyName: name, activitySid: activities[activity] });
  const alice = await hire('alice');
  return {
    workspace,
    workspaceSid,
    activities,
    queue,
    workflow,
    hire,
    alice,
    ask: (attributes = {}) => workspace.tasks.create({ attributes: JSON.stringify(attributes) }),
    open: (worker = alice, options = {}) =>
      on.worker({ workspaceSid, workerSid: worker.sid, ...options }),
    tokenOf: (worker = alice, options = {}) =>
      workerToken(server.accountSid, key, { workspaceSid, workerSid: worker.sid, ...options }),
    fetchWorker: (worker = alice) => workspace.workers(worker.sid).fetch(),
  };
}

/** What the SDK sends, by hand. */
async function send(token, url, method = 'GET', params = {}, headers = {}) {
  const answer = await fetch(`${server.url}/event-bridge/v1/wschannels`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ url, method, params, token }),
  });
  return { status: answer.status, ...(await answer.json()) };
}

/** A token for a workspace and no worker of it. */
function adminToken(workspaceSid) {
  const { AccessToken } = twilio.jwt;
  const token = new AccessToken(server.accountSid, key.sid, key.secret, { identity: 'admin' });
  token.addGrant(new AccessToken.TaskRouterGrant({ workspaceSid, role: 'admin' }));
  return token.toJwt();
}

const socketUrl = (token, more = '') =>
  `${server.url.replace('http', 'ws')}/event-bridge/v1/wschannels?token=${token}${more}`;

/** Answers with the status by which a handshake is refused. */
async function refusedWith(url) {
  const socket = new WebSocket(url);
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  socket.terminate();
  return response.statusCode;
}

/** Events of one or more emitters, in the order of their coming: [['reservation accepted'], …]. */
function listen(said, emitters) {
  for (const [name, { on, events }] of Object.entries(emitters))
    for (const event of events) on.on(event, () => said.push(`${name} ${event}`));
}

test('a worker is ready with her activities, channels and attributes', async () => {
  const c = await centre();
  await c.workspace.workers(c.alice.sid).update({ attributes: '{"languages":["de"]}' });
  const alice = await c.open();
  assert.equal(alice.friendlyName, 'alice');
  assert.equal(alice.activity.name, 'Available');
  assert.deepEqual(alice.attributes, { languages: ['de'] });
  assert.deepEqual([...alice.activities.values()].map((a) => a.name).sort(), [
    'Available',
    'Offline',
    'Unavailable',
  ]);
  const channels = [...alice.channels.values()];
  assert.deepEqual(channels.map((x) => x.taskChannelUniqueName).sort(), [
    'chat',
    'default',
    'sms',
    'video',
    'voice',
  ]);
  assert.equal(channels[0].capacity, 1);
  assert.equal(alice.reservations.size, 0);
});

test('she changes her activity, and hears of it after the answer', async () => {
  const c = await centre();
  const alice = await c.open();
  const unavailable = await alice.activities.get(c.activities.Unavailable).setAsCurrent();
  assert.equal(unavailable.isCurrent, true);
  await nextEvent(alice, 'activityUpdated');
  assert.equal(alice.activity.name, 'Unavailable');
  assert.equal((await c.fetchWorker()).activityName, 'Unavailable');
});

test('an activity is set on connecting', async () => {
  const c = await centre();
  const bob = await c.hire('bob', 'Offline');
  const open = await c.open(bob, { connectActivitySid: c.activities.Available });
  await nextEvent(open, 'activityUpdated');
  assert.equal(open.activity.name, 'Available');
});

test('attributes and capacity change, with the version that the client expects', async () => {
  const c = await centre();
  const alice = await c.open();
  const before = Number(alice.version);
  await alice.setAttributes({ skills: ['sales'] });
  await nextEvent(alice, 'attributesUpdated');
  assert.equal(Number(alice.version), before + 1);
  const channel = [...alice.channels.values()].find((x) => x.taskChannelUniqueName === 'chat');
  const updated = nextEvent(channel, 'capacityUpdated');
  await c.workspace.workers(c.alice.sid).workerChannels('chat').update({ capacity: 3 });
  await updated;
  assert.equal(channel.capacity, 3);
  const { payload } = await send(
    c.tokenOf(),
    `Workspaces/${c.workspaceSid}/Workers/${c.alice.sid}`,
  );
  assert.equal(payload.version, String(alice.version));
  assert.equal(payload.attributes, '{"skills":["sales"]}');
});

test('a task rings, is accepted, wrapped up and completed', async () => {
  const c = await centre();
  const alice = await c.open();
  const ringing = nextEvent(alice, 'reservationCreated');
  const task = await c.ask({ language: 'es' });
  const reservation = await ringing;
  assert.equal(reservation.status, 'pending');
  assert.equal(reservation.timeout, 120);
  assert.equal(reservation.task.sid, task.sid);
  assert.equal(reservation.task.status, 'reserved');
  assert.deepEqual(reservation.task.attributes, { language: 'es' });
  assert.equal(reservation.task.queueName, 'Sample Queue');

  const said = [];
  listen(said, {
    reservation: { on: reservation, events: ['accepted', 'wrapup', 'completed'] },
    task: { on: reservation.task, events: ['updated', 'wrapup', 'completed'] },
  });
  await reservation.accept();
  assert.deepEqual(said, [], 'the answer comes first');
  await nextEvent(reservation.task, 'updated');
  assert.equal(reservation.status, 'accepted');
  assert.equal(reservation.task.status, 'assigned');
  await reservation.task.wrapUp({ reason: 'nearly there' });
  await nextEvent(reservation.task, 'wrapup');
  assert.equal(reservation.status, 'wrapping');
  await reservation.task.complete('solved');
  await nextEvent(reservation, 'completed');
  assert.equal(reservation.task.status, 'completed');
  assert.equal(reservation.task.reason, 'solved');
  assert.deepEqual(said, [
    'reservation accepted',
    'task updated',
    'reservation wrapup',
    'task wrapup',
    'task completed',
    'reservation completed',
  ]);
  assert.equal(alice.reservations.size, 0);
});

test('what one worker rejects rings at another', async () => {
  const c = await centre();
  const alice = await c.open();
  const first = nextEvent(alice, 'reservationCreated');
  await c.ask();
  const reservation = await first;
  const bob = await c.open(await c.hire('bob'));
  const second = nextEvent(bob, 'reservationCreated');
  await reservation.reject({ activitySid: c.activities.Unavailable });
  await nextEvent(reservation, 'rejected');
  assert.equal((await second).task.sid, reservation.task.sid);
  assert.equal((await c.fetchWorker()).activityName, 'Unavailable');
});

test('an offer that nobody answers times out, and its worker goes offline', async () => {
  const c = await centre();
  const alice = await c.open();
  const ringing = nextEvent(alice, 'reservationCreated');
  await c.ask();
  const reservation = await ringing;
  const gone = nextEvent(reservation, 'timeout');
  const offline = nextEvent(alice, 'activityUpdated');
  await server.turnClock(120_000);
  await gone;
  await offline;
  assert.equal(alice.activity.name, 'Offline');
  assert.equal(alice.reservations.size, 0);
});

test('a task that is canceled or deleted takes its offer with it', async () => {
  const c = await centre();
  const alice = await c.open();
  let ringing = nextEvent(alice, 'reservationCreated');
  const canceled = await c.ask();
  let reservation = await ringing;
  let said = [];
  listen(said, {
    task: { on: reservation.task, events: ['canceled'] },
    reservation: { on: reservation, events: ['canceled'] },
  });
  let over = nextEvent(reservation, 'canceled');
  await c.workspace.tasks(canceled.sid).update({ assignmentStatus: 'canceled', reason: 'hung up' });
  await over;
  assert.deepEqual(said, ['task canceled', 'reservation canceled']);
  assert.equal(reservation.task.reason, 'hung up');

  ringing = nextEvent(alice, 'reservationCreated');
  const deleted = await c.ask();
  reservation = await ringing;
  await reservation.accept();
  over = nextEvent(reservation, 'completed');
  await c.workspace.tasks(deleted.sid).remove();
  await over;
});

test('whoever opens late finds the offer in the list, and hears of it once', async () => {
  const c = await centre();
  const task = await c.ask();
  const alice = await c.open();
  const created = [];
  alice.on('reservationCreated', (r) => created.push(r.sid));
  const [reservation] = alice.reservations.values();
  assert.equal(reservation.task.sid, task.sid);
  await reservation.accept();
  await nextEvent(reservation, 'accepted');
  assert.equal(reservation.status, 'accepted');
  assert.deepEqual(created, []);
});

test('two windows of one worker see the same', async () => {
  const c = await centre();
  const [left, right] = [await c.open(), await c.open()];
  const rings = [nextEvent(left, 'reservationCreated'), nextEvent(right, 'reservationCreated')];
  await c.ask();
  const [here, there] = await Promise.all(rings);
  const accepted = nextEvent(there, 'accepted');
  await here.accept();
  await accepted;
  assert.equal(there.status, 'accepted');
});

test('she makes a task for herself, even when she takes none from others', async () => {
  const c = await centre();
  const bob = await c.hire('bob', 'Offline');
  const open = await c.open(bob);
  const ringing = nextEvent(open, 'reservationCreated');
  const sid = await open.createTask('+4930', '+4940', c.workflow.sid, c.queue.sid);
  const reservation = await ringing;
  assert.equal(reservation.task.sid, sid);
  assert.equal(reservation.task.routingTarget, bob.sid);
  assert.equal(reservation.task.attributes.outbound_to, '+4930');
  await assert.rejects(
    open.createTask('+4930', '+4940', 'WWnonsense', c.queue.sid),
    /Value 'WWnonsense' provided for WorkflowSid as RoutingTarget has an invalid format/,
  );
});

test('the attributes and the start of a task can be changed by who holds it', async () => {
  const c = await centre();
  const alice = await c.open();
  const ringing = nextEvent(alice, 'reservationCreated');
  await c.ask();
  const { task } = await ringing;
  await task.setAttributes({ vip: true });
  assert.deepEqual(task.attributes, { vip: true });
  const start = new Date(Date.now() - 3_600_000);
  start.setMilliseconds(0);
  await task.setVirtualStartTime(start);
  assert.equal(task.virtualStartTime.getTime(), start.getTime());
  await assert.rejects(task.setVirtualStartTime(new Date(Date.now() + 3_600_000)), /future/);
});

test('the socket closes when its token expires, and does not open with it again', async () => {
  const c = await centre();
  const alice = await c.open(c.alice, { ttl: 600 });
  const failed = new Promise((resolve) => alice.on('error', resolve));
  const gone = nextEvent(alice, 'disconnected');
  await server.turnClock(600_000);
  assert.equal((await gone).message, 'Token expired');
  await failed; // it tries again by itself
  assert.equal(await refusedWith(socketUrl(c.tokenOf(c.alice, { ttl: 1 }))), 401);
});

test('a new window closes the others, which do not push it out in turn', async () => {
  const c = await centre();
  const options = { closeExistingSessions: true };
  const first = await c.open(c.alice, { ...options, ttl: 3000 });
  const gone = nextEvent(first, 'disconnected');
  const again = gone.then(() => nextEvent(first, 'ready'));
  const second = await c.open(c.alice, { ...options, ttl: 3001 });
  second.on('disconnected', () => assert.fail('pushed out'));
  assert.equal((await gone).message, 'Closing existing session');
  await again; // its own reconnecting asks to close the others, too
  const both = [nextEvent(first, 'reservationCreated'), nextEvent(second, 'reservationCreated')];
  await c.ask();
  await Promise.all(both);
  second.removeAllListeners('disconnected');
});

test('after the power was gone, the client comes back to the same offer', async (t) => {
  const own = await startServer();
  t.after(() => own.stop());
  const c = await centre({}, own);
  const alice = await c.open();
  const ringing = nextEvent(alice, 'reservationCreated');
  await c.ask();
  const { sid } = await ringing;
  alice.on('error', () => {}); // while nobody listens
  const gone = nextEvent(alice, 'disconnected');
  await own.kill9();
  await gone;
  const ready = nextEvent(alice, 'ready', 60_000);
  await own.restart();
  await ready;
  const reservation = alice.reservations.get(sid);
  await reservation.accept();
  await nextEvent(reservation, 'accepted');
});

test('a worker of Flex goes offline half a minute after her last window', async () => {
  const c = await centre({ friendlyName: 'Flex Task Assignment' });
  const reloaded = await c.open();
  reloaded.disconnect();
  const alice = await c.open();
  await server.turnClock(60_000);
  assert.equal((await c.fetchWorker()).activityName, 'Available', 'a page that was loaded again');
  alice.disconnect();
  let turns = 0; // the server may notice a little later than we ask
  while ((await c.fetchWorker()).activityName !== 'Offline' && ++turns < 500)
    await server.turnClock(30_000);
  assert.ok(turns < 500, 'she is still there');

  const other = await centre();
  (await other.open()).disconnect();
  await server.turnClock(60_000);
  assert.equal((await other.fetchWorker()).activityName, 'Available');
});

test('a supervisor may see to others, a worker may not', async () => {
  const c = await centre();
  const bob = await c.hire('bob', 'Offline');
  const boss = await c.open(await c.hire('boss'), { role: 'supervisor' });
  const alice = await c.open();
  const moved = nextEvent(alice, 'activityUpdated');
  await boss.setWorkerActivity(c.alice.sid, c.activities.Unavailable);
  await moved;
  await boss.setWorkerAttributes(bob.sid, { team: 'blue' });
  assert.deepEqual(JSON.parse((await c.fetchWorker(bob)).attributes), { team: 'blue' });
  await assert.rejects(boss.setWorkerActivity(bob.sid, 'WAnothing'), /400/);
  await assert.rejects(boss.setWorkerActivity(`WK${'0'.repeat(32)}`, c.activities.Offline), /404/);

  const url = `Workspaces/${c.workspaceSid}/Workers/${bob.sid}`;
  for (const [path, method] of [
    [url, 'POST'],
    [`${url}/Reservations`, 'GET'],
    [`${url}/WorkerChannels`, 'GET'],
  ])
    assert.equal((await send(c.tokenOf(), path, method)).status, 403, `${method} ${path}`);
  const task = await c.ask();
  const stranger = c.tokenOf(bob);
  assert.equal(
    (await send(stranger, `Workspaces/${c.workspaceSid}/Tasks/${task.sid}`)).status,
    403,
  );
});

test('pending offers are rejected together with going away', async () => {
  const c = await centre();
  const alice = await c.open();
  const ringing = nextEvent(alice, 'reservationCreated');
  await c.ask();
  const reservation = await ringing;
  const rejected = nextEvent(reservation, 'rejected');
  const away = alice.activities.get(c.activities.Unavailable);
  await away.setAsCurrent({ rejectPendingReservations: true });
  await rejected;
});

test('an old version is refused', async () => {
  const c = await centre();
  const url = `Workspaces/${c.workspaceSid}/Workers/${c.alice.sid}`;
  const change = (version, n) =>
    send(c.tokenOf(), url, 'POST', { Attributes: { n } }, { 'If-Match': version });
  const first = await change('0', 1);
  assert.equal(first.status, 200);
  assert.equal(first.payload.version, '1');
  assert.equal((await change('0', 2)).status, 412);
  assert.equal((await change('"1"', 3)).status, 200);
  assert.equal((await change('nonsense', 4)).status, 412);
});

test('workers and queues are listed, found and paged', async () => {
  const c = await centre();
  const bob = await c.hire('bob', 'Offline');
  const other = await c.workspace.taskQueues.create({
    friendlyName: 'Only bob',
    targetWorkers: 'name == "bob"',
  });
  await c.workspace.workers(bob.sid).update({ attributes: '{"name":"bob"}' });
  const address = `${server.url}/event-bridge/v1/wschannels`;
  const read = (options = {}) =>
    new taskrouter.Workspace(
      adminToken(c.workspaceSid),
      { ebServer: address, wsServer: address, logLevel: 'silent', ...options },
      c.workspaceSid,
    );
  const names = (found) => [...found.values()].map((x) => x.friendlyName ?? x.name);

  assert.deepEqual(names(await read().fetchWorkers()), ['alice', 'bob']);
  assert.deepEqual(names(await read({ pageSize: 1 }).fetchWorkers()), ['alice', 'bob']);
  for (const [filter, expected] of [
    [{ FriendlyName: 'bob' }, ['bob']],
    [{ FriendlyName: 'nobody' }, []],
    [{ ActivityName: 'Offline' }, ['bob']],
    [{ ActivityName: 'Nowhere' }, []],
    [{ ActivitySid: c.activities.Available }, ['alice']],
    [{ TargetWorkersExpression: `sid IN ['${bob.sid}']` }, ['bob']],
    [{ TargetWorkersExpression: 'name == "bob" AND activity_name == "Offline"' }, ['bob']],
    [{ AfterSid: c.alice.sid }, ['bob']],
    [{ Ordering: 'DateStatusChanged:desc' }, ['bob', 'alice']],
  ])
    assert.deepEqual(names(await read().fetchWorkers(filter)), expected, JSON.stringify(filter));
  await server.turnClock(1000);
  await c.workspace.workers(c.alice.sid).update({ activitySid: c.activities.Unavailable });
  assert.deepEqual(
    names(await read({ pageSize: 1 }).fetchWorkers({ Ordering: 'DateStatusChanged:asc' })),
    ['bob', 'alice'],
  );
  for (const filter of [
    { AfterSid: `WK${'0'.repeat(32)}` },
    { ActivitySid: 'WAxxx' },
    { TargetWorkersExpression: 'name ==' },
  ])
    await assert.rejects(read().fetchWorkers(filter), /400/, JSON.stringify(filter));
  assert.equal((await read().fetchWorker(bob.sid)).friendlyName, 'bob');
  await assert.rejects(read().fetchWorker(`WK${'0'.repeat(32)}`), /404/);

  assert.deepEqual(names(await read({ pageSize: 1 }).fetchTaskQueues()), [
    'Sample Queue',
    'Only bob',
  ]);
  const url = `Workspaces/${c.workspaceSid}/TaskQueues`;
  const queuesOf = async (params) =>
    (await send(c.tokenOf(), url, 'GET', params)).payload.contents.map((q) => q.friendly_name);
  assert.deepEqual(await queuesOf({ WorkerSid: bob.sid }), ['Sample Queue', 'Only bob']);
  assert.deepEqual(await queuesOf({ WorkerSid: c.alice.sid }), ['Sample Queue']);
  assert.deepEqual(await queuesOf({ FriendlyName: 'Only bob' }), ['Only bob']);
  assert.equal((await read().fetchTaskQueue(other.sid)).name, 'Only bob');
  await assert.rejects(read().fetchTaskQueue(`WQ${'0'.repeat(32)}`), /404/);
});

test('what wants a telephone is checked and refused by the same codes as in the API', async () => {
  const c = await centre();
  const alice = await c.open();
  const offered = nextEvent(alice, 'reservationCreated');
  const task = await c.ask({ outbound_to: '+15550100', from: '+15550101' });
  const reservation = await offered;
  const url = `Workspaces/${c.workspaceSid}/Workers/${c.alice.sid}`;
  const codeOf = async (route, params, token = c.tokenOf()) =>
    (await send(token, route, 'POST', params)).code;
  const instruct = (Instruction, more) =>
    codeOf(`${url}/Reservations/${reservation.sid}`, { Instruction, ...more });
  assert.equal(await instruct('call', { CallUrl: 'https://example.com' }), 40111);
  assert.equal(await instruct('dequeue'), 40140);
  assert.equal(await instruct('dequeue', { DequeueStatusCallbackEvents: ['x'] }), 40134);
  assert.equal(await instruct('redirect', { RedirectUrl: 'https://example.com' }), 40121);
  assert.equal(await instruct('conference'), 40137);
  assert.equal(await instruct('conference', { To: 'client:alice', Beep: false }), 40145);
  assert.equal(await instruct('juggle'), 55555);
  await assert.rejects(reservation.call('+15550101', 'https://example.com'), /contact_uri|400/);
  await assert.rejects(reservation.conference({ to: 'client:alice' }), /400/);
  await assert.rejects(reservation.updateParticipant({ mute: true }), /400/);
  await reservation.accept();
  assert.equal(await instruct('conference', { To: 'client:alice' }), 40136);
  const bob = await c.hire('bob', 'Offline');
  await assert.rejects(reservation.task.updateParticipant({ hold: true }), /400/);
  await assert.rejects(reservation.task.hold(bob.sid, true), /400/);
  await assert.rejects(reservation.task.kick(bob.sid), /400/);
  assert.equal(await codeOf(`${url}/CustomerParticipant`, { TaskSid: task.sid }), 20001);
  assert.equal(await codeOf(`${url}/CustomerParticipant`, {}), 20001);
  assert.equal(await codeOf(`${url}/WorkerParticipant`, { ReservationSid: 'WR0' }), 20404);
  const held = `Workspaces/${c.workspaceSid}/Tasks/${task.sid}/Reservations/${reservation.sid}`;
  const supervise = { Instruction: 'supervise', SupervisorMode: 'monitor', Supervisor: bob.sid };
  assert.equal(await codeOf(held, supervise), 20403);
  const boss = c.tokenOf(bob, { role: 'supervisor' });
  assert.equal(await codeOf(held, { ...supervise, Supervisor: c.alice.sid }, boss), 20403);
  assert.equal(await codeOf(held, supervise, boss), 40147);
  await c.workspace.workers(bob.sid).update({ attributes: '{"contact_uri":"client:bob"}' });
  assert.equal(await codeOf(held, supervise, boss), 40145);
  assert.equal((await c.workspace.tasks(task.sid).fetch()).assignmentStatus, 'assigned');
});

test('strangers are refused', async () => {
  const c = await centre();
  const elsewhere = await centre();
  const url = `Workspaces/${c.workspaceSid}/Workers/${c.alice.sid}`;
  const forged = workerToken(
    server.accountSid,
    { sid: key.sid, secret: 'x'.repeat(32) },
    { workspaceSid: c.workspaceSid, workerSid: c.alice.sid },
  );
  const astray = workerToken(server.accountSid, key, {
    workspaceSid: elsewhere.workspaceSid,
    workerSid: c.alice.sid,
  });
  assert.equal((await send(forged, url)).status, 401);
  assert.equal((await send('nonsense', url)).status, 401);
  assert.equal((await send(elsewhere.tokenOf(), url)).status, 403);
  assert.equal(await refusedWith(socketUrl(forged)), 401);
  assert.equal(await refusedWith(socketUrl('')), 401);
  assert.equal(await refusedWith(socketUrl(astray)), 403);
});

test('what is no request is refused in words', async () => {
  const c = await centre();
  const token = c.tokenOf();
  const post = async (body) =>
    (await fetch(`${server.url}/event-bridge/v1/wschannels`, { method: 'POST', body })).status;
  assert.equal(await post('{'), 400);
  assert.equal(await post('[]'), 400);
  assert.equal(await post(JSON.stringify({ url: 'Workspaces', method: 'GET' })), 400);
  assert.equal(await post(' '.repeat(64 * 1024 + 1)), 413);
  assert.equal((await send(token, 'Nothing')).status, 404);
  assert.equal((await send(token, `Workspaces/${c.workspaceSid}/Workers`, 'DELETE')).status, 404);
  const own = `Workspaces/${c.workspaceSid}/Workers/${c.alice.sid}`;
  for (const params of [
    { ActivitySid: 'WAxxx' },
    { Attributes: [1] },
    { Attributes: 'nonsense' },
    { Attributes: { long: 'x'.repeat(4096) } },
    { RejectPendingReservations: true, ActivitySid: c.activities.Available },
  ])
    assert.equal((await send(token, own, 'POST', params)).status, 400, JSON.stringify(params));
  assert.equal((await send(token, `${own}/Reservations`, 'GET', { PageSize: 0 })).status, 400);
  assert.equal((await send(token, `${own}/Reservations/WR0`, 'POST')).status, 404);
});

test('a browser may ask from any origin', async () => {
  const answer = await fetch(`${server.url}/event-bridge/v1/wschannels`, {
    method: 'OPTIONS',
    headers: {
      Origin: 'https://flex.example.com',
      'Access-Control-Request-Headers': 'apiversion,clientversion',
    },
  });
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
});

test('a worker has no more than a hundred sockets', async () => {
  const c = await centre();
  const sockets = [];
  for (let i = 0; i < 100; i++) {
    const socket = new WebSocket(socketUrl(c.tokenOf()));
    const [first] = await once(socket, 'message');
    assert.equal(JSON.parse(first).payload.channel_id, c.alice.sid);
    sockets.push(socket);
  }
  assert.equal(await refusedWith(socketUrl(c.tokenOf())), 429);
  sockets.forEach((socket) => socket.close());
});
