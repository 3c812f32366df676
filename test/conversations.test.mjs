// Conversations by REST: every operation, by both forms of its path, with the official client; states, timers, limits and what is refused.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientFor, startServer } from './support/server.mjs';

let server;
let v1;
before(async () => {
  server = await startServer();
  v1 = server.client.conversations.v1;
});
after(() => server?.stop());

const refused = (status, code, words) => (error) => {
  assert.equal(error.status, status, error.message);
  assert.equal(error.code, code, error.message);
  if (words) assert.match(error.message, words);
  return true;
};
const MINUTE = 60_000;
let counted = 0;
const fresh = (word) => `${word}-${++counted}`;

/** Both ways to the same rows: the account's default service, and a service by its SID. */
const forms = {
  'the default service': async () => v1,
  'a service of its own': async () =>
    v1.services((await v1.services.create({ friendlyName: fresh('Service') })).sid),
};

for (const [name, open] of Object.entries(forms))
  describe(`in ${name}`, () => {
    let api;
    before(async () => (api = await open()));

    test('a conversation is made, found by SID and by name, changed and deleted', async () => {
      const uniqueName = fresh('order');
      const made = await api.conversations.create({
        friendlyName: 'Order 7',
        uniqueName,
        attributes: '{"order":7}',
        dateCreated: new Date('2020-01-02T03:04:05Z'),
        'bindings.email.address': 'desk@example.com',
        'bindings.email.name': 'Desk',
      });
      assert.match(made.sid, /^CH[0-9a-f]{32}$/);
      assert.match(made.chatServiceSid, /^IS[0-9a-f]{32}$/);
      assert.equal(made.state, 'active');
      assert.deepEqual(made.timers, {});
      assert.deepEqual(made.bindings, { email: { address: 'desk@example.com', name: 'Desk' } });
      assert.equal(made.dateCreated.toISOString(), '2020-01-02T03:04:05.000Z');
      assert.ok(made.url.endsWith(`/Conversations/${made.sid}`), made.url);
      assert.equal(made.links.messages, `${made.url}/Messages`);

      for (const key of [made.sid, uniqueName])
        assert.equal((await api.conversations(key).fetch()).sid, made.sid);
      const renamed = fresh('order');
      const changed = await api
        .conversations(uniqueName)
        .update({ uniqueName: renamed, friendlyName: 'Order 8', attributes: '[1,2]' });
      assert.equal(changed.friendlyName, 'Order 8');
      assert.equal(changed.attributes, '[1,2]');
      await assert.rejects(api.conversations(uniqueName).fetch(), refused(404, 20404));
      assert.equal((await api.conversations(renamed).fetch()).sid, made.sid);

      assert.equal(await api.conversations(renamed).remove(), true);
      await assert.rejects(api.conversations(made.sid).fetch(), refused(404, 20404));
      await assert.rejects(api.conversations(renamed).fetch(), refused(404, 20404));
      await api.conversations.create({ uniqueName: renamed }); // the name is free again
    });

    test('what a conversation may not be', async () => {
      const uniqueName = fresh('taken');
      await api.conversations.create({ uniqueName });
      for (const [given, status, code] of [
        [{ uniqueName }, 409, 50307],
        [{ uniqueName: `CH${'0'.repeat(32)}` }, 400, 50306],
        [{ friendlyName: 'x'.repeat(257) }, 400, 50302],
        [{ attributes: '{"a":' }, 400, 50304],
        [{ attributes: JSON.stringify({ a: 'x'.repeat(16 * 1024) }) }, 400, 50303],
        [{ state: 'closed' }, 400, 50384],
        [{ state: 'asleep' }, 400, 50378],
        [{ state: '' }, 400, 50374],
        [{ 'timers.inactive': 'PT59S' }, 400, 50375],
        [{ 'timers.inactive': 'soon' }, 400, 50379],
        [{ 'timers.closed': 'PT9M59S' }, 400, 50376],
        [{ 'timers.closed': 'P' }, 400, 50380],
        [{ messagingServiceSid: 'XX1' }, 400, 20001],
      ])
        await assert.rejects(
          api.conversations.create(given),
          refused(status, code),
          JSON.stringify(given),
        );
    });

    test('lists tell states and days apart', async () => {
      const old = await api.conversations.create({ dateCreated: new Date('2019-05-05T12:00:00Z') });
      const closed = await api.conversations.create({});
      await api.conversations(closed.sid).update({ state: 'closed' });
      const sids = async (options) => (await api.conversations.list(options)).map((c) => c.sid);
      assert.deepEqual(await sids({ startDate: '2019-05-05', endDate: '2019-05-05' }), [old.sid]);
      assert.deepEqual(await sids({ startDate: '2019-05-06', endDate: '2019-05-07' }), []);
      assert.deepEqual(await sids({ endDate: '2019-05-05T11:59:59Z' }), []);
      assert.ok((await sids({ state: 'closed' })).includes(closed.sid));
      assert.ok(!(await sids({ state: 'active' })).includes(closed.sid));
      await assert.rejects(api.conversations.list({ startDate: 'x' }), refused(400, 20001));
    });

    test('participants chat or are reached by a channel, each once', async () => {
      const { sid } = await api.conversations.create({});
      const people = api.conversations(sid).participants;
      const ann = await people.create({ identity: 'ann', attributes: '{"vip":true}' });
      assert.match(ann.sid, /^MB[0-9a-f]{32}$/);
      assert.equal(ann.messagingBinding, null);
      assert.match(ann.roleSid, /^RL/);
      assert.equal(ann.lastReadMessageIndex, null);
      const phone = `+1555${String(++counted).padStart(7, '0')}`;
      const bound = await people.create({
        'messagingBinding.address': phone,
        'messagingBinding.proxyAddress': '+15550001',
      });
      assert.equal(bound.identity, null);
      assert.deepEqual(bound.messagingBinding, {
        type: 'sms',
        address: phone,
        proxy_address: '+15550001',
      });
      assert.deepEqual(
        (await people.list()).map((p) => p.sid),
        [ann.sid, bound.sid],
      );
      assert.equal((await api.conversations(sid).participants('ann').fetch()).sid, ann.sid);
      const changed = await api
        .conversations(sid)
        .participants(ann.sid)
        .update({ attributes: '{}' });
      assert.equal(changed.attributes, '{}');

      for (const [given, status, code] of [
        [{ identity: 'ann' }, 409, 50433],
        [{}, 400, 50440],
        [{ identity: 'x', 'messagingBinding.address': '+1' }, 400, 50440],
        [{ identity: `US${'0'.repeat(32)}` }, 400, 50206],
        [{ identity: 'x'.repeat(257) }, 400, 50207],
        [{ identity: 'bob', roleSid: `RL${'0'.repeat(32)}` }, 400, 50100],
        [{ identity: 'bob', attributes: '{' }, 400, 50304],
        [{ 'messagingBinding.proxyAddress': '+15550001' }, 400, 50440],
        [
          {
            'messagingBinding.address': 'whatsapp:+1',
            'messagingBinding.proxyAddress': '+15550001',
          },
          400,
          50408,
        ],
      ])
        await assert.rejects(people.create(given), refused(status, code), JSON.stringify(given));
      await assert.rejects(
        api.conversations(sid).participants('ann').update({ identity: 'eve' }),
        refused(400, 50440),
      );

      assert.equal(await api.conversations(sid).participants('ann').remove(), true);
      await assert.rejects(
        api.conversations(sid).participants(ann.sid).fetch(),
        refused(404, 20404),
      );
      assert.notEqual((await people.create({ identity: 'ann' })).sid, ann.sid);
    });

    test('a pair of addresses is in one open conversation', async () => {
      const pair = {
        'messagingBinding.address': `whatsapp:+1666${++counted}`,
        'messagingBinding.proxyAddress': 'whatsapp:+15550002',
      };
      const [first, second] = [
        await api.conversations.create({}),
        await api.conversations.create({}),
      ];
      const holder = await api.conversations(first.sid).participants.create(pair);
      assert.equal(holder.messagingBinding.type, 'whatsapp');
      const into = (sid) => api.conversations(sid).participants.create(pair);
      await assert.rejects(into(second.sid), refused(409, 50416, new RegExp(first.sid)));
      await api.conversations(first.sid).update({ state: 'closed' });
      const next = await into(second.sid);
      await api.conversations(first.sid).remove(); // which has given it up already
      await assert.rejects(into((await api.conversations.create({})).sid), refused(409, 50416));
      await api.conversations(second.sid).participants(next.sid).remove();
      const third = await api.conversations.create({});
      await into(third.sid);
      await api.conversations(third.sid).remove();
      await into(second.sid);
    });

    test('messages are numbered without gaps and say who wrote them', async () => {
      const { sid } = await api.conversations.create({});
      const chat = api.conversations(sid);
      const ann = await chat.participants.create({ identity: 'ann' });
      const first = await chat.messages.create({ body: 'Hello' });
      assert.equal(first.author, 'system');
      assert.equal(first.index, 0);
      assert.equal(first.participantSid, null);
      assert.equal(first.delivery, null);
      assert.equal(first.media, null);
      const second = await chat.messages.create({
        author: 'ann',
        body: 'Hi',
        attributes: '"x"',
        subject: 'S',
      });
      assert.equal(second.participantSid, ann.sid);
      const edited = await chat
        .messages(second.sid)
        .update({ body: 'Hi there', author: 'bob', attributes: '{"a":1}' });
      assert.equal(edited.body, 'Hi there');
      assert.equal(edited.author, 'bob');
      assert.equal(await chat.messages(second.sid).remove(), true);
      await assert.rejects(chat.messages(second.sid).fetch(), refused(404, 20404));
      await assert.rejects(chat.messages(second.sid).update({ body: 'x' }), refused(404, 20404));
      const third = await chat.messages.create({ body: 'Three' });
      assert.equal(third.index, 2);
      assert.deepEqual(
        (await chat.messages.list()).map((m) => m.index),
        [0, 2],
      );
      assert.deepEqual(
        (await chat.messages.list({ order: 'desc' })).map((m) => m.index),
        [2, 0],
      );
      assert.equal((await chat.messages(third.sid).fetch()).body, 'Three');

      for (const [given, code] of [
        [{}, 50503],
        [{ body: '' }, 50503],
        [{ body: 'x'.repeat(32 * 1024 + 1) }, 50504],
        [{ body: 'x', attributes: 'nothing' }, 50304],
        [{ body: 'x', subject: 'x'.repeat(257) }, 50506],
        [{ mediaSid: `ME${'0'.repeat(32)}` }, 50505],
      ])
        await assert.rejects(
          chat.messages.create(given),
          refused(400, code),
          JSON.stringify(given),
        );
      await chat.participants.create({
        'messagingBinding.address': `+1777${++counted}`,
        'messagingBinding.proxyAddress': '+15550003',
      });
      await assert.rejects(
        chat.messages.create({ body: 'x'.repeat(1601) }),
        refused(400, 50504, /1600/),
      );
      // Nothing of this account sends from that number, and the message says so.
      const out = await chat.messages.create({ body: 'x'.repeat(1600) });
      assert.deepEqual(out.delivery, {
        total: 1,
        sent: 'none',
        delivered: 'none',
        read: 'none',
        failed: 'all',
        undelivered: 'none',
      });
      const [receipt] = await chat.messages(out.sid).deliveryReceipts.list();
      assert.match(receipt.sid, /^DY[0-9a-f]{32}$/);
      const same = await chat.messages(out.sid).deliveryReceipts(receipt.sid).fetch();
      assert.equal(same.status, 'failed');
      assert.equal(same.messageSid, out.sid);
      assert.ok(same.errorCode > 0);
      await assert.rejects(
        chat
          .messages(out.sid)
          .deliveryReceipts(`DY${'0'.repeat(32)}`)
          .fetch(),
        refused(404, 20404),
      );
    });

    test('what somebody has read is a horizon', async () => {
      const { sid } = await api.conversations.create({ friendlyName: 'Read' });
      const chat = api.conversations(sid);
      const identity = fresh('reader');
      const reader = await chat.participants.create({ identity });
      for (const body of ['a', 'b', 'c']) await chat.messages.create({ body });
      const mine = api.users(identity).userConversations(sid);
      const before = await mine.fetch();
      assert.equal(before.unreadMessagesCount, null);
      assert.equal(before.participantSid, reader.sid);
      assert.equal(before.friendlyName, 'Read');
      assert.equal(before.conversationState, 'active');
      assert.equal(before.notificationLevel, 'default');
      assert.equal((await mine.update({ lastReadMessageIndex: 0 })).unreadMessagesCount, 2);
      const seen = await chat.participants(identity).fetch();
      assert.equal(seen.lastReadMessageIndex, 0);
      assert.ok(seen.lastReadTimestamp);
      await chat.participants(reader.sid).update({ lastReadMessageIndex: 2 });
      assert.equal((await mine.fetch()).unreadMessagesCount, 0);
      await assert.rejects(mine.update({ lastReadMessageIndex: 3 }), refused(400, 50421));
      assert.equal((await mine.update({ notificationLevel: 'muted' })).notificationLevel, 'muted');
      await assert.rejects(mine.update({ notificationLevel: 'loud' }), refused(400, 20001));
      assert.deepEqual(
        (await api.users(identity).userConversations.list()).map((c) => c.conversationSid),
        [sid],
      );
      for (const [options, n] of [
        [{ identity }, 1],
        [{ identity: 'nobody at all' }, 0],
      ])
        assert.equal((await api.participantConversations.list(options)).length, n);
      const [part] = await api.participantConversations.list({ identity });
      assert.equal(part.conversationSid, sid);
      assert.equal(part.participantIdentity, identity);
      assert.equal(part.conversationFriendlyName, 'Read');
      await assert.rejects(api.participantConversations.list(), refused(400, 20001));
      assert.equal(await mine.remove(), true);
      await assert.rejects(mine.fetch(), refused(404, 20404));
      assert.equal((await chat.participants.list()).length, 0);
      assert.deepEqual(await api.users(identity).userConversations.list(), []);
    });

    test('users are made by hand or when they first take part', async () => {
      const identity = fresh('user');
      const user = await api.users.create({ identity, friendlyName: 'U', attributes: '{"a":1}' });
      assert.match(user.sid, /^US[0-9a-f]{32}$/);
      await assert.rejects(api.users.create({ identity }), refused(409, 50201));
      for (const key of [user.sid, identity])
        assert.equal((await api.users(key).fetch()).friendlyName, 'U');
      assert.equal((await api.users(identity).update({ friendlyName: 'V' })).friendlyName, 'V');
      await assert.rejects(api.users(identity).update({ attributes: '{' }), refused(400, 50304));
      const other = fresh('user');
      await assert.rejects(api.users(other).fetch(), refused(404, 20404));
      const chat = api.conversations((await api.conversations.create({})).sid);
      await chat.participants.create({ identity: other });
      await chat.participants.create({ identity });
      assert.ok((await api.users.list()).some((u) => u.identity === other));
      assert.equal(await api.users(identity).remove(), true);
      await assert.rejects(api.users(identity).fetch(), refused(404, 20404));
      assert.deepEqual(
        (await chat.participants.list()).map((p) => p.identity),
        [other],
      );
    });

    test('roles are lists of known permissions', async () => {
      const roles = await api.roles.list();
      assert.ok(
        roles.some((r) => r.type === 'service') && roles.some((r) => r.type === 'conversation'),
      );
      const role = await api.roles.create({
        friendlyName: 'reader',
        type: 'conversation',
        permission: ['sendMessage', 'leaveChannel', 'sendMessage'],
      });
      assert.deepEqual(role.permissions, ['sendMessage', 'leaveConversation']);
      const changed = await api.roles(role.sid).update({ permission: ['editOwnMessage'] });
      assert.deepEqual(changed.permissions, ['editOwnMessage']);
      for (const given of [
        { friendlyName: 'x', type: 'conversation', permission: ['fly'] },
        { friendlyName: 'x', type: 'conversation', permission: ['createConversation'] },
      ])
        await assert.rejects(api.roles.create(given), refused(400, 50104));
      assert.deepEqual((await api.roles(role.sid).fetch()).permissions, ['editOwnMessage']);
      assert.equal(await api.roles(role.sid).remove(), true);
      await assert.rejects(api.roles(role.sid).fetch(), refused(404, 20404));
    });

    test('a conversation is made together with its participants, or not at all', async () => {
      const address = `+1888${++counted}`;
      const made = await api.conversationWithParticipants.create({
        friendlyName: 'Together',
        participant: [
          '{"identity":"ann","attributes":"{\\"a\\":1}"}',
          `{"messaging_binding":{"address":"${address}","proxy_address":"+15550004"}}`,
        ],
      });
      assert.equal(made.state, 'initializing');
      assert.ok(made.url.endsWith(`/Conversations/${made.sid}`), made.url);
      await server.turnClock(1);
      assert.equal((await api.conversations(made.sid).fetch()).state, 'active');
      const people = await api.conversations(made.sid).participants.list();
      assert.deepEqual(
        people.map((p) => p.identity),
        ['ann', null],
      );
      const count = (await api.conversations.list()).length;
      for (const [participant, status, code] of [
        [[], 400, 50424],
        [Array(11).fill('{"identity":"x"}'), 400, 50424],
        [['{'], 400, 50425],
        [['{"identity":"x"}', '{"identity":"x"}'], 409, 50433],
      ])
        await assert.rejects(
          api.conversationWithParticipants.create({ participant }),
          refused(status, code),
        );
      assert.equal((await api.conversations.list()).length, count);
    });
  });

// --- states and timers ---------------------------------------------------------------------------------------------------------

describe('states and timers', () => {
  const state = async (sid) => (await v1.conversations(sid).fetch()).state;

  test('silence makes it inactive, then closed; a message wakes it', async () => {
    const made = await v1.conversations.create({
      'timers.inactive': 'PT5M',
      'timers.closed': 'PT30M',
    });
    assert.ok(made.timers.date_inactive);
    assert.equal(made.timers.date_closed, undefined);
    await server.turnClock(4 * MINUTE);
    await v1.conversations(made.sid).messages.create({ body: 'still here' });
    await server.turnClock(4 * MINUTE);
    assert.equal(await state(made.sid), 'active');
    await server.turnClock(MINUTE);
    const slept = await v1.conversations(made.sid).fetch();
    assert.equal(slept.state, 'inactive');
    assert.deepEqual(Object.keys(slept.timers), ['date_closed']);
    await server.turnClock(29 * MINUTE);
    await v1.conversations(made.sid).messages.create({ body: 'back' });
    assert.equal(await state(made.sid), 'active');
    await server.turnClock(5 * MINUTE);
    assert.equal(await state(made.sid), 'inactive');
    await server.turnClock(30 * MINUTE);
    assert.equal(await state(made.sid), 'closed');
  });

  test('without an inactive timer the closed timer counts at once; timers can be taken away', async () => {
    const made = await v1.conversations.create({ 'timers.closed': 'PT10M' });
    assert.deepEqual(Object.keys(made.timers), ['date_closed']);
    const kept = await v1.conversations.create({ 'timers.closed': 'PT10M' });
    assert.deepEqual((await v1.conversations(kept.sid).update({ 'timers.closed': '' })).timers, {});
    await server.turnClock(10 * MINUTE);
    assert.equal(await state(made.sid), 'closed');
    assert.equal(await state(kept.sid), 'active');
  });

  test('closed is the end', async () => {
    const { sid } = await v1.conversations.create({ state: 'inactive' });
    const chat = v1.conversations(sid);
    const { sid: message } = await chat.messages.create({ body: 'a' });
    await chat.participants.create({ identity: 'ann' });
    assert.equal((await chat.update({ state: 'closed' })).state, 'closed');
    for (const change of [
      () => chat.update({ state: 'active' }),
      () => chat.update({ friendlyName: 'x' }),
      () => chat.messages.create({ body: 'x' }),
      () => chat.messages(message).update({ body: 'x' }),
      () => chat.messages(message).remove(),
      () => chat.participants.create({ identity: 'bob' }),
      () => chat.participants('ann').update({ attributes: '{"a":1}' }),
      () => chat.participants('ann').remove(),
    ])
      await assert.rejects(change(), refused(400, 50377), change.toString());
    assert.equal((await chat.messages.list()).length, 1);
    assert.equal(await chat.remove(), true);
  });

  test("the account's timers hold where none is given, also after a restart", async () => {
    await v1.configuration().update({ defaultInactiveTimer: 'PT2M' });
    const [one, none] = [
      await v1.conversations.create({}),
      await v1.conversations.create({ 'timers.inactive': '' }),
    ];
    await v1.configuration().update({ defaultInactiveTimer: '' });
    await server.restart();
    v1 = server.client.conversations.v1;
    await server.turnClock(300 * MINUTE); // the clock began anew, behind all that was turned
    assert.equal(await state(one.sid), 'inactive');
    assert.equal(await state(none.sid), 'active');
  });
});

// --- services ------------------------------------------------------------------------------------------------------------------

describe('services', () => {
  test('the default one is the Flex Chat Service, with its roles', async () => {
    const { defaultChatServiceSid } = await v1.configuration().fetch();
    const service = await v1.services(defaultChatServiceSid).fetch();
    assert.equal(service.friendlyName, 'Flex Chat Service');
    const roles = await v1.services(service.sid).roles.list();
    const names = (type) => roles.filter((r) => r.type === type).map((r) => r.friendlyName);
    for (const name of ['admin', 'supervisor', 'agent', 'guest'])
      assert.ok(names('service').includes(name), name);
    const agent = roles.find((r) => r.type === 'conversation' && r.friendlyName === 'agent');
    assert.deepEqual([...agent.permissions].sort(), [
      'deleteOwnMessage',
      'editConversationAttributes',
      'editOwnMessage',
      'editOwnMessageAttributes',
      'leaveConversation',
      'sendMediaMessage',
      'sendMessage',
    ]);
    const checkup = await (await server.fetch('/plugboard/v1/Checkup')).json();
    assert.deepEqual(checkup.warnings, []);
    await v1
      .services(service.sid)
      .roles(agent.sid)
      .update({ permission: ['sendMessage'] });
    const again = await (await server.fetch('/plugboard/v1/Checkup')).json();
    assert.equal(again.warnings.length, 1);
    assert.match(again.warnings[0], new RegExp(agent.sid));
    await assert.rejects(v1.services(service.sid).remove(), refused(409, 20409));
  });

  test('a service that becomes the default one is given what Flex needs and keeps what it has', async () => {
    const service = await v1.services.create({ friendlyName: 'Ours' });
    const before = await v1.services(service.sid).configuration().fetch();
    const own = await v1
      .services(service.sid)
      .roles.create({ friendlyName: 'Agent', type: 'conversation', permission: ['sendMessage'] });
    const { defaultChatServiceSid } = await v1.configuration().fetch();
    await v1.configuration().update({ defaultChatServiceSid: service.sid });
    const roles = await v1.services(service.sid).roles.list();
    assert.deepEqual(roles.find((r) => r.sid === own.sid).permissions, ['sendMessage']);
    assert.ok(roles.some((r) => r.type === 'service' && r.friendlyName === 'supervisor'));
    const now = await v1.services(service.sid).configuration().fetch();
    assert.equal(now.defaultConversationRoleSid, before.defaultConversationRoleSid);
    const { warnings } = await (await server.fetch('/plugboard/v1/Checkup')).json();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], new RegExp(own.sid));
    await v1.configuration().update({ defaultChatServiceSid });
  });

  test('configuration names roles of the service', async () => {
    const service = await v1.services.create({ friendlyName: 'Configured' });
    const roles = await v1.services(service.sid).roles.list();
    const find = (type, name) => roles.find((r) => r.type === type && r.friendlyName === name).sid;
    const changed = await v1
      .services(service.sid)
      .configuration()
      .update({
        defaultConversationRoleSid: find('conversation', 'channel guest'),
        defaultChatServiceRoleSid: find('service', 'service guest'),
        reachabilityEnabled: true,
      });
    assert.equal(changed.reachabilityEnabled, true);
    const under = v1.services(service.sid);
    const { sid } = await under.conversations.create({});
    const ann = await under.conversations(sid).participants.create({ identity: 'ann' });
    assert.equal(ann.roleSid, find('conversation', 'channel guest'));
    const user = await under.users('ann').fetch();
    assert.equal(user.roleSid, find('service', 'service guest'));
    assert.equal(user.isOnline, false);
    await assert.rejects(
      under.configuration().update({ defaultConversationRoleSid: find('service', 'service user') }),
      refused(400, 50100),
    );
    await assert.rejects(
      under.roles(find('service', 'service guest')).remove(),
      refused(400, 50109),
    );
  });

  test('a deleted service takes everything with it and frees its pairs', async () => {
    const service = await v1.services.create({ friendlyName: 'Short' });
    const under = v1.services(service.sid);
    const pair = {
      'messagingBinding.address': '+19990001',
      'messagingBinding.proxyAddress': '+15550009',
    };
    const { sid } = await under.conversations.create({});
    await under.conversations(sid).participants.create(pair);
    assert.equal(await under.remove(), true);
    await assert.rejects(under.fetch(), refused(404, 20404));
    await assert.rejects(under.conversations(sid).fetch(), refused(404, 20404));
    await server.turnClock(1);
    const other = await v1.conversations.create({});
    await v1.conversations(other.sid).participants.create(pair);
  });

  test('a conversation of one service is not there for another', async () => {
    const [a, b] = [
      await v1.services.create({ friendlyName: 'A' }),
      await v1.services.create({ friendlyName: 'B' }),
    ];
    const { sid } = await v1.services(a.sid).conversations.create({ uniqueName: 'same' });
    await v1.services(b.sid).conversations.create({ uniqueName: 'same' });
    for (const path of [v1, v1.services(b.sid)]) {
      await assert.rejects(path.conversations(sid).fetch(), refused(404, 20404));
      await assert.rejects(
        path.conversations(sid).messages.create({ body: 'x' }),
        refused(404, 20404),
      );
      await assert.rejects(path.conversations(sid).participants.list(), refused(404, 20404));
    }
  });
});

test('an account that has nothing yet has empty lists, and begins with its first conversation', async () => {
  const { sid, authToken } = await server.client.api.v2010.accounts.create({ friendlyName: 'New' });
  const own = clientFor(server.url, sid, authToken).conversations.v1;
  for (const list of [
    own.conversations,
    own.users,
    own.roles,
    own.services,
    own.addressConfigurations,
    own.credentials,
  ])
    assert.deepEqual(await list.list(), []);
  assert.deepEqual(await own.participantConversations.list({ identity: 'ann' }), []);
  await assert.rejects(own.conversations('nothing').fetch(), refused(404, 20404));
  await assert.rejects(own.users('nobody').userConversations.list(), refused(404, 20404));
  const made = await own.conversations.create({});
  const [service] = await own.services.list();
  assert.equal(made.chatServiceSid, service.sid);
  assert.ok((await own.roles.list()).length > 0);
});

test('a long conversation is deleted without holding anybody up', async () => {
  const { sid } = await v1.conversations.create({ uniqueName: 'long' });
  await Promise.all(
    Array.from({ length: 700 }, (_, i) => v1.conversations(sid).messages.create({ body: `${i}` })),
  );
  const indexes = (await v1.conversations(sid).messages.list()).map((m) => m.index);
  assert.deepEqual(
    indexes,
    Array.from({ length: 700 }, (_, i) => i),
  );
  await v1.conversations(sid).remove();
  await server.turnClock(1);
  await v1.conversations.create({ uniqueName: 'long' });
});
