// What an agent's desktop does with a conversation: through the event bridge, with the agent's own token.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';
import { nextEvent, workerToken } from './support/worker.mjs';

let server, key, chat, flex;
before(async () => {
  server = await startServer();
  key = await server.client.newSigningKeys.create({ friendlyName: 'agents' });
  chat = server.client.conversations.v1;
  flex = server.client.flexApi.v1;
});
after(() => server.stop());

async function begin() {
  const centre = await makeCentre(server);
  const tokenOf = (workerSid, more = {}) =>
    workerToken(server.accountSid, key, { workspaceSid: centre.sid, workerSid, ...more });
  /** What Flex's SDK sends, as that agent. */
  const send = async (workerSid, method, url, params = {}, more = {}) => {
    const answer = await server.fetch('/event-bridge/v1/wschannels', {
      json: { url, method, params, token: tokenOf(workerSid, more), apiVersion: 'v2' },
      auth: null,
    });
    const body = await answer.json();
    return { http: answer.status, ...(body.payload ?? body) };
  };
  return {
    ...centre,
    tokenOf,
    send,
    async interaction(attributes = {}) {
      const conversation = await chat.conversations.create({});
      const identity = `guest-${Math.random()}`;
      await chat.conversations(conversation.sid).participants.create({ identity });
      const made = await flex.interaction.create({
        channel: JSON.stringify({
          type: 'web',
          initiated_by: 'customer',
          properties: { media_channel_sid: conversation.sid },
        }),
        routing: JSON.stringify({
          properties: { workspace_sid: centre.sid, workflow_sid: centre.workflowSid, attributes },
        }),
      });
      return {
        sid: made.sid,
        identity,
        conversationSid: conversation.sid,
        taskSid: made.routing.properties.sid,
        path: `v1/Interactions/${made.sid}/Channels/${made.channel.sid}`,
        transfers: `v1/Instances/GO${server.accountSid.slice(2)}/Interactions/${made.sid}/Channels/${made.channel.sid}/Transfers`,
        say: (body) =>
          chat.conversations(conversation.sid).messages.create({ author: identity, body }),
        state: async () => (await chat.conversations(conversation.sid).fetch()).state,
      };
    },
    /** The agent's socket, without the SDK, which does not know these events: what it hears is in `heard`. */
    async socket(workerSid) {
      const address = server.url.replace(/^http/, 'ws');
      const socket = new WebSocket(
        `${address}/event-bridge/v1/wschannels?token=${tokenOf(workerSid)}`,
      );
      const heard = [];
      await once(socket, 'message');
      let look = () => {};
      socket.on('message', (data) => {
        heard.push(JSON.parse(data));
        look();
      });
      await send(workerSid, 'GET', `Workspaces/${centre.sid}/Workers/${workerSid}/Reservations`);
      return {
        close: () => socket.close(),
        async next(type) {
          for (;;) {
            const at = heard.findIndex((event) => event.event_type === type);
            if (at >= 0) return heard.splice(0, at + 1).at(-1).payload;
            await new Promise((resolve) => (look = resolve));
          }
        },
      };
    },
  };
}

test('an agent with the official SDK: offered, accepted, parked, resumed, wrapped up', async () => {
  const c = await begin();
  const aliceSid = await c.agent('alice', []);
  const alice = await server.worker({ workspaceSid: c.sid, workerSid: aliceSid });
  const offered = nextEvent(alice, 'reservationCreated');
  const i = await c.interaction({ order: 3 });
  const reservation = await offered;
  const { flexInteractionSid, flexInteractionChannelSid, conversationSid } =
    reservation.task.attributes;
  assert.equal(flexInteractionSid, i.sid);
  assert.equal(conversationSid, i.conversationSid);
  await reservation.accept();

  const path = `v1/Interactions/${flexInteractionSid}/Channels/${flexInteractionChannelSid}`;
  const channel = await c.send(aliceSid, 'GET', path);
  assert.equal(channel.status, 'active');
  const { participants } = await c.send(aliceSid, 'GET', `${path}/Participants`);
  assert.deepEqual(participants.map((one) => one.type).sort(), ['agent', 'customer']);

  const completed = nextEvent(reservation, 'completed');
  const parked = await c.send(aliceSid, 'PUT', path, {
    status: 'inactive',
    routing: { status: 'closed', resume: 'worker' },
  });
  assert.equal(parked.status, 'inactive', JSON.stringify(parked));
  await completed;
  const { content } = await c.send(aliceSid, 'GET', 'v1/Channels');
  assert.deepEqual(
    content.map((one) => one.sid),
    [flexInteractionChannelSid],
  );

  const back = nextEvent(alice, 'reservationCreated');
  const resumed = await c.send(aliceSid, 'PUT', path, { status: 'active' });
  assert.equal(resumed.status, 'active', JSON.stringify(resumed));
  const again = await back;
  assert.equal(again.task.attributes.flexInteractionSid, i.sid);
  await again.accept();
  assert.equal(await i.state(), 'active');
  const wrapping = nextEvent(again, 'wrapup');
  await c.send(aliceSid, 'POST', path, { Status: 'closed' });
  await wrapping;
  assert.equal(await i.state(), 'closed');
  await again.complete();
});

test('who works in a channel hears who comes and goes', async () => {
  const c = await begin();
  const alice = await c.agent('alice', []);
  const socket = await c.socket(alice);
  const i = await c.interaction();
  await c.move(i.taskSid, (await socket.next('reservation.created')).sid, 'accepted');
  const added = await socket.next('participant.added');
  assert.equal(added.type, 'agent');
  assert.equal(added.worker_sid, alice);
  assert.equal(added.routing_properties.task_sid, i.taskSid);
  assert.equal(added.interaction_sid, i.sid);

  const bob = await c.agent('bob', []);
  const invite = await c.send(alice, 'POST', `${i.path}/Invites`, {
    routing: { properties: { workspace_sid: c.sid, worker_sid: bob } },
  });
  assert.equal(invite.http, 200, JSON.stringify(invite));
  const taken = await c.send(bob, 'PUT', `${i.path}/Invites/${invite.sid}`, { status: 'accepted' });
  assert.equal(taken.http, 200, JSON.stringify(taken));
  assert.equal((await socket.next('participant.added')).worker_sid, bob);
  const { participants } = await c.send(bob, 'GET', `${i.path}/Participants`);
  const part = participants.find((one) => one.routing_properties?.worker_sid === bob);
  const notHis = participants.find((one) => one.routing_properties?.worker_sid === alice);
  assert.equal(
    (await c.send(bob, 'PUT', `${i.path}/Participants/${notHis.sid}`, { status: 'closed' })).http,
    403,
  );
  const gone = await c.send(bob, 'PUT', `${i.path}/Participants/${part.sid}`, { status: 'closed' });
  assert.equal(gone.http, 200, JSON.stringify(gone));
  assert.equal((await socket.next('participant.removed')).worker_sid, bob);
  assert.equal(await i.state(), 'active');
  socket.close();
});

test('an agent hands on', async () => {
  const c = await begin();
  const alice = await c.agent('alice', []);
  const i = await c.interaction();
  const [offer] = await c.offers(i.taskSid);
  await c.move(i.taskSid, offer.sid, 'accepted');
  const bob = await c.agent('bob', []);
  const made = await c.send(alice, 'POST', i.transfers, { type: 'cold', to: bob });
  assert.equal(made.status, 'active', JSON.stringify(made));
  const pending = (await c.offers(i.taskSid)).find((one) => one.status === 'pending');
  await c.move(i.taskSid, pending.sid, 'accepted');
  assert.equal((await c.send(bob, 'GET', `${i.transfers}/${made.sid}`)).status, 'completed');
  const warm = await c.send(bob, 'POST', i.transfers, { type: 'warm', to: c.queues.billing });
  assert.equal(warm.status, 'active', JSON.stringify(warm));
  const back = await c.send(bob, 'PUT', `${i.transfers}/${warm.sid}`, { status: 'canceled' });
  assert.equal(back.status, 'failed');
  assert.equal(await c.status(i.taskSid), 'assigned');
});

test('an agent begins to write', async () => {
  const c = await begin();
  const alice = await c.agent('alice', []);
  const made = await c.send(alice, 'POST', 'v1/Interactions', {
    channel: {
      type: 'sms',
      initiated_by: 'agent',
      participants: [{ address: '+15550170', proxy_address: '+15550171' }],
    },
    routing: {
      properties: { workspace_sid: c.sid, worker_sid: alice, queue_sid: c.queues.everyone },
    },
  });
  assert.match(made.sid ?? '', /^KD/, JSON.stringify(made));
  const [offer] = await c.offers(made.routing.properties.sid);
  await c.move(made.routing.properties.sid, offer.sid, 'accepted');
  const shown = await c.send(alice, 'GET', `v1/Interactions/${made.sid}/Channels`);
  assert.equal(shown.channels[0].status, 'active');
  assert.equal((await c.send(alice, 'GET', `v1/Interactions/${made.sid}`)).sid, made.sid);
});

test('a transfer of the worker SDK’s own is one of the interaction', async () => {
  const c = await begin();
  const aliceSid = await c.agent('alice', []);
  const alice = await server.worker({ workspaceSid: c.sid, workerSid: aliceSid });
  const offered = nextEvent(alice, 'reservationCreated');
  const i = await c.interaction();
  const reservation = await offered;
  await reservation.accept();
  const bob = await c.agent('bob', []);
  await reservation.task.transfer(bob, { mode: 'WARM' });
  assert.equal((await c.send(aliceSid, 'GET', i.path)).status, 'transfer');
  const pending = (await c.offers(i.taskSid)).find((one) => one.status === 'pending');
  await c.move(i.taskSid, pending.sid, 'accepted');
  assert.equal((await c.send(aliceSid, 'GET', i.path)).status, 'active');
});

test('nobody touches what is not his', async () => {
  const c = await begin();
  const alice = await c.agent('alice', []);
  const i = await c.interaction();
  const [offer] = await c.offers(i.taskSid);
  await c.move(i.taskSid, offer.sid, 'accepted');
  const mallory = await c.agent('mallory', [], { activity: 'Offline' });
  for (const [method, url, params] of [
    ['GET', `v1/Interactions/${i.sid}`],
    ['GET', `v1/Interactions/${i.sid}/Channels`],
    [
      'POST',
      'v1/Interactions', // to walk into a conversation of somebody else's
      {
        channel: {
          type: 'web',
          initiated_by: 'api',
          properties: { media_channel_sid: i.conversationSid },
        },
        routing: { properties: { worker_sid: mallory } },
      },
    ],
    ['GET', i.path],
    ['PUT', i.path, { status: 'closed' }],
    ['GET', `${i.path}/Participants`],
    ['GET', `${i.path}/Invites`],
    ['POST', `${i.path}/Invites`, { routing: {} }],
    ['POST', `${i.path}/Participants`, { type: 'agent', mediaProperties: {} }],
    ['POST', i.transfers, { type: 'cold', to: mallory }],
  ])
    assert.equal((await c.send(mallory, method, url, params)).http, 403, `${method} ${url}`);
  assert.equal((await c.send(mallory, 'GET', i.path, {}, { role: 'supervisor' })).http, 200);
  assert.equal(await i.state(), 'active');

  const other = await begin();
  const j = await other.interaction();
  assert.equal(
    (
      await c.send(
        alice,
        'GET',
        `${i.path.split('/Channels')[0]}/${j.path.split('/').slice(3).join('/')}`,
      )
    ).http,
    404,
  );
  assert.equal((await c.send(alice, 'PUT', i.path, { status: 'asleep' })).http, 400);
  assert.equal((await c.send(alice, 'PUT', i.path, { status: 'inactive' })).http, 400);
});

test('a parked conversation that an agent has no room to take again is parked still', async () => {
  const c = await begin();
  const alice = await c.agent('alice');
  const offered = async (i) => (await c.offers(i.taskSid))[0].sid;
  const parked = await c.interaction();
  await c.move(parked.taskSid, await offered(parked), 'accepted');
  await c.send(alice, 'PUT', parked.path, { status: 'pause' });
  const other = await c.interaction();
  await c.move(other.taskSid, await offered(other), 'accepted');

  const resumed = await c.send(alice, 'PUT', parked.path, { status: 'active' });
  assert.equal(resumed.http, 200, JSON.stringify(resumed));
  assert.equal((await c.send(alice, 'GET', parked.path)).status, 'inactive');
  assert.equal(await parked.state(), 'inactive');
  await parked.say('Anybody?');
  assert.equal((await c.send(alice, 'GET', parked.path)).status, 'active');
  assert.equal(await parked.state(), 'active');
});

test('as @twilio/flex-sdk words it: action, pause and resume, a page of what is paused, transfers', async () => {
  const c = await begin();
  const alice = await c.agent('alice');
  for (const channel of await c.workspace.workers(alice).workerChannels.list())
    await c.workspace.workers(alice).workerChannels(channel.sid).update({ capacity: 5 });
  const [one, two] = [await c.interaction(), await c.interaction({ name: 'Ada' })];
  const inviteOf = async (i) =>
    JSON.parse((await c.workspace.tasks(i.taskSid).fetch()).attributes).flexChannelInviteSid;
  const take = async (i, action) =>
    c.send(alice, 'POST', `${i.path}/Invites/${await inviteOf(i)}`, {
      action,
      routing: { type: 'taskrouter', reservation: { sid: (await c.offers(i.taskSid))[0].sid } },
    });
  const paused = (more) => c.send(alice, 'GET', 'v1/Channels', { status: 'pause', ...more });
  const sidOf = (i) => i.path.split('/').at(-1);
  const pause = async (i, status) => {
    assert.equal((await take(i, 'accept')).http, 200);
    const answer = await c.send(alice, 'POST', i.path, { status, routing: { status: 'closed' } });
    assert.equal(answer.http, 200, JSON.stringify(answer));
  };

  assert.equal((await take(one, 'maybe')).http, 400);
  await pause(one, 'pause');
  await pause(two, 'pause');
  const left = await c.interaction();
  await pause(left, 'inactive');

  const first = await paused({ pageSize: 1 });
  assert.equal(first.content.length, 1);
  assert.equal(first.meta.previous_token, null);
  const second = await paused({ pageSize: 1, pageToken: first.meta.next_token });
  const all = [...first.content, ...second.content];
  assert.deepEqual(all.map((row) => row.sid).sort(), [sidOf(one), sidOf(two)].sort());
  const named = all.find((row) => row.sid === sidOf(two));
  assert.equal(named.workspace_sid, c.sid);
  assert.equal(named.workflow_sid, c.workflowSid);
  assert.equal(JSON.parse(named.attributes).name, 'Ada');
  const whole = await paused();
  assert.equal(whole.content.length, 2); // what was left comes to anybody
  assert.equal(whole.meta.next_token, null);
  assert.equal((await c.send(alice, 'GET', 'v1/Channels')).content.length, 3);
  assert.equal((await paused({ pageSize: 0 })).http, 400);
  assert.equal((await paused({ pageToken: 'x' })).http, 400);

  await two.say('Are you there?');
  const again = (await c.workspace.tasks.list()).find(
    (task) =>
      JSON.parse(task.attributes).flexInteractionSid === two.sid && task.sid !== two.taskSid,
  );
  assert.deepEqual(
    (await c.offers(again.sid)).map((offer) => offer.worker),
    ['alice'],
  );
  const resumed = await c.send(alice, 'POST', one.path, { status: 'active' });
  assert.equal(resumed.status, 'active', JSON.stringify(resumed));
  const back = (await c.workspace.tasks.list()).find(
    (task) =>
      JSON.parse(task.attributes).flexInteractionSid === one.sid && task.sid !== one.taskSid,
  );
  await c.move(back.sid, (await c.offers(back.sid))[0].sid, 'accepted');
  const { participants } = await c.send(alice, 'GET', `${one.path}/Participants`);
  const agents = participants.filter((part) => part.type === 'agent');
  assert.equal(agents.length, 2);
  assert.equal(agents[0].routing_properties.task_sid, back.sid); // the newest is the one who is there

  const i = await c.interaction();
  assert.equal((await take(i, 'accept')).http, 200);
  const none = await server.fetch('/event-bridge/v1/wschannels', {
    json: { url: i.transfers, method: 'GET', params: {}, token: c.tokenOf(alice) },
    auth: null,
  });
  assert.deepEqual((await none.json()).payload, []);
  const closed = await c.send(alice, 'POST', i.path, {
    status: 'close',
    routing: { status: 'close' },
  });
  assert.equal(closed.status, 'closed', JSON.stringify(closed));
  assert.equal(await c.status(i.taskSid), 'completed');
});
