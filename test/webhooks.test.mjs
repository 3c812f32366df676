// How events reach the customer's server: in order, one URL at a time, as the URL's fragment says; what was given up, and the log.

import assert from 'node:assert/strict';
import net from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

// Each test has a server of its own: what one leaves undelivered is nothing to the next.
let server;
beforeEach(async () => (server = await startServer()));
afterEach(() => server?.stop());

const hooksThat = (answer) => startWebhooks({ authToken: server.authToken, answer });

async function get(path) {
  const answer = await server.fetch(`/plugboard/v1${path}`);
  return { status: answer.status, ...(await answer.json()) };
}
const post = (path) => server.fetch(`/plugboard/v1${path}`, { method: 'POST' });

const deadLetters = async (query = '') => (await get(`/DeadLetters?${query}`)).dead_letters;

async function metric(name) {
  const text = await (await server.fetch('/metrics')).text();
  return Number(new RegExp(`^plugboard_${name} (-?\\d+)$`, 'm').exec(text)[1]);
}

/** Asks again until it is so; each question is a request, so this does not spin faster than the server answers. */
async function eventually(question, wanted) {
  let seen;
  for (let i = 0; i < 2000; i++) {
    seen = await question();
    if (seen === wanted) return;
  }
  assert.equal(seen, wanted);
}

/** Attributes' `n` of the tasks told of, in the order of telling. */
const told = (hooks) => hooks.requests.map((r) => JSON.parse(r.params.TaskAttributes).n);
const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);

/** An answer that comes when the test says so: {answer, open()}. */
function gate(then = { status: 204 }) {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { answer: () => opened.then(() => then), open: () => open() };
}

// --- lanes -------------------------------------------------------------------------------------------------------------------

test('events come in order, one at a time, and what waits is not in memory', async () => {
  const wall = gate();
  let atOnce = 0;
  let most = 0;
  const hooks = await hooksThat(async () => {
    most = Math.max(most, ++atOnce);
    const said = await wall.answer();
    atOnce--;
    return said;
  });
  const centre = await makeCentre(server, {
    eventCallbackUrl: hooks.url('/slow'),
    eventsFilter: 'task.canceled',
  });
  const tasks = await Promise.all(upTo(60).map((n) => centre.task({ n })));
  const cancel = (task) =>
    centre.workspace.tasks(task.sid).update({ assignmentStatus: 'canceled', reason: 'test' });
  await cancel(tasks[0]);
  await hooks.next();
  const rows = await metric('ledger_resident_rows');
  for (const task of tasks.slice(1)) await cancel(task);
  // A canceled task leaves memory itself; its alarm was there before. Of 59 deliveries none is.
  assert.ok((await metric('ledger_resident_rows')) <= rows);
  assert.equal(hooks.requests.length, 1);
  wall.open();
  await hooks.next((r) => JSON.parse(r.params.TaskAttributes).n === 60, 30_000);
  assert.deepEqual(told(hooks), upTo(60));
  assert.equal(most, 1);
  await hooks.stop();
});

test('a server that does not answer holds up nobody else', async () => {
  const wall = gate();
  const silent = await hooksThat(wall.answer);
  const quick = await hooksThat({ status: 204 });
  const eventsFilter = 'task.created';
  const stuck = await makeCentre(server, { eventCallbackUrl: silent.url('/a'), eventsFilter });
  const free = await makeCentre(server, { eventCallbackUrl: quick.url('/b'), eventsFilter });
  await stuck.task({ n: 1 });
  await silent.next();
  for (const n of upTo(5)) {
    await stuck.task({ n: n + 1 });
    await free.task({ n });
  }
  await quick.next((r) => JSON.parse(r.params.TaskAttributes).n === 5);
  assert.deepEqual(told(quick), upTo(5));
  assert.deepEqual(told(silent), [1]);
  wall.open();
  await silent.next((r) => JSON.parse(r.params.TaskAttributes).n === 6);
  assert.deepEqual(told(silent), upTo(6));
  await silent.stop();
  await quick.stop();
});

test('the order survives the power going, and nothing is lost', async () => {
  const wall = gate();
  const hooks = await hooksThat(wall.answer);
  const centre = await makeCentre(server, {
    eventCallbackUrl: hooks.url('/'),
    eventsFilter: 'task.created',
  });
  for (const n of upTo(8)) await centre.task({ n });
  await hooks.next();
  await server.kill9();
  await server.restart();
  wall.open();
  await hooks.next((r) => JSON.parse(r.params.TaskAttributes).n === 8);
  // The first was under way: it comes again, with the same token.
  assert.deepEqual(told(hooks), [1, ...upTo(8)]);
  const tokens = hooks.requests.map((r) => r.headers['i-twilio-idempotency-token']);
  assert.equal(tokens[0], tokens[1]);
  assert.equal(new Set(tokens).size, 8);
  await hooks.stop();
});

// --- the fragment --------------------------------------------------------------------------------------------------------------

test('rc and rp in the fragment: so often, at once; and the fragment stays here', async () => {
  const hooks = await hooksThat({ status: 500 });
  await makeCentre(server, {
    friendlyName: 'Fragment',
    eventCallbackUrl: hooks.url('/events?x=1#rc=3&rp=5xx'),
    eventsFilter: 'workflow.created',
  });
  for (let i = 0; i < 4; i++) assert.equal((await hooks.next()).path, '/events?x=1');
  await eventually(async () => (await deadLetters('Purpose=event')).length, 1);
  const [letter] = await deadLetters();
  assert.equal(letter.attempts, 4);
  assert.equal(letter.last_status, 500);
  assert.equal(letter.callback_url, hooks.url('/events?x=1#rc=3&rp=5xx'));
  await server.turnClock(3_600_000);
  assert.equal(hooks.requests.length, 4);
  assert.equal(
    (await server.fetch(`/plugboard/v1/DeadLetters/${letter.sid}`, { method: 'DELETE' })).status,
    204,
  );
  await hooks.stop();
});

test('rc of an assignment callback: the URL again, then the fallback as its own fragment says', async () => {
  const hooks = await hooksThat((r) =>
    r.path === '/fallback' ? { instruction: 'accept' } : { status: 503 },
  );
  const centre = await makeCentre(server, {
    workflow: {
      assignmentCallbackUrl: hooks.url('/assign#rc=2&rp=all'),
      fallbackAssignmentCallbackUrl: hooks.url('/fallback#tt=9000'),
    },
  });
  await centre.agent('Alice', ['billing']);
  const task = await centre.task({ skill: 'billing' });
  await eventually(() => centre.status(task.sid), 'assigned');
  assert.deepEqual(
    hooks.requests.map((r) => r.path),
    ['/assign', '/assign', '/assign', '/fallback'],
  );
  await hooks.stop();
});

test('rt: silence ends a try, and rp=rt tries again', async () => {
  let calls = 0;
  const sockets = new Set();
  const mute = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => ++calls);
  });
  await new Promise((resolve) => mute.listen(0, '127.0.0.1', resolve));
  await makeCentre(server, {
    eventCallbackUrl: `http://127.0.0.1:${mute.address().port}/#rt=100&rc=1&rp=rt`,
    eventsFilter: 'workflow.created',
  });
  await eventually(async () => (await deadLetters()).length, 1);
  const [letter] = await deadLetters();
  assert.deepEqual(
    [letter.attempts, letter.last_status, letter.last_error],
    [2, null, 'timed out'],
  );
  assert.equal(calls, 2);
  await server.fetch(`/plugboard/v1/DeadLetters/${letter.sid}`, { method: 'DELETE' });
  sockets.forEach((socket) => socket.destroy());
  await new Promise((resolve) => mute.close(resolve));
});

// --- dead letters ----------------------------------------------------------------------------------------------------------------

/** Lets every pause between the rounds of a delivery go by, until it is given up. */
async function giveUp(hooks, wanted) {
  for (let i = 0; i < 100; i++) {
    const found = await deadLetters();
    if (found.length >= wanted) return found;
    await server.turnClock(64_000);
  }
  assert.fail(`${wanted} dead letters`);
}

test('what was given up is kept, is sent again when asked, and lets the next one pass', async () => {
  let broken = true;
  const hooks = await hooksThat((r) => ({
    status: broken && JSON.parse(r.params.TaskAttributes).n === 1 ? 500 : 204,
  }));
  const centre = await makeCentre(server, {
    eventCallbackUrl: hooks.url('/'),
    eventsFilter: 'task.created',
  });
  await centre.task({ n: 1 });
  await centre.task({ n: 2 });
  const [letter] = await giveUp(hooks, 1);
  await hooks.next((r) => JSON.parse(r.params.TaskAttributes).n === 2);
  assert.deepEqual(told(hooks), [1, 1, 1, 1, 1, 1, 1, 1, 2]);
  assert.equal(letter.purpose, 'event');
  assert.equal(letter.attempts, 8);
  assert.equal(letter.last_status, 500);
  assert.equal(letter.last_error, 'status 500');
  assert.match(letter.subject, /^EV/);
  assert.equal(new URLSearchParams(letter.body).get('EventType'), 'task.created');

  assert.equal((await deadLetters('Purpose=assignment')).length, 0);
  assert.equal((await deadLetters(`Subject=${letter.subject}`)).length, 1);
  assert.equal((await deadLetters('CreatedAfter=2100-01-01T00:00:00Z')).length, 0);
  assert.equal((await deadLetters('CreatedAfter=2020-01-01T00:00:00Z')).length, 1);
  assert.equal((await deadLetters('CreatedBefore=2020-01-01T00:00:00Z')).length, 0);

  // Still broken: fresh attempts, and dead again.
  assert.equal((await post(`/DeadLetters/${letter.sid}/Redeliver`)).status, 200);
  assert.equal((await get(`/DeadLetters/${letter.sid}`)).status, 404);
  assert.equal((await post(`/DeadLetters/${letter.sid}/Redeliver`)).status, 404);
  const [again] = await giveUp(hooks, 1);
  assert.equal(again.sid, letter.sid);
  assert.equal(again.attempts, 8);
  assert.equal(hooks.requests.length, 17);

  broken = false;
  assert.equal((await post(`/DeadLetters/${letter.sid}/Redeliver`)).status, 200);
  await hooks.next((r) => hooks.requests.indexOf(r) === 17);
  await eventually(async () => (await get(`/DeadLetters/${letter.sid}`)).status, 404);
  await hooks.stop();
});

test('one sent again goes to the end of its lane', async () => {
  let wall;
  const hooks = await hooksThat((r) =>
    JSON.parse(r.params.TaskAttributes).n === 1 && !wall ? { status: 500 } : wall.answer(),
  );
  const centre = await makeCentre(server, {
    eventCallbackUrl: hooks.url('/#rc=0'),
    eventsFilter: 'task.created',
  });
  await centre.task({ n: 1 });
  await eventually(async () => (await deadLetters()).length, 1);
  const [letter] = await deadLetters();
  wall = gate();
  await centre.task({ n: 2 });
  await centre.task({ n: 3 });
  await post(`/DeadLetters/${letter.sid}/Redeliver`);
  await centre.task({ n: 4 });
  wall.open();
  await hooks.next((r) => JSON.parse(r.params.TaskAttributes).n === 4);
  assert.deepEqual(told(hooks), [1, 2, 3, 1, 4]);
  assert.deepEqual(await deadLetters(), []);
  await hooks.stop();
});

test('a failed assignment callback is a dead letter, too; after thirty days it is forgotten', async () => {
  const hooks = await hooksThat({ status: 500 });
  const centre = await makeCentre(server, {
    workflow: { assignmentCallbackUrl: hooks.url('/assign') },
  });
  const alice = await centre.agent('Alice', ['billing']);
  const task = await centre.task({ skill: 'billing' });
  await eventually(async () => (await deadLetters('Purpose=assignment')).length > 0, true);
  await centre.workspace.workers(alice).update({ activitySid: centre.activities.Offline });
  await centre.workspace.tasks(task.sid).remove();
  const [letter] = await deadLetters();
  assert.match(letter.subject, /^WR/);
  await server.turnClock(29 * 86_400_000);
  assert.notEqual((await deadLetters()).length, 0);
  await server.turnClock(3 * 86_400_000);
  assert.deepEqual(await deadLetters(), []);
  await hooks.stop();
});

test("another account's dead letters and events do not exist", async () => {
  await makeCentre(server);
  const account = await server.client.api.v2010.accounts.create({ friendlyName: 'A stranger' });
  const auth = [account.sid, account.authToken];
  const [event] = (await get('/EventLog?After=5&PageSize=1')).events;
  assert.equal(event.number, 6);
  assert.equal((await server.fetch(`/plugboard/v1/EventLog/${event.sid}`, { auth })).status, 404);
  const theirs = await (await server.fetch('/plugboard/v1/EventLog?After=5', { auth })).json();
  assert.ok(theirs.events.every((e) => e.account_sid === account.sid));
});

// --- the log -----------------------------------------------------------------------------------------------------------------------

test('the log has every event, by number, from any place on', async () => {
  const centre = await makeCentre(server);
  await Promise.all(upTo(30).map((n) => centre.task({ n })));
  const all = [];
  for (let path = '/EventLog?PageSize=100'; path;) {
    const page = await get(path);
    all.push(...page.events);
    path = page.meta.next_page_url && page.meta.next_page_url.replace(/^.*\/v1/, '');
  }
  assert.deepEqual(
    all.map((e) => e.number),
    upTo(all.length),
  );
  for (const last of [0, 1, 2, 17, 100, all.length >> 1, all.length - 1]) {
    const { events } = await get(`/EventLog?After=${last}&PageSize=7`);
    assert.deepEqual(events, all.slice(last, last + 7), `after ${last}`);
  }
  assert.deepEqual((await get(`/EventLog?After=${all.length}`)).events, []);
  assert.deepEqual((await get('/EventLog?After=999999999')).events, []);
  assert.equal((await get('/EventLog?After=-1')).status, 400);
  assert.equal((await get('/EventLog?After=soon')).status, 400);
  const created = (await get(`/EventLog?After=10&EventType=task.created&ScopeSid=${centre.sid}`))
    .events;
  assert.equal(created.length, 30);
  assert.equal(created[0].data.workspace_sid, centre.sid);
  assert.equal(created[0].at_ms - (created[0].at_ms % 1000), Date.parse(created[0].at));
  assert.deepEqual(await get(`/EventLog/${created[3].sid}`), { status: 200, ...created[3] });
});

test('the log is kept for a while, and says so to who asks for what is gone', async () => {
  await server.stop();
  server = await startServer({ args: ['--events-days', '2'] });
  const log = (after) => get(`/EventLog?After=${after}`);
  const { workspaces } = server.client.taskrouter.v1;
  await workspaces.create({ friendlyName: 'Old' });
  const old = (await log(0)).events.length;
  await server.turnClock(24 * 3600_000);
  await workspaces.create({ friendlyName: 'New' });
  const last = old + (await log(old)).events.length;
  await server.turnClock(25 * 3600_000);
  const { events } = await log(0);
  assert.deepEqual([events[0].number, events.length], [old + 1, last - old]);
  assert.deepEqual((await log(old)).events, events);
  const gone = await log(1);
  assert.deepEqual([gone.status, gone.code], [410, 20410]);
  assert.match(gone.message, new RegExp(`number 2 is gone, the log begins with ${old + 1}`));
  await server.turnClock(48 * 3600_000);
  assert.deepEqual((await log(0)).events, []);
  assert.deepEqual((await log(last)).events, []);
  assert.equal((await log(last - 1)).status, 410);
  await server.restart();
  await workspaces.create({ friendlyName: 'Later' });
  assert.equal((await log(0)).events[0].number, last + 1);
});
