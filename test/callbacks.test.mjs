// What a workspace and a workflow tell the customer's own server, signed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

const hooksThat = (answer) => startWebhooks({ authToken: server.authToken, answer });

test('each event is told, with its facts and a signature', async () => {
  const hooks = await hooksThat({ status: 204 });
  const centre = await makeCentre(server, { eventCallbackUrl: hooks.url('/events') });
  await centre.agent('Alice', ['billing']);
  const task = await centre.task({ skill: 'billing' });
  const created = (await hooks.next((r) => r.params.EventType === 'task.created')).params;
  assert.equal(created.TaskSid, task.sid);
  assert.equal(created.WorkspaceSid, centre.sid);
  assert.equal(created.AccountSid, server.accountSid);
  assert.deepEqual(JSON.parse(created.TaskAttributes), { skill: 'billing' });
  const reserved = (await hooks.next((r) => r.params.EventType === 'reservation.created')).params;
  assert.equal(reserved.WorkerName, 'Alice');
  assert.equal(reserved.TaskQueueName, 'billing');
  assert.match(reserved.TimestampMs, /^\d{13}$/);
  await hooks.stop();
});

test('a filter lets through what it names, and nothing else', async () => {
  const hooks = await hooksThat({ status: 204 });
  const centre = await makeCentre(server, {
    eventCallbackUrl: hooks.url('/events'),
    eventsFilter: 'task.created, task.canceled',
  });
  const task = await centre.task();
  await centre.workspace.tasks(task.sid).update({ assignmentStatus: 'canceled', reason: 'test' });
  await hooks.next((r) => r.params.EventType === 'task.canceled');
  assert.deepEqual([...new Set(hooks.requests.map((r) => r.params.EventType))].sort(), [
    'task.canceled',
    'task.created',
  ]);
  await hooks.stop();
});

test('an event that was not taken is told again, later', async () => {
  let refusals = 2;
  const hooks = await hooksThat(() => ({ status: refusals-- > 0 ? 500 : 204 }));
  const centre = await makeCentre(server, {
    eventCallbackUrl: hooks.url('/events'),
    eventsFilter: 'task.created',
  });
  const task = await centre.task();
  for (const pause of [0, 1_000, 2_000]) {
    await server.turnClock(pause);
    assert.equal((await hooks.next()).params.TaskSid, task.sid);
    // The answer comes back as a command: a write behind it sees what it changed.
    await settled(centre);
  }
  await server.turnClock(3_600_000);
  assert.equal(hooks.requests.length, 3);
  await hooks.stop();
});

/** Lets what a webhook's answer set in motion come to rest: the server has no deliveries under way. */
async function settled(centre) {
  for (let i = 0; i < 200; i++) {
    const before = await metric('ledger_commands_total');
    await centre.workspace.update({ friendlyName: `Centre ${Math.random()}` });
    if ((await metric('ledger_commands_total')) === before + 1 && i > 20) return;
  }
}

async function metric(name) {
  const text = await (await server.fetch('/metrics')).text();
  return Number(new RegExp(`^plugboard_${name} (\\d+)$`, 'm').exec(text)[1]);
}

const workflow = (hooks, more = {}) => ({
  workflow: { assignmentCallbackUrl: hooks.url('/assign'), ...more },
});

/** Asks again until it is so; each question is a request, so this does not spin faster than the server answers. */
async function eventually(question, wanted) {
  let seen;
  for (let i = 0; i < 500; i++) {
    seen = await question();
    if (seen === wanted) return;
  }
  assert.equal(seen, wanted);
}

test('an assignment callback may accept', async () => {
  const hooks = await hooksThat({ instruction: 'accept' });
  const centre = await makeCentre(server, workflow(hooks));
  await centre.agent('Alice', ['billing']);
  const task = await centre.task({ skill: 'billing' });
  const asked = (await hooks.next()).params;
  assert.equal(asked.TaskSid, task.sid);
  assert.match(asked.ReservationSid, /^WR/);
  await eventually(() => centre.status(task.sid), 'assigned');
  await hooks.stop();
});

test('an assignment callback may reject, and say what the worker is from now on', async () => {
  let centre;
  const hooks = await hooksThat(() => ({
    instruction: 'reject',
    activity_sid: centre.activities.Break ?? centre.activities.Unavailable,
  }));
  centre = await makeCentre(server, workflow(hooks));
  const alice = await centre.agent('Alice', ['billing']);
  const task = await centre.task({ skill: 'billing' });
  await eventually(() => centre.status(task.sid), 'pending');
  assert.equal((await centre.workspace.workers(alice).fetch()).available, false);
  await hooks.stop();
});

test('when the callback fails the fallback is asked; when both fail the reservation is canceled', async () => {
  const hooks = await hooksThat((request) =>
    request.path === '/fallback' ? { instruction: 'accept' } : { status: 500 },
  );
  const saved = await makeCentre(
    server,
    workflow(hooks, { fallbackAssignmentCallbackUrl: hooks.url('/fallback') }),
  );
  await saved.agent('Alice', ['billing']);
  const task = await saved.task({ skill: 'billing' });
  await eventually(() => saved.status(task.sid), 'assigned');

  const lost = await makeCentre(server, workflow(hooks));
  const alice = await lost.agent('Alice', ['billing']);
  const other = await lost.task({ skill: 'billing' });
  await hooks.next((r) => r.params.TaskSid === other.sid);
  await eventually(async () => (await lost.offers(other.sid))[0].status, 'canceled');
  await lost.workspace.workers(alice).update({ activitySid: lost.activities.Offline });
  await hooks.stop();
});
