// Addresses that begin conversations of themselves, keys of push services, and what push notifications say.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientFor, startServer } from './support/server.mjs';

let server, api, defaultService;
before(async () => {
  server = await startServer();
  api = server.client.conversations.v1;
  defaultService = (await api.configuration().fetch()).defaultChatServiceSid;
});
after(() => server?.stop());

describe('an account’s configuration', () => {
  test('has a default service from the first look on', async () => {
    const found = await api.configuration().fetch();
    assert.match(found.defaultChatServiceSid, /^IS/);
    assert.equal(found.accountSid, server.accountSid);
    assert.ok(
      found.links.service.endsWith(`/v1/Services/${found.defaultChatServiceSid}/Configuration`),
    );
    assert.ok(found.links.webhooks.endsWith('/v1/Configuration/Webhooks'));
  });

  test('default timers count for what is made after', async () => {
    const set = await api
      .configuration()
      .update({ defaultInactiveTimer: 'PT2M', defaultClosedTimer: 'PT30M' });
    assert.deepEqual([set.defaultInactiveTimer, set.defaultClosedTimer], ['PT2M', 'PT30M']);
    const c = await api.conversations.create({});
    assert.ok(c.timers.date_inactive);
    const cleared = await api
      .configuration()
      .update({ defaultInactiveTimer: '', defaultClosedTimer: '' });
    assert.deepEqual([cleared.defaultInactiveTimer, cleared.defaultClosedTimer], [null, null]);
    assert.deepEqual((await api.conversations.create({})).timers, {});
  });

  for (const [timers, code] of [
    [{ defaultInactiveTimer: 'PT30S' }, 50375],
    [{ defaultClosedTimer: 'PT5M' }, 50376],
    [{ defaultInactiveTimer: 'soon' }, 50379],
    [{ defaultClosedTimer: '2030-01-01T00:00:00Z' }, 50380],
  ])
    test(`${JSON.stringify(timers)} is refused`, () =>
      assert.rejects(api.configuration().update(timers), { status: 400, code }));

  test('another service may become the default one', async () => {
    const other = await api.services.create({ friendlyName: 'other' });
    await api.configuration().update({ defaultChatServiceSid: other.sid });
    const c = await api.conversations.create({});
    assert.equal(c.chatServiceSid, other.sid);
    await api.configuration().update({ defaultChatServiceSid: defaultService });
    await assert.rejects(
      api.configuration().update({ defaultChatServiceSid: `IS${'0'.repeat(32)}` }),
      { status: 400 },
    );
  });
});

describe('addresses', () => {
  test('made, found by their SID and by themselves, changed and deleted', async () => {
    const made = await api.addressConfigurations.create({
      type: 'sms',
      address: '+15005550006',
      friendlyName: 'shop',
      'autoCreation.enabled': true,
      'autoCreation.type': 'webhook',
      'autoCreation.webhookUrl': 'https://example.com/shop',
      'autoCreation.webhookMethod': 'get',
      'autoCreation.webhookFilters': ['onParticipantAdded', 'onMessageAdded'],
      'autoCreation.conversationServiceSid': defaultService,
    });
    assert.match(made.sid, /^IG/);
    assert.deepEqual(made.autoCreation, {
      enabled: true,
      type: 'webhook',
      conversation_service_sid: defaultService,
      webhook_url: 'https://example.com/shop',
      webhook_method: 'GET',
      webhook_filters: ['onParticipantAdded', 'onMessageAdded'],
    });
    assert.equal((await api.addressConfigurations('+15005550006').fetch()).sid, made.sid);
    const off = await api.addressConfigurations(made.sid).update({ 'autoCreation.enabled': false });
    assert.equal(off.autoCreation.enabled, false);
    assert.equal(off.autoCreation.webhook_url, 'https://example.com/shop');
    await assert.rejects(
      api.addressConfigurations.create({ type: 'sms', address: '+15005550006' }),
      { status: 409 },
    );
    await api.addressConfigurations(made.sid).remove();
    await assert.rejects(api.addressConfigurations(made.sid).fetch(), { status: 404 });
  });

  test('a list is narrowed by type', async () => {
    await api.addressConfigurations.create({ type: 'whatsapp', address: 'whatsapp:+15005550007' });
    await api.addressConfigurations.create({ type: 'chat', address: 'our web chat' });
    const chats = await api.addressConfigurations.list({ type: 'chat' });
    assert.deepEqual(
      chats.map((a) => a.address),
      ['our web chat'],
    );
    assert.deepEqual(chats[0].autoCreation, {
      enabled: false,
      type: 'default',
      conversation_service_sid: null,
    });
  });

  for (const [what, wrong] of [
    ['type', { type: 'fax', address: 'x' }],
    ['number', { type: 'sms', address: 'shop' }],
    ['WhatsApp address', { type: 'whatsapp', address: '+15005550008' }],
    ['rule', { type: 'chat', address: 'x', 'autoCreation.type': 'magic' }],
    [
      'rule without URL',
      { type: 'chat', address: 'x', 'autoCreation.enabled': true, 'autoCreation.type': 'webhook' },
    ],
    ['filter', { type: 'chat', address: 'x', 'autoCreation.webhookFilters': ['onMessageAdd'] }],
    [
      'flow',
      {
        type: 'chat',
        address: 'x',
        'autoCreation.type': 'studio',
        'autoCreation.studioFlowSid': 'FWx',
      },
    ],
    [
      'service',
      { type: 'chat', address: 'x', 'autoCreation.conversationServiceSid': `IS${'1'.repeat(32)}` },
    ],
  ])
    test(`a wrong ${what} is refused`, () =>
      assert.rejects(api.addressConfigurations.create(wrong), { status: 400 }));

  test('of somebody else are not there', async () => {
    const mine = await api.addressConfigurations.create({ type: 'chat', address: 'mine' });
    const sub = await server.client.api.v2010.accounts.create({ friendlyName: 'other' });
    const stranger = clientFor(server.url, sub.sid, sub.authToken).conversations.v1;
    await assert.rejects(stranger.addressConfigurations(mine.sid).fetch(), { status: 404 });
    await assert.rejects(stranger.addressConfigurations('mine').fetch(), { status: 404 });
    assert.deepEqual(await stranger.addressConfigurations.list(), []);
    await stranger.addressConfigurations.create({ type: 'chat', address: 'mine' });
  });
});

describe('credentials of push services', () => {
  test('are kept, and their secrets never shown', async () => {
    const made = await api.credentials.create({
      type: 'apn',
      friendlyName: 'phones',
      certificate: 'the certificate',
      privateKey: 'the private key',
      sandbox: true,
    });
    assert.match(made.sid, /^CR/);
    assert.deepEqual([made.type, made.sandbox, made.friendlyName], ['apn', 'true', 'phones']);
    const seen = await (await server.fetch(`/conversations/v1/Credentials/${made.sid}`)).text();
    assert.doesNotMatch(seen, /the (certificate|private key)/);
    const changed = await api.credentials(made.sid).update({ type: 'fcm', secret: 'the secret' });
    assert.equal(changed.type, 'fcm');
    assert.equal((await api.credentials.list()).length, 1);
    await api.credentials(made.sid).remove();
    assert.deepEqual(await api.credentials.list(), []);
  });

  for (const type of ['apn', 'gcm', 'fcm'])
    test(`${type} without its keys is refused`, () =>
      assert.rejects(api.credentials.create({ type }), { status: 400 }));
});

test('the words of push notifications', async () => {
  const settings = api.services(defaultService).configuration.notifications();
  assert.equal((await settings.fetch()).newMessage.enabled, false);
  const set = await settings.update({
    logEnabled: true,
    'newMessage.enabled': true,
    'newMessage.template': '${PARTICIPANT}: ${MESSAGE}',
    'newMessage.withMedia.enabled': true,
    'addedToConversation.sound': 'ring',
  });
  assert.equal(set.logEnabled, true);
  assert.equal(set.newMessage.template, '${PARTICIPANT}: ${MESSAGE}');
  assert.equal(set.newMessage.with_media.enabled, true);
  assert.equal(set.addedToConversation.sound, 'ring');
  assert.deepEqual((await settings.fetch()).newMessage, set.newMessage);
  await assert.rejects(
    api
      .services(`IS${'0'.repeat(32)}`)
      .configuration.notifications()
      .fetch(),
    { status: 404 },
  );
});
