// Enforce logout: nobody is offered to an empty chair. Agents come and go through the official SDK; the clock is turned.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';

// Tokens outlive the hours that the clock is turned.
const LONG = 20 * 3600;

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

const presence = async (centre, form, on = server) => {
  const where = `/plugboard/v1/Workspaces/${centre.sid}/Presence`;
  const answer = await on.fetch(where, form && { form });
  return { status: answer.status, ...(await answer.json()) };
};

/** A centre with one agent, and the ways to ask about her. */
async function begin({ on = server, settings, ...options } = {}) {
  const centre = await makeCentre(on, options);
  if (settings) assert.equal((await presence(centre, settings, on)).status, 200);
  const alice = await centre.agent('alice', ['billing']);
  return {
    ...centre,
    alice,
    open: (more = {}) =>
      on.worker({ workspaceSid: centre.sid, workerSid: alice, ttl: LONG, ...more }),
    activity: async () => (await centre.workspace.workers(alice).fetch()).activityName,
    moves: async () =>
      (
        await centre.workspace.events.list({
          workerSid: alice,
          eventType: 'worker.activity.update',
        })
      ).map((event) => event.eventData),
  };
}

/** Turns the clock until she is moved: the server hears of a window's end a moment after we asked for it. */
async function leaves(c, threshold) {
  for (let turns = 0; (await c.activity()) === 'Available'; turns++) {
    assert.ok(turns < 500, 'she is still there');
    await server.turnClock(threshold * 1000);
  }
}

test('what holds from the beginning, and what may be set', async () => {
  const plain = await makeCentre(server);
  const flex = await makeCentre(server, { friendlyName: 'Flex Task Assignment' });
  const seen = await presence(plain);
  assert.equal(seen.status, 200);
  assert.equal(seen.enforce_logout, false);
  assert.equal(seen.offline_threshold, 30);
  assert.equal(seen.logout_activity_sid, null);
  assert.equal(seen.workspace_sid, plain.sid);
  assert.equal(seen.account_sid, server.accountSid);
  assert.equal((await presence(flex)).enforce_logout, true);

  const set = await presence(flex, {
    OfflineThreshold: 5,
    LogoutActivitySid: flex.activities.Unavailable,
  });
  assert.equal(set.enforce_logout, true, 'what is not said stays as it was');
  assert.equal(set.offline_threshold, 5);
  assert.equal(set.logout_activity_sid, flex.activities.Unavailable);
  assert.deepEqual(await presence(flex), set);
  assert.equal((await presence(flex, { LogoutActivitySid: '' })).logout_activity_sid, null);
  assert.equal((await presence(flex, { EnforceLogout: 'false' })).enforce_logout, false);

  for (const form of [
    { OfflineThreshold: 4 },
    { OfflineThreshold: 3601 },
    { LogoutActivitySid: plain.activities.Offline },
    { LogoutActivitySid: flex.activities.Available },
  ])
    assert.equal((await presence(flex, form)).status, 400, JSON.stringify(form));
  assert.equal((await presence(flex)).offline_threshold, 5);
  assert.equal((await presence({ sid: `WS${'0'.repeat(32)}` })).status, 404);
});

test('whoever is unreachable for too long is logged out, once, and the event says why', async () => {
  const c = await begin({ settings: { EnforceLogout: true, OfflineThreshold: 40 } });
  const window = await c.open();
  await server.turnClock(3_000_000);
  assert.equal(await c.activity(), 'Available', 'she is there');
  window.disconnect();
  await leaves(c, 40);
  assert.equal(await c.activity(), 'Offline');
  const [move, ...more] = await c.moves();
  assert.equal(more.length, 0);
  assert.equal(move.reason, 'Logged out by the server: unreachable for more than 40 s');
  assert.equal(move.worker_previous_activity_name, 'Available');
  await server.turnClock(600_000);
  assert.equal((await c.moves()).length, 1);
  // an ordinary move has no such words
  await c.workspace.workers(c.alice).update({ activitySid: c.activities.Available });
  const [newest] = await c.moves();
  assert.equal(newest.worker_activity_name, 'Available');
  assert.equal('reason' in newest, false);
});

test('coming back in time changes nothing; the last of several windows counts', async () => {
  const c = await begin({ settings: { EnforceLogout: true } });
  const first = await c.open();
  const second = await c.open();
  first.disconnect();
  await server.turnClock(600_000);
  assert.equal(await c.activity(), 'Available', 'the second window is open');
  second.disconnect();
  await server.turnClock(20_000);
  const third = await c.open();
  await server.turnClock(600_000);
  assert.equal(await c.activity(), 'Available', 'she came back');
  assert.equal((await c.moves()).length, 0);
  third.disconnect();
  await leaves(c, 30);
  assert.equal((await c.moves()).length, 1);
});

test('off is off; a window may have its own way', async () => {
  const off = await begin({
    friendlyName: 'Flex Task Assignment',
    settings: { EnforceLogout: false },
  });
  (await off.open()).disconnect();
  const asked = await begin();
  (await asked.open({ setWorkerOfflineIfDisconnected: true })).disconnect();
  const against = await begin({ settings: { EnforceLogout: true } });
  (await against.open({ setWorkerOfflineIfDisconnected: false })).disconnect();
  await leaves(asked, 30);
  await server.turnClock(600_000);
  assert.equal(await off.activity(), 'Available');
  assert.equal(await against.activity(), 'Available');
});

test('the logout activity is the one that was set, for as long as it is there', async () => {
  const c = await begin({ settings: { EnforceLogout: true } });
  const { sid } = await c.workspace.activities.create({ friendlyName: 'Gone home' });
  await presence(c, { LogoutActivitySid: sid });
  (await c.open()).disconnect();
  await leaves(c, 30);
  assert.equal(await c.activity(), 'Gone home');
  await c.workspace.workers(c.alice).update({ activitySid: c.activities.Available });
  await c.workspace.activities(sid).remove();
  assert.equal((await presence(c)).logout_activity_sid, null);
  (await c.open()).disconnect();
  await leaves(c, 30);
  assert.equal(await c.activity(), 'Offline');
});

test('settings go with their workspace', async () => {
  const { sid, workspace } = await makeCentre(server);
  assert.equal((await presence({ sid }, { EnforceLogout: true })).status, 200);
  for (const queue of await workspace.workflows.list())
    await workspace.workflows(queue.sid).remove();
  await workspace.remove();
  assert.equal((await presence({ sid })).status, 404);
  const other = await begin({ settings: { EnforceLogout: true, OfflineThreshold: 3600 } });
  assert.equal((await presence(other)).offline_threshold, 3600);
});

test('after the power was gone, an agent who does not come back is logged out', async () => {
  const own = await startServer();
  after(() => own.stop());
  const c = await begin({ on: own, settings: { EnforceLogout: true, OfflineThreshold: 50 } });
  const window = await c.open();
  await own.kill9();
  window.disconnect();
  await own.restart();
  assert.equal((await presence(c, undefined, own)).offline_threshold, 50);
  await own.turnClock(49_000);
  assert.equal(
    (await own.client.taskrouter.v1.workspaces(c.sid).workers(c.alice).fetch()).activityName,
    'Available',
  );
  await own.turnClock(2_000);
  assert.equal(
    (await own.client.taskrouter.v1.workspaces(c.sid).workers(c.alice).fetch()).activityName,
    'Offline',
  );
});
