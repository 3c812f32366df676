// Interactions: a customer who writes and an agent are brought together, and part again. By the official client and the official
// worker SDK.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

let server, flex, chat;
before(async () => {
  server = await startServer();
  flex = server.client.flexApi.v1;
  chat = server.client.conversations.v1;
});
after(() => server.stop());

/** A centre whose agents can be written to, and the ways to tell its stories. */
async function begin(options) {
  const centre = await makeCentre(server, options);
  const routing = (more = {}) =>
    JSON.stringify({
      properties: { workspace_sid: centre.sid, workflow_sid: centre.workflowSid, ...more },
    });
  const story = {
    ...centre,
    routing,
    /** A conversation with a customer in it, as an application makes it. */
    async conversation(identity = `guest-${Math.random()}`) {
      const made = await chat.conversations.create({ friendlyName: 'Web chat' });
      await chat.conversations(made.sid).participants.create({ identity });
      return { sid: made.sid, identity };
    },
    async interaction(more = {}, properties = {}) {
      const conversation = await story.conversation();
      const made = await flex.interaction.create({
        channel: JSON.stringify({
          type: 'web',
          initiated_by: 'customer',
          properties: { media_channel_sid: conversation.sid, ...properties },
        }),
        routing: routing(more),
      });
      return story.of(made, conversation);
    },
    of(made, conversation) {
      const { sid } = made.channel;
      const channel = flex.interaction(made.sid).channels(sid);
      return {
        made,
        conversation,
        channel,
        taskSid: made.routing.properties.sid,
        status: async () => (await channel.fetch()).status,
        state: async () => (await chat.conversations(conversation.sid).fetch()).state,
        people: async () =>
          (await chat.conversations(conversation.sid).participants.list())
            .map((one) => one.identity ?? one.messagingBinding.address)
            .sort(),
        agents: async () =>
          (await channel.participants.list()).filter((one) => one.type === 'agent'),
        say: (author, body) =>
          chat
            .conversations(conversation.sid)
            .messages.create({ author, body, xTwilioWebhookEnabled: 'true' }),
      };
    },
    attributes: async (taskSid) =>
      JSON.parse((await centre.workspace.tasks(taskSid).fetch()).attributes),
    /** The newest offer of a task, taken. */
    async accept(taskSid) {
      const offer = (await centre.offers(taskSid)).find((one) => one.status === 'pending');
      assert.ok(offer, `task ${taskSid} is offered to somebody`);
      await centre.move(taskSid, offer.sid, 'accepted');
      return offer;
    },
    tasks: async () => centre.workspace.tasks.list(),
  };
  return story;
}

const refused = (status, code) => (error) => {
  assert.equal(error.status, status, error.message);
  if (code) assert.equal(error.code, code);
  return true;
};

test('a customer writes: a task with Flex’s attributes; who accepts is in the conversation; completing ends it', async () => {
  const c = await begin();
  const alice = await c.agent('alice-a', ['billing'], { contact_uri: 'client:alice_40a' });
  const i = await c.interaction(
    {
      attributes: { skill: 'billing', customerName: 'Given', conversations: { campaign: 'x' } },
      priority: 3,
    },
    { from: '+4930123', from_name: 'Eve' },
  );
  assert.equal(i.made.channel.type, 'web');
  assert.match(i.made.channel.sid, /^UO/);
  assert.match(i.taskSid, /^WT/);
  assert.equal(await i.status(), 'active');

  const task = await c.workspace.tasks(i.taskSid).fetch();
  assert.equal(task.priority, 3);
  assert.equal(task.taskChannelUniqueName, 'chat');
  const [invite] = await i.channel.invites.list();
  const seen = JSON.parse(task.attributes);
  assert.deepEqual(seen, {
    skill: 'billing',
    customerName: 'Given',
    conversations: {
      campaign: 'x',
      conversation_id: i.made.sid,
      initiated_by: 'customer',
      communication_channel: 'web',
      direction: 'inbound',
      media: [
        { type: 'ChatTranscript', sid: i.conversation.sid, conversation_sid: i.conversation.sid },
      ],
    },
    flexInteractionSid: i.made.sid,
    flexInteractionChannelSid: i.made.channel.sid,
    flexChannelInviteSid: invite.sid,
    conversationSid: i.conversation.sid,
    channelType: 'web',
    initiatedBy: 'customer',
    direction: 'inbound',
    customerAddress: '+4930123',
    from: '+4930123',
    customers: { phone: '+4930123', name: 'Eve' },
  });

  const offer = await c.accept(i.taskSid);
  assert.deepEqual(await i.people(), ['alice_40a', i.conversation.identity].sort());
  const [part] = await i.agents();
  assert.deepEqual(part.routingProperties, {
    workspace_sid: c.sid,
    task_sid: i.taskSid,
    reservation_sid: offer.sid,
    worker_sid: alice,
  });
  const member = (await chat.conversations(i.conversation.sid).participants.list()).find(
    (one) => one.identity === 'alice_40a',
  );
  assert.equal((await chat.roles(member.roleSid).fetch()).friendlyName, 'agent');

  await c.move(i.taskSid, offer.sid, 'wrapping');
  assert.equal(await i.state(), 'active');
  assert.deepEqual((await i.people()).length, 2, 'who wraps up can still read');
  await c.move(i.taskSid, offer.sid, 'completed');
  assert.equal(await i.status(), 'closed');
  assert.equal(await i.state(), 'closed');
  assert.deepEqual(await i.people(), [i.conversation.identity]);
});

test('closing the channel ends what it must, and once', async () => {
  const c = await begin();
  await c.agent('alice-b', []);
  const i = await c.interaction();
  const offer = await c.accept(i.taskSid);
  await i.channel.update({ status: 'closed' });
  assert.equal(await i.state(), 'closed');
  assert.equal(await c.status(i.taskSid), 'wrapping');
  assert.equal((await i.people()).length, 2, 'the agent reads on until he is done');
  await c.move(i.taskSid, offer.sid, 'completed');
  assert.deepEqual(await i.people(), [i.conversation.identity]);
  await assert.rejects(i.channel.update({ status: 'closed' }), refused(409));

  const j = await c.interaction();
  await c.accept(j.taskSid);
  await j.channel.update({ status: 'closed', routing: JSON.stringify({ status: 'closed' }) });
  assert.equal(await c.status(j.taskSid), 'completed');
  assert.deepEqual(await j.people(), [j.conversation.identity]);
  assert.equal(await j.state(), 'closed');

  const k = await c.interaction();
  await k.channel.update({ status: 'closed' });
  assert.equal(await c.status(k.taskSid), 'canceled', 'nobody needs to come any more');
});

test('a conversation that is closed or deleted elsewhere takes the channel with it', async () => {
  const c = await begin();
  await c.agent('alice-c', []);
  const i = await c.interaction();
  await c.accept(i.taskSid);
  await chat.conversations(i.conversation.sid).update({ state: 'closed' });
  assert.equal(await i.status(), 'closed');
  assert.equal(await c.status(i.taskSid), 'wrapping');

  const j = await c.interaction();
  await chat.conversations(j.conversation.sid).remove();
  assert.equal(await j.status(), 'closed');
  assert.equal(await c.status(j.taskSid), 'canceled');
});

test('whoever declines is not in it; nobody at all fails the channel', async () => {
  const c = await begin();
  await c.agent('alice-d', []);
  const i = await c.interaction();
  const [first] = await c.offers(i.taskSid);
  await c.move(i.taskSid, first.sid, 'rejected');
  assert.deepEqual(await i.people(), [i.conversation.identity]);
  assert.equal(await i.status(), 'active');
  await c.workspace
    .tasks(i.taskSid)
    .update({ assignmentStatus: 'canceled', reason: 'nobody there' });
  const channel = await i.channel.fetch();
  assert.equal(channel.status, 'failed');
  assert.equal(channel.errorMessage, 'nobody there');
  assert.ok(channel.errorCode > 0);
  assert.equal(await i.state(), 'closed', 'the customer is not left talking to nobody');

  const j = await c.interaction({ timeout: 60 });
  await server.turnClock(61_000);
  assert.equal(await j.status(), 'failed');
  assert.equal(await j.state(), 'closed');
});

test('what cannot be routed fails later; what cannot be understood is refused', async () => {
  const c = await begin();
  const i = await c.interaction({ workflow_sid: `WW${'0'.repeat(32)}` });
  assert.equal(await i.status(), 'failed');
  assert.match((await i.channel.fetch()).errorMessage, /Workflow/);
  assert.equal(await i.state(), 'active', 'the conversation is still its owner’s');

  const conversation = await c.conversation();
  const channel = (more = {}, properties = {}) =>
    JSON.stringify({
      type: 'web',
      initiated_by: 'customer',
      properties: { media_channel_sid: conversation.sid, ...properties },
      ...more,
    });
  const create = (ch, routing = c.routing()) => flex.interaction.create({ channel: ch, routing });
  for (const [ch, routing] of [
    ['{}'],
    ['nonsense'],
    [channel({ type: 'pigeon' })],
    [channel({ type: 'voice' })],
    [channel({ initiated_by: 'nobody' })],
    [channel({}, { media_channel_sid: 'x' })],
    [JSON.stringify({ type: 'web', initiated_by: 'customer' })],
    [JSON.stringify({ type: 'sms', initiated_by: 'agent' })],
    [channel({ participants: [{}] })],
    [channel(), '[]'],
    [channel(), JSON.stringify({ properties: { workspace_sid: 'WW' } })],
    [channel(), JSON.stringify({ properties: { priority: -1 } })],
    [channel(), JSON.stringify({ properties: { attributes: 'no' } })],
  ])
    await assert.rejects(create(ch, routing), refused(400), `${ch} ${routing}`);

  const first = c.of(await create(channel()), conversation);
  assert.equal(await first.status(), 'active');
  const second = c.of(await create(channel()), conversation);
  assert.equal(await second.status(), 'failed', 'a conversation has one channel');
  assert.equal(await first.status(), 'active');
  const gone = c.of(
    await create(channel({}, { media_channel_sid: `CH${'0'.repeat(32)}` })),
    conversation,
  );
  assert.equal((await gone.channel.fetch()).errorCode, 20404);
});

test('an agent begins: a conversation is made, the customer is in it, the task is his', async () => {
  const c = await begin();
  const alice = await c.agent('alice-f', []);
  const made = await flex.interaction.create({
    channel: JSON.stringify({
      type: 'sms',
      initiated_by: 'agent',
      participants: [{ address: '+15550100', proxy_address: '+15550199' }],
    }),
    routing: c.routing({ queue_sid: c.queues.everyone, worker_sid: alice }),
  });
  const i = c.of(made, { sid: made.channel.properties.media_channel_sid });
  assert.equal(await i.status(), 'active');
  const attributes = await c.attributes(i.taskSid);
  assert.equal(attributes.direction, 'outbound');
  assert.equal(attributes.customerAddress, '+15550100');
  assert.deepEqual(await i.people(), ['+15550100']);
  await c.accept(i.taskSid);
  assert.deepEqual(await i.people(), ['+15550100', 'alice-f']);
  await assert.rejects(
    flex.interaction.create({
      channel: JSON.stringify({
        type: 'sms',
        initiated_by: 'agent',
        participants: [{ address: '+15550101' }],
      }),
      routing: c.routing(),
    }),
    refused(400),
  );

  const api = await flex.interaction.create({
    channel: JSON.stringify({
      type: 'web',
      initiated_by: 'api',
      participants: [{ identity: 'eve' }],
    }),
    routing: c.routing(),
  });
  const j = c.of(api, { sid: api.channel.properties.media_channel_sid });
  assert.deepEqual(await j.people(), ['eve']);
});

test('a text message to an address of ours leads to an agent; the next one too, after a pause', async () => {
  const c = await begin();
  await c.agent('alice-u', []);
  const configured = await server.fetch('/flex-api/v1/Configuration', {
    json: {
      taskrouter_workspace_sid: c.sid,
      taskrouter_target_workflow_sid: c.workflowSid,
    },
  });
  assert.equal(configured.status, 200);
  const [ours, theirs] = ['+15550111', '+15550122'];
  for (const phoneNumber of [ours, theirs])
    await server.client.incomingPhoneNumbers.create({ phoneNumber });
  await chat.addressConfigurations.create({
    type: 'sms',
    address: ours,
    'autoCreation.enabled': true,
    'autoCreation.type': 'interaction',
  });
  const text = (body) => server.client.messages.create({ from: theirs, to: ours, body });
  const until = async (look) => {
    for (let turns = 0; turns < 500; turns++) {
      const found = await look();
      if (found) return found;
    }
    throw new Error('it did not happen');
  };
  await text('My bill is wrong');
  const [task] = await until(async () => {
    const all = await c.tasks();
    return all.length && all;
  });
  const attributes = JSON.parse(task.attributes);
  assert.equal(attributes.channelType, 'sms');
  assert.equal(attributes.customerAddress, theirs);
  assert.equal(attributes.customers.phone, theirs);
  await c.accept(task.sid);
  const channel = flex
    .interaction(attributes.flexInteractionSid)
    .channels(attributes.flexInteractionChannelSid);
  await channel.update({ status: 'inactive', routing: JSON.stringify({ status: 'closed' }) });
  await text('Hello?');
  await until(async () => (await channel.fetch()).status === 'active');
  assert.equal((await channel.invites.list()).length, 2);
  const said = await chat.conversations(attributes.conversationSid).messages.list();
  assert.deepEqual(
    said.map((one) => one.body),
    ['My bill is wrong', 'Hello?'],
  );
});

test('parked, and back with the customer’s next message: to anybody', async () => {
  const c = await begin();
  await c.agent('alice-g', []);
  const i = await c.interaction({ attributes: { order: 7 } });
  await c.accept(i.taskSid);
  await assert.rejects(i.channel.update({ status: 'inactive' }), refused(400));
  await i.channel.update({ status: 'inactive', routing: JSON.stringify({ status: 'closed' }) });
  assert.equal(await i.status(), 'inactive');
  assert.equal(await i.state(), 'inactive');
  assert.equal(await c.status(i.taskSid), 'completed');
  assert.deepEqual(await i.people(), [i.conversation.identity]);

  await i.say('system', 'We are still here for you');
  assert.equal(await i.status(), 'inactive', 'only the customer wakes it');
  await i.say(i.conversation.identity, 'Hello again');
  assert.equal(await i.status(), 'active');
  assert.equal(await i.state(), 'active');
  const invites = await i.channel.invites.list();
  assert.equal(invites.length, 2);
  const again = invites[1].routing.properties.sid;
  const attributes = await c.attributes(again);
  assert.equal(attributes.order, 7);
  assert.equal(attributes.flexChannelInviteSid, invites[1].sid);
  await i.say(i.conversation.identity, 'Anybody?');
  assert.equal((await i.channel.invites.list()).length, 2, 'one is enough');
  await c.accept(again);
  assert.equal((await i.people()).length, 2);
});

test('parked, and back to the same agent, if he can be had', async () => {
  const c = await begin();
  const alice = await c.agent('alice-h', []);
  const i = await c.interaction();
  await c.accept(i.taskSid);
  const bob = await c.agent('bob-h', []);
  await i.channel.update({
    status: 'inactive',
    routing: JSON.stringify({ status: 'closed', resume: 'worker' }),
  });
  await i.say(i.conversation.identity, 'Back');
  const second = (await i.channel.invites.list())[1].routing.properties.sid;
  assert.equal((await c.workspace.tasks(second).fetch()).routingTarget, alice);
  await c.accept(second);
  assert.equal(
    (await i.agents()).filter((one) => one.routingProperties.worker_sid === alice).length,
    2,
  );

  await i.channel.update({
    status: 'inactive',
    routing: JSON.stringify({ status: 'closed', resume: 'worker' }),
  });
  await c.workspace.workers(alice).update({ activitySid: c.activities.Offline });
  // Her channel cannot be had: whoever is free comes in her place.
  await c.workspace.workers(alice).workerChannels('chat').update({ available: false });
  await i.say(i.conversation.identity, 'And again');
  await server.turnClock(1); // the second try is a command of its own
  const invites = await i.channel.invites.list();
  const last = invites.at(-1).routing.properties.sid;
  assert.equal(await c.status(last), 'reserved');
  assert.equal((await c.offers(last))[0].worker, 'bob-h');
  assert.equal(await i.status(), 'active');
  assert.ok(bob);
  await assert.rejects(
    i.channel.update({
      status: 'inactive',
      routing: JSON.stringify({ status: 'closed', resume: 'cat' }),
    }),
    refused(400),
  );
});

test('an application’s own invitation takes the place of ours', async () => {
  const c = await begin();
  await c.agent('alice-i', []);
  const i = await c.interaction();
  await c.accept(i.taskSid);
  await i.channel.update({ status: 'inactive', routing: JSON.stringify({ status: 'closed' }) });
  await i.say(i.conversation.identity, 'Back');
  const ours = (await i.channel.invites.list())[1].routing.properties.sid;
  const theirs = await i.channel.invites.create({
    routing: c.routing({ attributes: { own: true } }),
  });
  assert.equal(await c.status(ours), 'canceled');
  assert.equal((await c.attributes(theirs.routing.properties.sid)).own, true);
  assert.equal(await i.status(), 'active');
});

test('a second agent is invited; one leaves, the other stays; the last one closes', async () => {
  const c = await begin();
  await c.agent('alice-j', []);
  const i = await c.interaction();
  await c.accept(i.taskSid);
  const bob = await c.agent('bob-j', []);
  const invite = await i.channel.invites.create({
    routing: c.routing({ worker_sid: bob, queue_sid: c.queues.everyone }),
  });
  await c.accept(invite.routing.properties.sid);
  assert.deepEqual(await i.people(), ['alice-j', 'bob-j', i.conversation.identity].sort());
  const [first, second] = await i.agents();
  await i.channel.participants(first.sid).update({ status: 'closed' });
  assert.equal(await c.status(i.taskSid), 'completed');
  assert.deepEqual(await i.people(), ['bob-j', i.conversation.identity].sort());
  assert.equal(await i.status(), 'active');
  await assert.rejects(
    i.channel.participants(first.sid).update({ status: 'closed' }),
    refused(409),
  );

  await i.channel.participants(second.sid).update({ status: 'wrapup' });
  assert.equal(await c.status(invite.routing.properties.sid), 'wrapping');
  assert.deepEqual(
    await i.people(),
    [i.conversation.identity],
    'who leaves with wrap-up is gone already',
  );
  await c.workspace.tasks(invite.routing.properties.sid).update({ assignmentStatus: 'completed' });
  assert.equal(await i.status(), 'active', 'left open on purpose');
  assert.equal(await i.state(), 'active');
  await i.say(i.conversation.identity, 'Is anybody there?');
  assert.equal((await i.channel.invites.list()).length, 3, 'and somebody is asked for again');
});

test('a supervisor reads along, a customer more comes in', async () => {
  const c = await begin();
  await c.agent('alice-k', []);
  const i = await c.interaction();
  const boss = await c.agent('boss-k', [], { activity: 'Offline' });
  const made = await i.channel.participants.create({
    type: 'supervisor',
    mediaProperties: '{}',
    routingProperties: JSON.stringify({ worker_sid: boss }),
  });
  assert.equal(made.type, 'supervisor');
  assert.ok((await i.people()).includes('boss-k'));
  await i.channel.participants.create({
    type: 'customer',
    mediaProperties: JSON.stringify({ identity: 'second-guest' }),
  });
  assert.equal((await i.people()).length, 3);
  await i.channel.participants(made.sid).update({ status: 'closed' });
  assert.deepEqual(await i.people(), [i.conversation.identity, 'second-guest'].sort());
  await assert.rejects(
    i.channel.participants.create({ type: 'external', mediaProperties: '{}' }),
    refused(400),
  );
});

/** The official client has no parameters for it, so the body is said as the contract has it: JSON. */
async function transfer(i, body) {
  const where = `/flex-api/v1/Interactions/${i.made.sid}/Channels/${i.made.channel.sid}/Transfers`;
  const answer = await server.fetch(where, { json: body });
  return { http: answer.status, ...(await answer.json()) };
}
const look = async (i, sid) => i.channel.transfers(sid).fetch();

test('warm, to a worker: both talk, then one leaves', async () => {
  const c = await begin();
  await c.agent('alice-l', []);
  const i = await c.interaction();
  await c.accept(i.taskSid);
  const bob = await c.agent('bob-l', []);
  const [from] = await i.agents();
  const made = await transfer(i, { type: 'warm', from: from.sid, to: bob });
  assert.equal(made.http, 201, JSON.stringify(made));
  assert.equal(made.status, 'active');
  assert.equal(made.from, from.sid);
  assert.equal(await i.status(), 'transfer');
  assert.equal((await i.people()).length, 2, 'the customer is not alone meanwhile');
  await c.accept(i.taskSid);
  assert.equal((await look(i, made.sid)).status, 'completed');
  assert.equal(await i.status(), 'active');
  assert.equal((await i.people()).length, 3);
  await i.channel.participants(from.sid).update({ status: 'closed' });
  assert.deepEqual(await i.people(), ['bob-l', i.conversation.identity].sort());
  await c.workspace.tasks(i.taskSid).update({ assignmentStatus: 'completed' });
  assert.equal(await i.state(), 'closed');
});

test('warm, declined: nothing has changed; taken back: neither', async () => {
  const c = await begin();
  await c.agent('alice-m', []);
  const i = await c.interaction();
  await c.accept(i.taskSid);
  const bob = await c.agent('bob-m', []);
  const one = await transfer(i, { type: 'warm', to: bob });
  const offer = (await c.offers(i.taskSid)).find((o) => o.status === 'pending');
  await c.move(i.taskSid, offer.sid, 'rejected');
  assert.equal((await look(i, one.sid)).status, 'failed');
  assert.equal(await i.status(), 'active');
  assert.equal(await c.status(i.taskSid), 'assigned');
  assert.deepEqual((await i.people()).length, 2);

  const two = await transfer(i, { type: 'warm', to: bob });
  const where = `/flex-api/v1/Interactions/${i.made.sid}/Channels/${i.made.channel.sid}/Transfers/${two.sid}`;
  const back = await (
    await server.fetch(where, { json: { status: 'failed', note_sid: `KQ${'1'.repeat(32)}` } })
  ).json();
  assert.equal(back.status, 'failed');
  assert.equal(back.note_sid, `KQ${'1'.repeat(32)}`);
  assert.equal((await server.fetch(where, { json: { status: 'completed' } })).status, 409);
  assert.equal(await c.status(i.taskSid), 'assigned');
});

test('cold, to a queue: the agent goes at once, whoever is free in it comes', async () => {
  const c = await begin();
  await c.agent('alice-n', ['support']);
  const i = await c.interaction({ attributes: { skill: 'support' } });
  await c.accept(i.taskSid);
  const made = await transfer(i, { type: 'cold', to: c.queues.billing });
  assert.equal(made.status, 'active');
  assert.deepEqual(await i.people(), [i.conversation.identity], 'cold: he is gone');
  await c.agent('bob-n', ['billing']);
  await c.accept(i.taskSid);
  assert.equal((await look(i, made.sid)).status, 'completed');
  assert.deepEqual(await i.people(), ['bob-n', i.conversation.identity].sort());
  assert.equal(await i.state(), 'active');
});

test('cold, to a worker who declines: the next who is free comes', async () => {
  const c = await begin();
  const alice = await c.agent('alice-o', []);
  const i = await c.interaction();
  await c.accept(i.taskSid);
  const bob = await c.agent('bob-o', []);
  const made = await transfer(i, { type: 'cold', to: bob });
  const offer = (await c.offers(i.taskSid)).find((o) => o.status === 'pending');
  await c.workspace.workers(alice).update({ activitySid: c.activities.Offline });
  await c.move(i.taskSid, offer.sid, 'rejected', { workerActivitySid: c.activities.Unavailable });
  assert.equal((await look(i, made.sid)).status, 'failed');
  assert.equal(await i.status(), 'active');
  assert.equal(await c.status(i.taskSid), 'pending', 'it waits for the next');
  await c.workspace.workers(bob).update({ activitySid: c.activities.Available });
  await c.accept(i.taskSid);
  assert.ok((await i.people()).includes('bob-o'));
});

test('through a workflow, and to a colleague who is there already', async () => {
  const c = await begin();
  await c.agent('alice-p', []);
  const i = await c.interaction({ attributes: { order: 9 } });
  await c.accept(i.taskSid);
  const bob = await c.agent('bob-p', []);
  const made = await transfer(i, { type: 'cold', to: c.workflowSid });
  assert.equal(made.status, 'active', JSON.stringify(made));
  const invite = (await i.channel.invites.list())[1];
  const task = invite.routing.properties.sid;
  assert.equal((await c.attributes(task)).order, 9);
  assert.deepEqual(await i.people(), [i.conversation.identity]);
  await c.accept(task);
  assert.equal((await look(i, made.sid)).status, 'completed');
  assert.ok(bob);

  const second = await i.channel.invites.create({ routing: c.routing() });
  await c.workspace.tasks(i.taskSid).update({ assignmentStatus: 'completed' });
  await c.accept(second.routing.properties.sid);
  const agents = (await i.agents()).slice(-2);
  const handed = await transfer(i, { type: 'cold', from: agents[0].sid, to: agents[1].sid });
  assert.equal(handed.status, 'completed', JSON.stringify(handed));
  assert.equal(await i.status(), 'active');
});

test('a transfer that cannot be', async () => {
  const c = await begin();
  await c.agent('alice-q', []);
  const i = await c.interaction();
  assert.equal(
    (await transfer(i, { type: 'warm', to: c.queues.billing })).http,
    400,
    'nobody has it yet',
  );
  await c.accept(i.taskSid);
  for (const body of [
    { type: 'warm', to: 'nobody' },
    { type: 'lukewarm', to: c.queues.billing },
    { type: 'external', to: '+15550100' },
    { type: 'warm', to: c.queues.billing, from: `UT${'0'.repeat(32)}` },
    { type: 'warm', to: c.queues.billing, note_sid: 'x' },
    { type: 'warm' },
  ])
    assert.equal((await transfer(i, body)).http, 400, JSON.stringify(body));
  assert.equal(await i.status(), 'active');
  assert.equal(await c.status(i.taskSid), 'assigned');
});

test('two conversations at once do not mix', async () => {
  const c = await begin();
  const alice = await c.agent('alice-r', []);
  await c.workspace.workers(alice).workerChannels('chat').update({ capacity: 2 });
  const [i, j] = [await c.interaction(), await c.interaction()];
  await c.accept(i.taskSid);
  await c.accept(j.taskSid);
  await i.channel.update({ status: 'closed', routing: JSON.stringify({ status: 'closed' }) });
  assert.deepEqual(await j.people(), ['alice-r', j.conversation.identity].sort());
  assert.equal(await j.state(), 'active');
  const other = flex.interaction(i.made.sid).channels(j.made.channel.sid);
  await assert.rejects(other.fetch(), refused(404));
  await assert.rejects(other.participants.list(), refused(404));
  await assert.rejects(other.invites.create({ routing: c.routing() }), refused(404));
});

test('another account sees and touches none of it', async () => {
  const c = await begin();
  await c.agent('alice-t', []);
  const i = await c.interaction();
  await c.accept(i.taskSid);
  const made = await transfer(i, { type: 'warm', to: c.queues.billing });
  const [part] = await i.agents();
  const account = await server.client.api.v2010.accounts.create({ friendlyName: 'A stranger' });
  const auth = [account.sid, account.authToken];
  const interaction = `/flex-api/v1/Interactions/${i.made.sid}`;
  const channel = `${interaction}/Channels/${i.made.channel.sid}`;
  for (const [where, form] of [
    [interaction],
    [interaction, { WebhookTtid: 'x' }],
    [`${interaction}/Channels`],
    [channel],
    [channel, { Status: 'closed' }],
    [`${channel}/Invites`],
    [`${channel}/Invites`, { Routing: '{}' }],
    [`${channel}/Participants`],
    [`${channel}/Participants`, { Type: 'agent', MediaProperties: '{"identity":"x"}' }],
    [`${channel}/Participants/${part.sid}`, { Status: 'closed' }],
    [`${channel}/Transfers`, {}],
    [`${channel}/Transfers/${made.sid}`],
    [`${channel}/Transfers/${made.sid}`, { status: 'failed' }],
  ])
    assert.equal((await server.fetch(where, { form, auth })).status, 404, `${where} ${!!form}`);
  // Nor does its own interaction reach what is ours.
  const theirs = await server.fetch('/flex-api/v1/Interactions', {
    auth,
    form: {
      Channel: JSON.stringify({
        type: 'web',
        initiated_by: 'customer',
        properties: { media_channel_sid: i.conversation.sid },
      }),
      Routing: c.routing(),
    },
  });
  const { sid, channel: its } = await theirs.json();
  const seen = await server.fetch(`/flex-api/v1/Interactions/${sid}/Channels/${its.sid}`, { auth });
  assert.equal((await seen.json()).status, 'failed');
  assert.equal(await i.status(), 'transfer');
});

test('a crash loses nothing', async () => {
  const c = await begin();
  await c.agent('alice-s', []);
  const i = await c.interaction();
  const parked = await c.interaction();
  const offer = await c.accept(i.taskSid);
  await parked.channel.update({
    status: 'inactive',
    routing: JSON.stringify({ status: 'closed' }),
  });
  await server.kill9();
  await server.restart();
  assert.equal(await i.status(), 'active');
  await c.move(i.taskSid, offer.sid, 'completed');
  assert.equal(await i.state(), 'closed');
  await parked.say(parked.conversation.identity, 'Still there?');
  assert.equal(await parked.status(), 'active');
  assert.equal((await parked.channel.invites.list()).length, 2);
});
