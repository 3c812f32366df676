// A session, with the official clients on both sides: a customer writes from a page that nobody knows, an agent takes it, a supervisor
// reads along; it is paused, goes on with the same agent, and ends.

import { heard, hostsOf } from './support/chat.mjs'; // first: it lends node what the SDK takes from a browser
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import conversations from '@twilio/conversations';
import twilio from 'twilio';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';
import { nextEvent } from './support/worker.mjs';

let server, key;
const clients = [];
before(async () => {
  server = await startServer({ clock: null });
  key = await server.client.newSigningKeys.create({ friendlyName: 'agents' });
});
after(async () => {
  await Promise.all(clients.map((client) => client.shutdown()));
  await server.stop();
});

async function open(token) {
  const client = new conversations.Client(token, hostsOf(server));
  clients.push(client);
  await Promise.race([
    once(client, 'initialized'),
    once(client, 'initFailed').then(([failure]) => {
      throw new Error(failure?.error?.message ?? 'no client');
    }),
  ]);
  return client;
}

/** A token of somebody who works here. role: of Flex's deployment. */
function tokenOf(identity, serviceSid, roleSid) {
  const token = new twilio.jwt.AccessToken(server.accountSid, key.sid, key.secret, {
    identity,
    ttl: 3600,
  });
  token.addGrant(new twilio.jwt.AccessToken.ChatGrant({ serviceSid, deploymentRoleSid: roleSid }));
  return token.toJwt();
}

const browser = async (path, form) =>
  (await server.fetch(`/plugboard/v1/Webchats${path}`, { form, auth: null })).json();

test('from the first word to the last', async () => {
  const centre = await makeCentre(server);
  const { flexApi } = server.client;
  const chat = server.client.conversations.v1;
  const set = await server.fetch('/flex-api/v1/Configuration', {
    json: {
      taskrouter_workspace_sid: centre.sid,
      taskrouter_target_workflow_sid: centre.workflowSid,
    },
  });
  assert.equal(set.status, 200);
  await chat.addressConfigurations.create({ type: 'chat', address: 'shop' });
  const aliceSid = await centre.agent('alice', [], { contact_uri: 'client:alice' });
  const worker = await server.worker({ workspaceSid: centre.sid, workerSid: aliceSid });

  // The customer: a token, a client, a first word.
  const offered = nextEvent(worker, 'reservationCreated');
  const session = await browser('', { AddressSid: 'shop', CustomerFriendlyName: 'Eve' });
  const eve = await open(session.token);
  const hers = await eve.getConversationBySid(session.conversation_sid);
  await hers.sendMessage('My bill is wrong');

  // The agent: takes it, is in it, has the history, answers.
  const serviceSid = (await flexApi.v1.configuration().fetch()).chatServiceInstanceSid;
  const alice = await open(tokenOf('alice', serviceSid));
  const reservation = await offered;
  const joined = heard(hers, 'participantJoined');
  const added = heard(alice, 'conversationJoined');
  await reservation.accept();
  assert.equal((await joined).identity, 'alice');
  const his = await added;
  assert.equal(his.sid, reservation.task.attributes.conversationSid);
  const history = await his.getMessages();
  assert.deepEqual(
    history.items.map((message) => message.body),
    ['My bill is wrong'],
  );
  const typing = heard(hers, 'typingStarted');
  await his.typing();
  assert.equal((await typing).identity, 'alice');
  const answered = heard(hers, 'messageAdded', (m) => m.author === 'alice');
  await his.sendMessage('Let me see');
  assert.equal((await answered).body, 'Let me see');

  // A supervisor reads along without being in it; another guest may not.
  const roles = await chat.services(serviceSid).roles.list();
  const supervisor = roles.find(
    (role) => role.friendlyName === 'supervisor' && role.type === 'service',
  );
  const boss = await open(tokenOf('boss', serviceSid, supervisor.sid));
  const seen = await boss.getConversationBySid(session.conversation_sid);
  assert.equal((await seen.getMessages()).items.length, 2);
  const stranger = await open(tokenOf('stranger', serviceSid));
  await assert.rejects(stranger.getConversationBySid(session.conversation_sid));

  // Paused: he is gone. The customer's next word brings it back to him.
  const interaction = reservation.task.attributes.flexInteractionSid;
  const channel = flexApi.v1
    .interaction(interaction)
    .channels(reservation.task.attributes.flexInteractionChannelSid);
  const left = heard(alice, 'conversationLeft');
  await channel.update({
    status: 'inactive',
    routing: JSON.stringify({ status: 'closed', resume: 'worker' }),
  });
  await left;
  const again = nextEvent(worker, 'reservationCreated');
  await hers.sendMessage('Are you there?');
  const second = await again;
  assert.equal(second.task.attributes.flexInteractionSid, interaction);
  const back = heard(alice, 'conversationJoined');
  await second.accept();
  assert.equal((await (await back).getMessages()).items.at(-1).body, 'Are you there?');

  // The page is loaded again: the same conversation.
  const refreshed = await browser('/Refresh', { Token: session.token });
  assert.equal(refreshed.conversation_sid, session.conversation_sid);

  // The end.
  const closed = heard(
    hers,
    'updated',
    ({ updateReasons, conversation }) =>
      updateReasons.includes('state') && conversation.state?.current === 'closed',
  );
  await second.task.complete('done');
  await closed;
  assert.equal((await channel.fetch()).status, 'closed');
});
