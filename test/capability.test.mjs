// The first TaskRouter SDK (taskrouter.js 1.x in a page) and its capability tokens: signed with the account's auth token, by the
// official helper, with a list of URLs in them. What that SDK sends is sent by hand here.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import twilio from 'twilio';
import util from 'twilio/lib/jwt/taskrouter/util.js';
import WebSocket from 'ws';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';

const { TaskRouterCapability } = twilio.jwt.taskrouter;
const { Policy } = TaskRouterCapability;

let server;
let centre;
before(async () => {
  server = await startServer();
  centre = await makeCentre(server);
});
after(() => server.stop());

/** A token as applications make one. more: further policies; authToken: another key. */
function tokenFor(channelId, more = [], { authToken = server.authToken, bridge = true, ttl } = {}) {
  const { accountSid } = server;
  const workspaceSid = centre.sid;
  const token = new TaskRouterCapability({ accountSid, authToken, workspaceSid, channelId, ttl });
  if (bridge)
    util.defaultEventBridgePolicies(accountSid, channelId).forEach((p) => token.addPolicy(p));
  if (channelId.startsWith('WK'))
    util.defaultWorkerPolicies('v1', workspaceSid, channelId).forEach((p) => token.addPolicy(p));
  more.forEach((p) => token.addPolicy(new Policy({ allow: true, ...p })));
  return token.toJwt();
}

/** The same token with one more policy that denies, which Node's helper cannot say. */
function denying(token, policy) {
  const [header, payload] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  claims.policies.push({ ...policy, allow: false });
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', server.authToken).update(signed).digest('base64url')}`;
}

const channelPath = (channel, account = server.accountSid) =>
  `/event-bridge/v1/wschannels/${account}/${channel}`;

/** One of the SDK's requests; url is below the workspace. */
async function ask(channel, token, method, url, params, more = {}) {
  const workspace = `https://taskrouter.twilio.com/v1/Workspaces/${centre.sid}`;
  const answer = await server.fetch(channelPath(channel), {
    auth: null,
    method: 'POST',
    body: JSON.stringify({
      url: url.includes('://') ? url : workspace + url,
      method,
      params,
      token,
      ...more,
    }),
  });
  return { status: answer.status, ...(await answer.json()) };
}

/** The SDK's socket, and what it heard: socket.heard = [{event_type, payload}]. */
async function listen(channel, token, more = '') {
  const url = `${server.url.replace('http', 'ws')}${channelPath(channel)}?token=${token}${more}`;
  const socket = new WebSocket(url);
  socket.heard = [];
  socket.on('message', (text) => {
    if (String(text).trim()) socket.heard.push(JSON.parse(text));
    socket.emit('heard');
  });
  await once(socket, 'open');
  return socket;
}

async function hear(socket, type) {
  const signal = AbortSignal.timeout(10_000);
  for (;;) {
    const found = socket.heard.find((event) => event.event_type === type);
    if (found) return found.payload;
    await once(socket, 'heard', { signal });
  }
}

async function refusedWith(channel, token) {
  const url = `${server.url.replace('http', 'ws')}${channelPath(channel)}?token=${token}`;
  const socket = new WebSocket(url);
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  socket.terminate();
  return response.statusCode;
}

const url = (path) => `https://taskrouter.twilio.com/v1/Workspaces/${centre.sid}${path}`;

test('a page of the first SDK takes a request from offer to completion', async () => {
  const alice = await centre.agent('alice', ['billing'], { activity: 'Offline' });
  const token = tokenFor(alice, [
    {
      url: url(`/Workers/${alice}`),
      method: 'POST',
      postFilter: { ActivitySid: { required: true } },
    },
    {
      url: url('/Tasks/*/Reservations/*'),
      method: 'POST',
      postFilter: { ReservationStatus: { required: true } },
    },
    { url: url('/Tasks/**'), method: 'POST' },
  ]);
  const socket = await listen(alice, token, '&closeExistingSessions=false');
  const init = await hear(socket, 'init');
  assert.equal(init.channel_id, alice);
  assert.equal(init.account_sid, server.accountSid);

  const ready = await ask(alice, token, 'GET', `/Workers/${alice}`, undefined, {
    event_type: 'ready',
  });
  assert.equal(ready.status, 200);
  assert.equal(ready.event_type, 'ready');
  assert.equal(ready.payload.sid, alice);
  assert.equal(JSON.parse(ready.payload.attributes).skills[0], 'billing');
  assert.equal(ready.payload.activity_name, 'Offline');

  const none = await ask(alice, token, 'GET', `/Workers/${alice}/Reservations`, {
    ReservationStatus: 'pending',
  });
  assert.equal(none.payload.meta.key, 'reservations');
  assert.deepEqual(none.payload.reservations, []);

  const moved = await ask(alice, token, 'POST', `/Workers/${alice}`, {
    ActivitySid: centre.activities.Available,
  });
  assert.equal(moved.payload.activity_name, 'Available');
  assert.equal((await hear(socket, 'worker.activity.update')).activity_name, 'Available');

  const task = await centre.task({ skill: 'billing', name: 'Eve' });
  const offer = await hear(socket, 'reservation.created');
  assert.equal(offer.sid, task.sid, 'a task with the sid of a reservation');
  assert.equal(JSON.parse(offer.attributes).name, 'Eve');
  const reservation = `/Tasks/${offer.sid}/Reservations/${offer.reservation_sid}`;
  const fetched = await ask(alice, token, 'GET', reservation);
  assert.equal(fetched.payload.task_sid, task.sid);
  assert.equal(fetched.payload.reservation_status, 'pending');
  const accepted = await ask(alice, token, 'POST', reservation, { ReservationStatus: 'accepted' });
  assert.equal(accepted.payload.reservation_status, 'accepted');
  assert.equal((await hear(socket, 'reservation.accepted')).reservation_sid, offer.reservation_sid);

  const done = await ask(alice, token, 'POST', `/Tasks/${task.sid}`, {
    AssignmentStatus: 'completed',
    Reason: 'all said',
  });
  assert.equal(done.payload.assignment_status, 'completed');
  await hear(socket, 'reservation.completed');
  socket.close();
});

test('what no policy names is refused, and nothing has happened', async () => {
  const bob = await centre.agent('bob', []);
  const carl = await centre.agent('carl', []);
  const plain = tokenFor(bob);
  const refused = async (token, ...request) => {
    const answer = await ask(bob, token, ...request);
    assert.equal(answer.status, 403, request.join(' '));
  };
  await refused(plain, 'POST', `/Workers/${bob}`, { ActivitySid: centre.activities.Offline });
  await refused(plain, 'GET', `/Workers/${carl}`);
  await refused(plain, 'GET', `/Workers/${bob}/Channels`);
  await refused(plain, 'GET', '/TaskQueues');
  await refused(plain, 'GET', '');
  await refused(plain, 'DELETE', `/Workers/${bob}`);
  await refused(
    plain,
    'GET',
    `https://api.twilio.com/2010-04-01/Accounts/${server.accountSid}.json`,
  );
  await refused(plain, 'GET', 'https://taskrouter.twilio.com/v1/Workspaces');
  const narrow = tokenFor(bob, [
    {
      url: url(`/Workers/${bob}`),
      method: 'POST',
      postFilter: { ActivitySid: { required: true } },
    },
  ]);
  await refused(narrow, 'POST', `/Workers/${bob}`, { Attributes: '{}' });
  await refused(narrow, 'POST', `/Workers/${bob}`, {
    ActivitySid: centre.activities.Offline,
    Attributes: '{"skills":["all"]}',
  });
  const worker = await centre.workspace.workers(bob).fetch();
  assert.equal(worker.activityName, 'Available');
  assert.equal(worker.attributes, '{"skills":[]}');
  // the plain API is closed to such a token
  const plainApi = await server.fetch(`/taskrouter/v1/Workspaces/${centre.sid}`, {
    auth: ['token', plain],
  });
  assert.equal(plainApi.status, 403);
});

test('a denial outweighs', async () => {
  const dora = await centre.agent('dora', []);
  const token = tokenFor(dora, [{ url: url('/**'), method: 'GET' }]);
  assert.equal((await ask(dora, token, 'GET', '/TaskQueues')).status, 200);
  const less = denying(token, { url: url('/TaskQueues/**'), method: 'GET' });
  assert.equal((await ask(dora, less, 'GET', '/TaskQueues')).status, 403);
  assert.equal((await ask(dora, less, 'GET', '/Activities')).status, 200);
});

test('a supervisor of the whole workspace, page by page', async () => {
  const token = tokenFor(centre.sid, [
    { url: url(''), method: 'GET' },
    { url: url('/Workers/**'), method: 'GET' },
    { url: url('/TaskQueues/**'), method: 'POST' },
    { url: url('/TaskQueues/**'), method: 'DELETE' },
  ]);
  const socket = await listen(centre.sid, token);
  assert.equal((await hear(socket, 'init')).channel_id, centre.sid);
  socket.close();
  const ready = await ask(centre.sid, token, 'GET', '/', undefined, { event_type: 'ready' });
  assert.equal(ready.payload.sid, centre.sid);

  await centre.agent('one', []);
  await centre.agent('two', []);
  const first = await ask(centre.sid, token, 'GET', '/Workers', { PageSize: '1' });
  assert.equal(first.payload.workers.length, 1);
  assert.match(first.payload.meta.next_page_url, /\/taskrouter\/v1\/Workspaces\//);
  const second = await ask(centre.sid, token, 'GET', first.payload.meta.next_page_url);
  assert.equal(second.payload.workers.length, 1);
  assert.notEqual(second.payload.workers[0].sid, first.payload.workers[0].sid);

  const made = await ask(centre.sid, token, 'POST', '/TaskQueues', {
    FriendlyName: 'new',
    TargetWorkers: '1==1',
  });
  assert.equal(made.status, 200);
  assert.match(made.payload.sid, /^WQ/);
  const queue = tokenFor(made.payload.sid, [
    { url: url(`/TaskQueues/${made.payload.sid}`), method: 'GET' },
  ]);
  (await listen(made.payload.sid, queue)).close();
  assert.equal(
    (await ask(made.payload.sid, queue, 'GET', `/TaskQueues/${made.payload.sid}`)).payload
      .friendly_name,
    'new',
  );
  const gone = await ask(centre.sid, token, 'DELETE', `/TaskQueues/${made.payload.sid}`);
  assert.deepEqual([gone.status, gone.payload], [200, null]);
  const missing = await ask(centre.sid, token, 'DELETE', `/TaskQueues/${made.payload.sid}`);
  assert.deepEqual([missing.status, missing.code], [404, 20404]);
});

test('both auth tokens sign; a wrong one, an old one, another channel do not', async () => {
  const emil = await centre.agent('emil', []);
  const other = await centre.agent('other', []);
  const status = async (token, channel = emil) =>
    (await ask(channel, token, 'GET', '/Activities')).status;
  assert.equal(await status(tokenFor(emil)), 200);
  assert.equal(await status(tokenFor(emil, [], { authToken: 'f'.repeat(32) })), 401);
  const second = await server.client.accounts.v1.secondaryAuthToken().create();
  const signed = tokenFor(emil, [], { authToken: second.secondaryAuthToken });
  assert.equal(await status(signed), 200);
  await server.client.accounts.v1.secondaryAuthToken().remove();
  assert.equal(await status(signed), 401);
  assert.equal(await status(tokenFor(emil), other), 403);
  assert.equal(await status(tokenFor(emil, [], { bridge: false })), 403);
  assert.equal(await refusedWith(emil, tokenFor(emil, [], { bridge: false })), 403);
  assert.equal(await refusedWith(other, tokenFor(emil)), 403);
  assert.equal(await refusedWith(emil, 'nonsense'), 401);
  const nobody = `WK${'0'.repeat(32)}`;
  assert.equal(await refusedWith(nobody, tokenFor(nobody)), 403);

  const short = tokenFor(emil, [], { ttl: 60 });
  const socket = await listen(emil, short);
  const closed = once(socket, 'close');
  await server.turnClock(61_000);
  const [code, reason] = await closed;
  assert.deepEqual([code, String(reason)], [1000, 'Token expired']);
  assert.equal(await status(short), 401);
});

test('requests of the newer kind are held to the policies, too', async () => {
  const fred = await centre.agent('fred', []);
  const token = tokenFor(fred);
  const send = async (where, method, params) => {
    const body = JSON.stringify({ url: where, method, params, token });
    const answer = await server.fetch(channelPath(fred), { auth: null, method: 'POST', body });
    return answer.status;
  };
  assert.equal(await send(`Workspaces/${centre.sid}/Workers/${fred}`, 'GET'), 200);
  assert.equal(await send(`Workspaces/${centre.sid}/Activities`, 'GET'), 200);
  assert.equal(
    await send(`Workspaces/${centre.sid}/Workers/${fred}`, 'POST', {
      ActivitySid: centre.activities.Offline,
    }),
    403,
  );
  assert.equal(await send(`Workspaces/${centre.sid}/Workers`, 'GET'), 403);
});

test('an auth token that is too short a key is said so at the start', async () => {
  const short = await startServer({ env: { TWILIO_AUTH_TOKEN: 'short' } });
  after(() => short.stop());
  assert.match(short.log, /account\.short_token/);
  assert.doesNotMatch(server.log, /account\.short_token/);
});
