// The client API of Conversations without the SDK: what it would not say, or not say twice.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChat } from './support/chat.mjs';
import { startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

let server, chat, service, conversation;
before(async () => {
  server = await startServer();
  chat = await startChat(server);
  service = server.client.conversations.v1.services(chat.service.sid);
  conversation = await service.conversations.create({ uniqueName: 'help', attributes: '{"a":1}' });
  await service.conversations(conversation.sid).participants.create({ identity: 'ada' });
});
after(() => server.stop());

/** A request as the SDK makes it, but by HTTP. */
async function aim(identity, where, { json, headers, token = chat.token(identity), ...more } = {}) {
  const answer = await fetch(where.startsWith('http') ? where : `${server.url}/aim${where}`, {
    method: json ? 'POST' : 'GET',
    body: json && JSON.stringify(json),
    ...more,
    headers: { 'X-Twilio-Token': token, 'Content-Type': 'application/json', ...headers },
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}

const say = (body, id, identity = 'ada') =>
  aim(identity, `/Client/v1/Conversations/${conversation.sid}/Messages`, {
    json: { body },
    headers: { 'X-Twilio-Mutation-Id': id },
  });

const said = async () =>
  (await service.conversations(conversation.sid).messages.list()).map((message) => message.body);

test('Configuration says where everything is, and makes the user who asks', async () => {
  const { status, body } = await aim('ada', '/Client/v2/Configuration');
  assert.equal(status, 200);
  assert.equal(body.identity, 'ada');
  assert.equal(body.links.conversations, `${server.url}/aim/Client/v1/Conversations`);
  assert.equal(body.links.media_service, `${server.url}/mcs/v1/Services/${chat.service.sid}/Media`);
  assert.match(body.sync_objects.my_user_info, /^US[0-9a-f]{32}\.info$/);
  assert.match(body.sync_objects.my_conversations, /^US[0-9a-f]{32}\.conversations$/);

  const newcomer = await aim('new here', '/Client/v2/Configuration');
  assert.equal(newcomer.status, 200);
  const user = await service.users('new here').fetch();
  assert.equal(newcomer.body.sync_objects.my_user_info, `${user.sid}.info`);
  assert.deepEqual((await aim('new here', '/Client/v2/Configuration')).body, newcomer.body);
});

test('A token names its identity and its service, and gets no further', async () => {
  const other = await startChat(server);
  const stranger = { token: other.token('ada') };
  const where = `/Client/v1/Conversations/${conversation.sid}`;
  assert.equal((await aim('ada', '/Client/v2/Configuration', { token: 'nonsense' })).status, 401);
  assert.equal((await aim('ada', where, stranger)).status, 404);
  assert.equal(
    (await aim('ada', where, { ...stranger, json: { friendly_name: 'mine' } })).status,
    404,
  );
  assert.equal((await aim('bob', '/Client/v2/Users/ada/Conversations')).status, 403);
  assert.equal((await aim('bob', where)).status, 403);
  assert.equal((await aim('bob', `${where}/Messages`, { json: { body: 'psst' } })).status, 403);
  const ended = { token: chat.token('ada', { ttl: -10 }) };
  assert.equal((await aim('ada', '/Client/v2/Configuration', ended)).body.code, 20104);
});

test('A conversation as its people see it', async () => {
  const { body: mine } = await aim('ada', '/Client/v2/Users/ada/Conversations');
  assert.deepEqual(mine.meta, { previous_token: null, next_token: null });
  assert.deepEqual(mine.conversations, [
    {
      conversation_sid: conversation.sid,
      status: 'joined',
      last_read_message_index: null,
      notification_level: 'default',
      unread_messages_count: null,
      sync_objects: {
        conversation: `${conversation.sid}.channel`,
        messages: `${conversation.sid}.messages`,
        participants: `${conversation.sid}.roster`,
      },
    },
  ]);
  const { body: byName } = await aim('ada', '/Client/v2/Users/ada/Conversations/help');
  assert.equal(byName.conversation_sid, conversation.sid);
  const { body: peeked } = await aim('ada', `/Client/v1/Conversations/${conversation.sid}`);
  assert.equal(peeked.participants_count, 1);
  assert.equal(peeked.attributes, '{"a":1}');
});

test('A list longer than a page', async () => {
  const names = ['one', 'two', 'three'];
  for (const uniqueName of names) {
    const { sid } = await service.conversations.create({ uniqueName });
    await service.conversations(sid).participants.create({ identity: 'cid' });
  }
  const found = [];
  for (let token = ''; token !== null;) {
    const query = `PageSize=2${token && `&PageToken=${token}`}`;
    const { body } = await aim('cid', `/Client/v2/Users/cid/Conversations?${query}`);
    found.push(...body.conversations.map((one) => one.conversation_sid));
    token = body.meta.next_token;
  }
  assert.equal(new Set(found).size, 3);
  assert.equal(found.length, 3);
});

test('A change that is sent twice is made once', async () => {
  const before = (await said()).length;
  const first = await say('only once', 'mutation-1');
  assert.equal(first.status, 201);
  const again = await say('only once', 'mutation-1');
  assert.deepEqual(again, first);
  // Two at once, neither of which knows of the other.
  const both = await Promise.all([
    say('side by side', 'mutation-2'),
    say('side by side', 'mutation-2'),
  ]);
  assert.deepEqual(both[0], both[1]);
  assert.equal((await said()).length, before + 2);
  // Another's number is another's.
  await service.conversations(conversation.sid).participants.create({ identity: 'dan' });
  const theirs = await say('mine', 'mutation-1', 'dan');
  assert.notEqual(theirs.body.sid, first.body.sid);
});

test('Also when the power went between', async () => {
  const first = await say('before the night', 'mutation-3');
  await server.kill9();
  await server.restart();
  assert.deepEqual(await say('before the night', 'mutation-3'), first);
  assert.equal((await said()).filter((body) => body === 'before the night').length, 1);
});

test('An answer is kept for ten minutes, and each for its own', async () => {
  const MINUTE = 60_000;
  const first = await say('early', 'mutation-early');
  await server.turnClock(6 * MINUTE);
  const second = await say('late', 'mutation-late');
  await server.turnClock(3 * MINUTE);
  assert.equal((await say('early', 'mutation-early')).body.sid, first.body.sid);
  await server.turnClock(2 * MINUTE);
  assert.notEqual((await say('early', 'mutation-early')).body.sid, first.body.sid);
  assert.equal((await say('late', 'mutation-late')).body.sid, second.body.sid);
  await server.turnClock(6 * MINUTE);
  assert.notEqual((await say('late', 'mutation-late')).body.sid, second.body.sid);
});

test('What was refused may be tried again', async () => {
  const where = `/Client/v1/Conversations/${conversation.sid}/Messages`;
  const headers = { 'X-Twilio-Mutation-Id': 'mutation-4' };
  const empty = await aim('ada', where, { json: {}, headers });
  assert.equal(empty.status, 400);
  const full = await aim('ada', where, { json: { body: 'now' }, headers });
  assert.equal(full.status, 201);
});

test('Nobody can say who they are, or when', async () => {
  const { body } = await aim('ada', `/Client/v1/Conversations/${conversation.sid}/Messages`, {
    json: {
      body: 'hello',
      author: 'the queen',
      date_created: '2001-01-01T00:00:00Z',
      Author: 'the queen',
    },
  });
  assert.equal(body.author, 'ada');
  const message = await service.conversations(conversation.sid).messages(body.sid).fetch();
  assert.ok(message.dateCreated > new Date('2020-01-01'));
});

test('Typing is told at most once in a while, and only to those who are there', async () => {
  const typing = (identity, ChannelSid) =>
    aim(identity, '/v1/typing', {
      method: 'POST',
      body: new URLSearchParams({ ChannelSid }),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
  for (let i = 0; i < 5; i++)
    assert.deepEqual(await typing('ada', conversation.sid), {
      status: 200,
      body: { typing_timeout: 5 },
    });
  assert.equal((await typing('eve', conversation.sid)).status, 404);
  assert.equal((await typing('ada', 'CHnonsense')).status, 404);
});

test('Devices are kept, listed, and given up', async () => {
  await aim('ada', '/Client/v2/Configuration');
  const where = `${server.url}/ers/v1/registrations`;
  const json = {
    endpoint_platform: 'JS',
    channel_type: 'fcm',
    version: '4',
    message_types: ['twilio.channel.new_message'],
    data: { registration_id: 'a device' },
  };
  const made = await aim('ada', `${where}?productId=ip_messaging`, { json });
  assert.equal(made.status, 201);
  assert.match(made.body.id, /^BS/);
  assert.equal((await aim('ada', where, { json })).body.id, made.body.id);
  const [binding] = await service.bindings.list();
  assert.equal(binding.identity, 'ada');
  assert.equal(binding.bindingType, 'fcm');
  assert.deepEqual(binding.messageTypes, ['twilio.channel.new_message']);

  const gone = (identity) => aim(identity, `${where}/${made.body.id}`, { method: 'DELETE' });
  assert.equal((await gone('bob')).status, 404);
  assert.equal((await gone('ada')).status, 204);
  assert.equal((await service.bindings.list()).length, 0);
  await aim('ada', where, { json });
  const old = await aim('ada', where, {
    method: 'DELETE',
    body: JSON.stringify({ binding_type: 'fcm', address: 'a device' }),
  });
  assert.equal(old.status, 204);
  assert.equal(
    (await aim('ada', where, { json: { ...json, channel_type: 'pigeon' } })).status,
    400,
  );
});

test("A service's own server is asked first, and answered for once", async () => {
  const hooks = await startWebhooks({
    authToken: server.authToken,
    answer: ({ params }) =>
      params.Body === 'forbidden'
        ? { status: 403 }
        : { status: 200, body: JSON.stringify({ body: `${params.Body} (checked)` }) },
  });
  const settings = service.configuration.webhooks();
  await settings.update({ preWebhookUrl: hooks.url('/pre'), filters: ['onMessageAdd'] });
  // Both wait for the answer at once; the second finds that the first has been made.
  const both = await Promise.all([say('asked', 'hook-1'), say('asked', 'hook-1')]);
  assert.equal(both[0].body.body, 'asked (checked)');
  assert.deepEqual(both[1], both[0]);
  assert.equal((await said()).filter((body) => body.startsWith('asked')).length, 1);
  const refused = await say('forbidden', 'hook-2');
  assert.equal(refused.body.code, 50056);
  await settings.update({ preWebhookUrl: '', filters: [''] });
  await hooks.stop();
});

test('No route leads to what is not of the token', async () => {
  const other = await startChat(server);
  const message = await say('ours', 'sweep');
  const one = `/Client/v1/Conversations/${conversation.sid}`;
  const routes = [
    ['GET', '/Client/v2/Users/ada/Conversations'],
    ['GET', `/Client/v2/Users/ada/Conversations/${conversation.sid}`],
    [
      'POST',
      `/Client/v2/Users/ada/Conversations/${conversation.sid}`,
      { last_read_message_index: 0 },
    ],
    ['POST', '/Client/v2/Users/ada', { friendly_name: 'mine' }],
    ['GET', one],
    ['POST', one, { friendly_name: 'mine' }],
    ['DELETE', one],
    ['POST', `${one}/Participants`, { identity: 'a friend' }],
    ['POST', `${one}/Participants/ada`, { attributes: '{}' }],
    ['DELETE', `${one}/Participants/ada`],
    ['POST', `${one}/Messages`, { body: 'mine' }],
    ['POST', `${one}/Messages/${message.body.sid}`, { body: 'mine' }],
    ['DELETE', `${one}/Messages/${message.body.sid}`],
    ['GET', `${one}/Messages/${message.body.sid}/ChannelMetadata`],
    ['GET', `${one}/MessageRecipients`],
    ['GET', `/Client/v2/Conversations/${conversation.sid}/Messages/${message.body.sid}/Receipts`],
  ];
  const before = await service.conversations(conversation.sid).messages(message.body.sid).fetch();
  for (const [method, where, json] of routes)
    for (const token of [chat.token('mallory'), other.token('mallory'), other.token('ada')]) {
      const more = { method, body: json && JSON.stringify(json), token };
      const { status, body } = await aim('mallory', where, more);
      // Another service's ada has conversations of her own, which are none.
      const empty = status === 200 && body.conversations?.length === 0;
      const herself = token === other.token('ada') && where === '/Client/v2/Users/ada';
      assert.ok(empty || herself || [403, 404].includes(status), `${method} ${where}: ${status}`);
    }
  const after = await service.conversations(conversation.sid).messages(message.body.sid).fetch();
  assert.deepEqual(after.toJSON(), before.toJSON());
  assert.equal((await service.conversations(conversation.sid).fetch()).friendlyName, null);
});
