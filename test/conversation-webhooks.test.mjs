// Who else hears of a conversation, and who is asked before it changes: webhooks of the account, of a service and of one
// conversation, each on its own.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import sdk from '@twilio/conversations';
import { heard, startChat } from './support/chat.mjs';
import { clientFor, startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

let server, hooks, api, answers, defaultService;
before(async () => {
  server = await startServer();
  // What the customer's server says: by default nothing; a test sets its own by event.
  answers = {};
  hooks = await startWebhooks({
    authToken: server.authToken,
    answer: (request) => {
      const said = answers[paramsOf(request).EventType];
      return typeof said === 'function' ? said(request) : (said ?? { status: 200, body: '' });
    },
  });
  api = server.client.conversations.v1;
  defaultService = (await api.configuration().fetch()).defaultChatServiceSid;
});
after(async () => {
  await hooks.stop();
  await server.stop();
});
afterEach(async () => {
  answers = {};
  hooks.requests.length = 0;
  for (const settings of [api.configuration.webhooks(), service().configuration.webhooks()])
    await settings.update({ preWebhookUrl: '', postWebhookUrl: '', filters: [''], method: 'POST' });
});

const loud = { xTwilioWebhookEnabled: 'true' };
const service = () => api.services(defaultService);
/** Of a POST the form, of a GET the query. */
function paramsOf(request) {
  if (request.method === 'POST') return request.params;
  return Object.fromEntries(new URL(request.url).searchParams);
}
const told = async (event) => paramsOf(await hooks.next((r) => paramsOf(r).EventType === event));
/** All that was told by now: a later event at the same URL has been, so what would have come before it is here. */
const toldSoFar = () => hooks.requests.map((r) => paramsOf(r).EventType);

const tellAccount = (filters, more = {}) =>
  api.configuration.webhooks().update({ postWebhookUrl: hooks.url('/account'), filters, ...more });
const askAccount = (filters, more = {}) =>
  api.configuration.webhooks().update({ preWebhookUrl: hooks.url('/before'), filters, ...more });

describe('settings', () => {
  test('an account and a service have their own', async () => {
    const set = await tellAccount(['onMessageAdded'], { method: 'get' });
    assert.equal(set.method, 'GET');
    assert.deepEqual(set.filters, ['onMessageAdded']);
    assert.equal(set.postWebhookUrl, hooks.url('/account'));
    assert.equal(set.preWebhookUrl, null);
    assert.equal(set.target, 'webhook');
    const other = await service().configuration.webhooks().fetch();
    assert.equal(other.postWebhookUrl, null);
    assert.deepEqual(other.filters, []);
    assert.equal(other.chatServiceSid, defaultService);
  });

  for (const [what, wrong, code] of [
    ['a method', { method: 'PUT' }, 50055],
    ['a filter', { filters: ['onMessageSent'] }, 50054],
    ['a URL to ask', { preWebhookUrl: 'ftp://example.com' }, 50077],
    ['a URL to tell', { postWebhookUrl: 'example.com' }, 50078],
  ])
    test(`${what} that is wrong is refused`, async () => {
      await assert.rejects(api.configuration.webhooks().update(wrong), { status: 400, code });
      await assert.rejects(service().configuration.webhooks().update(wrong), { status: 400, code });
    });
});

describe('told after a change', () => {
  test('nothing of what REST does, unless it asks for it', async () => {
    await tellAccount(['onConversationAdded', 'onMessageAdded']);
    const quiet = await api.conversations.create({ friendlyName: 'quiet' });
    await api.conversations(quiet.sid).messages.create({ body: 'psst' });
    const spoken = await api.conversations.create({ ...loud, friendlyName: 'spoken' });
    assert.equal((await told('onConversationAdded')).ConversationSid, spoken.sid);
    await api.conversations(quiet.sid).messages.create({ ...loud, body: 'hello' });
    assert.equal((await told('onMessageAdded')).Body, 'hello');
    assert.deepEqual(toldSoFar(), ['onConversationAdded', 'onMessageAdded']);
  });

  test('each event with the facts that are documented for it', async () => {
    await tellAccount([
      'onConversationAdded',
      'onConversationUpdated',
      'onConversationStateUpdated',
      'onConversationRemoved',
      'onParticipantAdded',
      'onParticipantUpdated',
      'onParticipantRemoved',
      'onMessageAdded',
      'onMessageUpdated',
      'onMessageRemoved',
      'onUserUpdated',
    ]);
    const c = await api.conversations.create({
      ...loud,
      uniqueName: 'facts',
      attributes: '{"a":1}',
    });
    const common = { AccountSid: server.accountSid, Source: 'API', ConversationSid: c.sid };
    const has = (found, wanted) => {
      for (const [name, value] of Object.entries({ ...common, ...wanted }))
        assert.equal(found[name], value, `${found.EventType} ${name}`);
      assert.equal(found.ClientIdentity, undefined);
    };
    const conversation = {
      ChatServiceSid: defaultService,
      UniqueName: 'facts',
      Attributes: '{"a":1}',
    };
    has(await told('onConversationAdded'), { ...conversation, State: 'active' });

    await api.conversations(c.sid).update({ ...loud, friendlyName: 'Facts' });
    has(await told('onConversationUpdated'), { ...conversation, FriendlyName: 'Facts' });

    const p = await api.conversations(c.sid).participants.create({ ...loud, identity: 'alice' });
    has(await told('onParticipantAdded'), {
      ParticipantSid: p.sid,
      Identity: 'alice',
      RoleSid: p.roleSid,
      Attributes: '{}',
      'MessagingBinding.Type': 'CHAT',
      'MessagingBinding.Address': undefined,
    });
    await api
      .conversations(c.sid)
      .participants(p.sid)
      .update({ ...loud, attributes: '{"b":2}' });
    has(await told('onParticipantUpdated'), { ParticipantSid: p.sid, Attributes: '{"b":2}' });

    const sms = await api.conversations(c.sid).participants.create({
      ...loud,
      'messagingBinding.address': '+15005550001',
      'messagingBinding.proxyAddress': '+15005550002',
    });
    has(await told('onParticipantAdded'), {
      ParticipantSid: sms.sid,
      Identity: undefined,
      'MessagingBinding.Type': 'SMS',
      'MessagingBinding.Address': '+15005550001',
      'MessagingBinding.ProxyAddress': '+15005550002',
    });
    await api.conversations(c.sid).participants(sms.sid).remove(loud);
    const left = await told('onParticipantRemoved');
    has(left, { ParticipantSid: sms.sid });
    assert.match(left.DateRemoved, /^\d{4}-\d\d-\d\dT/);

    const m = await api
      .conversations(c.sid)
      .messages.create({ ...loud, author: 'alice', body: 'hi' });
    const message = { MessageSid: m.sid, Index: '0', Author: 'alice', ParticipantSid: p.sid };
    has(await told('onMessageAdded'), { ...message, Body: 'hi', Attributes: '{}' });
    await api
      .conversations(c.sid)
      .messages(m.sid)
      .update({ ...loud, body: 'hi!' });
    has(await told('onMessageUpdated'), { ...message, Body: 'hi!' });
    await api.conversations(c.sid).messages(m.sid).remove(loud);
    const gone = await told('onMessageRemoved');
    has(gone, { ...message, Body: 'hi!' });
    assert.ok(gone.DateRemoved);

    await service()
      .users('alice')
      .update({ ...loud, friendlyName: 'Alice' });
    const user = await told('onUserUpdated');
    has(user, {
      ConversationSid: undefined,
      Identity: 'alice',
      FriendlyName: 'Alice',
      ChatServiceSid: defaultService,
    });

    await api.conversations(c.sid).update({ ...loud, state: 'closed' });
    has(await told('onConversationStateUpdated'), {
      StateFrom: 'active',
      StateTo: 'closed',
      Reason: 'API',
    });
    await api.conversations(c.sid).remove(loud);
    has(await told('onConversationRemoved'), { ...conversation, State: 'closed' });
  });

  test('a timer tells, without having been asked to', async () => {
    await tellAccount(['onConversationStateUpdated']);
    const c = await api.conversations.create({ 'timers.inactive': 'PT1M' });
    await server.turnClock(60_000);
    const state = await told('onConversationStateUpdated');
    assert.equal(state.ConversationSid, c.sid);
    assert.equal(state.StateTo, 'inactive');
    assert.equal(state.Reason, 'TIMER');
  });

  test('account and service are told each on its own', async () => {
    await tellAccount(['onConversationAdded']);
    await service()
      .configuration.webhooks()
      .update({
        postWebhookUrl: hooks.url('/service'),
        filters: ['onConversationAdded', 'onMessageAdded'],
      });
    const c = await api.conversations.create(loud);
    await api.conversations(c.sid).messages.create({ ...loud, body: 'x' });
    await told('onMessageAdded');
    const paths =
      (await Promise.all([told('onConversationAdded'), told('onConversationAdded')])) &&
      hooks.requests;
    assert.deepEqual(paths.map((r) => `${r.path} ${r.params.EventType}`).sort(), [
      '/account onConversationAdded',
      '/service onConversationAdded',
      '/service onMessageAdded',
    ]);
  });

  test('by GET the facts stand in the query, which is signed', async () => {
    await tellAccount(['onMessageAdded'], {
      method: 'GET',
      postWebhookUrl: hooks.url('/get?key=1'),
    });
    const c = await api.conversations.create({});
    await api.conversations(c.sid).messages.create({ ...loud, body: 'ä & ö' });
    const request = await hooks.next();
    assert.equal(request.method, 'GET');
    const query = new URL(request.url).searchParams;
    assert.equal(query.get('key'), '1');
    assert.equal(query.get('Body'), 'ä & ö');
  });

  test('in order, and again when it was not taken', async () => {
    let refusals = 1;
    answers.onMessageAdded = () => ({ status: refusals-- > 0 ? 500 : 200, body: '' });
    await tellAccount(['onMessageAdded']);
    const c = await api.conversations.create({});
    for (const body of ['one', 'two'])
      await api.conversations(c.sid).messages.create({ ...loud, body });
    assert.equal((await told('onMessageAdded')).Body, 'one');
    await api.conversations(c.sid).fetch();
    while (hooks.requests.length < 3) {
      await api.conversations(c.sid).update({ friendlyName: `${Math.random()}` }); // the first answer has come back
      await server.turnClock(1_000);
    }
    assert.deepEqual(
      hooks.requests.map((r) => r.params.Body),
      ['one', 'one', 'two'],
    );
  });
});

describe('asked before a change', () => {
  const create = (c, body = 'hello') =>
    api.conversations(c.sid).messages.create({ ...loud, body, author: 'bob' });

  test('nothing, or {}: it is done as it was meant', async () => {
    await askAccount(['onMessageAdd']);
    const c = await api.conversations.create({});
    for (const said of ['', {}]) {
      answers.onMessageAdd = { body: said };
      assert.equal((await create(c)).body, 'hello');
      const asked = await told('onMessageAdd');
      assert.equal(asked.Body, 'hello');
      assert.equal(asked.Author, 'bob');
      assert.equal(asked.MessageSid, undefined, 'there is none yet');
    }
    assert.deepEqual(
      (await api.conversations(c.sid).messages.list()).map((m) => m.index),
      [0, 1],
      'a question costs no index',
    );
  });

  test('an object alters what may be altered', async () => {
    await askAccount([
      'onMessageAdd',
      'onMessageUpdate',
      'onConversationAdd',
      'onConversationUpdate',
    ]);
    answers.onConversationAdd = {
      body: { friendly_name: 'named by the hook', unique_name: 'not by it' },
    };
    const c = await api.conversations.create({ ...loud, friendlyName: 'x' });
    assert.equal(c.friendlyName, 'named by the hook');
    assert.equal(c.uniqueName, null);
    answers.onMessageAdd = { body: { body: '***', author: 'eve', attributes: '{"seen":true}' } };
    const m = await create(c, 'rude');
    assert.deepEqual([m.body, m.author, m.attributes], ['***', 'eve', '{"seen":true}']);
    answers.onMessageUpdate = { body: { body: 'mild' } };
    assert.equal(
      (
        await api
          .conversations(c.sid)
          .messages(m.sid)
          .update({ ...loud, body: 'rude' })
      ).body,
      'mild',
    );
    answers.onConversationUpdate = { body: { friendly_name: 'again' } };
    const updated = await api.conversations(c.sid).update({ ...loud, attributes: '{"z":1}' });
    assert.deepEqual([updated.friendlyName, updated.attributes], ['again', '{"z":1}']);
  });

  test('what it makes invalid is the caller’s error', async () => {
    await askAccount(['onMessageAdd']);
    const c = await api.conversations.create({});
    answers.onMessageAdd = { body: { attributes: 'no json' } };
    await assert.rejects(create(c), { status: 400, code: 50304 });
    answers.onMessageAdd = { body: { body: 7 } };
    await assert.rejects(create(c), { status: 400 });
    assert.equal((await api.conversations(c.sid).messages.list()).length, 0);
  });

  for (const [status, code] of [
    [403, 50056],
    [404, 50056],
    [500, 50057],
    [503, 50057],
  ])
    test(`${status} refuses, and nothing has happened`, async () => {
      const before = [
        'onConversationAdd',
        'onParticipantAdd',
        'onMessageAdd',
        'onParticipantRemove',
      ];
      await askAccount([...before, 'onMessageRemove', 'onConversationRemove', 'onUserUpdate']);
      const c = await api.conversations.create({});
      const p = await api.conversations(c.sid).participants.create({ identity: 'carol' });
      const m = await api.conversations(c.sid).messages.create({ body: 'stays' });
      for (const event of [...before, 'onMessageRemove', 'onConversationRemove', 'onUserUpdate'])
        answers[event] = { status, body: '' };
      const conversation = api.conversations(c.sid);
      for (const attempt of [
        () => api.conversations.create({ ...loud, uniqueName: 'never' }),
        () => conversation.participants.create({ ...loud, identity: 'dave' }),
        () => create(c),
        () => conversation.participants(p.sid).remove(loud),
        () => conversation.messages(m.sid).remove(loud),
        () => conversation.remove(loud),
        () =>
          service()
            .users('carol')
            .update({ ...loud, friendlyName: 'x' }),
      ])
        await assert.rejects(attempt(), { status: 400, code });
      await assert.rejects(api.conversations('never').fetch(), { status: 404 });
      assert.equal((await conversation.participants.list()).length, 1);
      assert.equal((await conversation.messages.list()).length, 1);
      // Without the header nobody is asked.
      assert.equal((await conversation.messages.create({ body: 'quiet' })).index, 1);
    });

  test('no answer within five seconds: done as it was meant', async () => {
    const open = [];
    answers.onMessageAdd = () => new Promise((resolve) => open.push(resolve));
    await askAccount(['onMessageAdd']);
    const c = await api.conversations.create({});
    const slow = create(c, 'late');
    await told('onMessageAdd');
    // Meanwhile nobody else waits.
    const other = await api.conversations.create({});
    assert.equal((await api.conversations(other.sid).messages.create({ body: 'quick' })).index, 0);
    assert.equal((await api.conversations(c.sid).messages.list()).length, 0);
    assert.equal((await slow).body, 'late');
    assert.match(server.log, /50076/);
    open.forEach((resolve) => resolve({ status: 200, body: '' }));
  });

  test('nobody there: done as it was meant', async () => {
    await askAccount(['onMessageAdd'], { preWebhookUrl: 'http://127.0.0.1:9/' });
    const c = await api.conversations.create({});
    assert.equal((await create(c)).body, 'hello');
  });

  test('the account is asked first, and the service about what it left', async () => {
    await askAccount(['onMessageAdd']);
    await service()
      .configuration.webhooks()
      .update({
        preWebhookUrl: hooks.url('/service'),
        filters: ['onMessageAdd'],
        method: 'GET',
      });
    answers.onMessageAdd = (request) =>
      request.path.startsWith('/service')
        ? { body: { body: `${paramsOf(request).Body}, two` } }
        : { body: { body: `${paramsOf(request).Body}, one` } };
    const c = await api.conversations.create({});
    assert.equal((await create(c, 'zero')).body, 'zero, one, two');
    assert.deepEqual(
      hooks.requests.map((r) => r.method),
      ['POST', 'GET'],
    );
  });

  test('what somebody does in a browser is always asked about, and told', async () => {
    const chat = await startChat(server, { service: await service().fetch() });
    const { sid } = await api.conversations.create({});
    await api.conversations(sid).participants.create({ identity: 'ada' });
    const ada = await chat.client(sdk, 'ada');
    const c = await ada.getConversationBySid(sid);
    await askAccount(['onMessageAdd', 'onMessageAdded'], {
      postWebhookUrl: hooks.url('/account'),
    });
    answers.onMessageAdd = { body: { body: 'altered' } };
    const added = heard(c, 'messageAdded');
    const index = await c.sendMessage('as I wrote it');
    assert.equal(index, 0);
    assert.equal((await added).body, 'altered');
    for (const event of ['onMessageAdd', 'onMessageAdded']) {
      const { Source, ClientIdentity, Author } = await told(event);
      assert.deepEqual([Source, ClientIdentity, Author], ['SDK', 'ada', 'ada']);
    }
    answers.onMessageAdd = { status: 403, body: '' };
    await assert.rejects(c.sendMessage('not this'), (error) => {
      assert.equal(error.status, 400);
      assert.equal(error.body?.code ?? error.code, 50056);
      return true;
    });
    assert.equal(await c.getMessagesCount(), 1);
    await chat.end();
  });

  test('many that wait for a dead server hold up nobody else', async () => {
    const open = [];
    answers.onMessageAdd = () => new Promise((resolve) => open.push(resolve));
    await askAccount(['onMessageAdd']);
    const c = await api.conversations.create({});
    const waiting = Array.from({ length: 150 }, (_, i) => create(c, `${i}`));
    await told('onMessageAdd');
    // Another account, with a webhook of its own that answers.
    const other = await server.client.api.v2010.accounts.create({ friendlyName: 'other' });
    const theirs = clientFor(server.url, other.sid, other.authToken).conversations.v1;
    const quick = await startWebhooks({
      authToken: other.authToken,
      answer: { body: { body: 'asked' } },
    });
    await theirs.configuration
      .webhooks()
      .update({ preWebhookUrl: quick.url(), filters: ['onMessageAdd'] });
    const conversation = theirs.conversations((await theirs.conversations.create({})).sid);
    for (let i = 0; i < 20; i++)
      assert.equal((await conversation.messages.create({ ...loud, body: 'x' })).body, 'asked');
    assert.deepEqual(await api.conversations(c.sid).messages.list(), [], 'the others still wait');
    answers = {};
    open.forEach((resolve) => resolve({ status: 200, body: '' }));
    const indexes = (await Promise.all(waiting)).map((m) => m.index).sort((a, b) => a - b);
    assert.deepEqual(
      indexes,
      Array.from({ length: 150 }, (_, i) => i),
    );
    await quick.stop();
  });

  test('what is wrong with a request is said before anybody is asked', async () => {
    await askAccount(['onMessageAdd']);
    const c = await api.conversations.create({});
    await assert.rejects(api.conversations(c.sid).messages.create({ ...loud, attributes: 'x' }), {
      status: 400,
    });
    assert.deepEqual(toldSoFar(), []);
  });
});

describe('webhooks of one conversation', () => {
  test('are told what their filters name, and how often it was tried', async () => {
    const c = await api.conversations.create({});
    const other = await api.conversations.create({});
    const made = await api.conversations(c.sid).webhooks.create({
      target: 'webhook',
      'configuration.url': hooks.url('/scoped'),
      'configuration.method': 'POST',
      'configuration.filters': ['onMessageAdded', 'onParticipantAdded'],
    });
    assert.match(made.sid, /^WH/);
    assert.deepEqual(made.configuration, {
      url: hooks.url('/scoped'),
      method: 'post',
      filters: ['onMessageAdded', 'onParticipantAdded'],
    });
    await api.conversations(other.sid).messages.create({ ...loud, body: 'elsewhere' });
    await api.conversations(c.sid).messages.create({ ...loud, body: 'here' });
    const message = await told('onMessageAdded');
    assert.equal(message.Body, 'here');
    assert.equal(message.RetryCount, '0');
    await api.conversations(c.sid).participants.create({ ...loud, identity: 'zoe' });
    await told('onParticipantAdded');
    assert.deepEqual(toldSoFar(), ['onMessageAdded', 'onParticipantAdded']);

    const same = service().conversations(c.sid).webhooks(made.sid);
    await same.update({
      'configuration.filters': ['onMessageUpdated'],
      'configuration.method': 'get',
    });
    const [listed] = await api.conversations(c.sid).webhooks.list();
    assert.deepEqual(
      [listed.configuration.method, listed.configuration.filters],
      ['get', ['onMessageUpdated']],
    );
    await same.remove();
    assert.deepEqual(await api.conversations(c.sid).webhooks.list(), []);
    await assert.rejects(same.fetch(), { status: 404 });
  });

  test('a trigger is told of messages with its words', async () => {
    const c = await api.conversations.create({ uniqueName: 'triggered' });
    await api.conversations('triggered').webhooks.create({
      target: 'trigger',
      'configuration.url': hooks.url('/trigger'),
      'configuration.triggers': ['Refund', 'money back'],
    });
    for (const body of ['hello', 'I want a REFUND', 'now', 'Money Back!'])
      await api.conversations(c.sid).messages.create({ ...loud, body });
    const found = [await told('onMessageAdded'), await told('onMessageAdded')];
    assert.deepEqual(
      found.map((r) => r.Body),
      ['I want a REFUND', 'Money Back!'],
    );
  });

  for (const [what, wrong, code] of [
    ['target', { target: 'bot' }, 50364],
    ['flow', { target: 'studio', 'configuration.flowSid': `FW${'0'.repeat(32)}` }, 50367],
    ['method', { 'configuration.method': 'put' }, 50368],
    ['missing URL', { 'configuration.url': undefined }, 50369],
    ['filter', { 'configuration.filters': ['onMessageAdd'] }, 50365],
    ['missing filter', { 'configuration.filters': undefined }, 50370],
    ['missing trigger', { target: 'trigger' }, 50371],
    ['empty trigger', { target: 'trigger', 'configuration.triggers': [''] }, 50366],
    ['sixth trigger', { target: 'trigger', 'configuration.triggers': [...'abcdef'] }, 50362],
    ['endless URL', { 'configuration.url': `http://example.com/${'x'.repeat(512)}` }, 50372],
  ])
    test(`a wrong ${what} is refused`, async () => {
      const c = await api.conversations.create({});
      const good = {
        target: 'webhook',
        'configuration.url': hooks.url(),
        'configuration.filters': ['onMessageAdded'],
      };
      await assert.rejects(api.conversations(c.sid).webhooks.create({ ...good, ...wrong }), {
        status: 400,
        code,
      });
    });

  test('at most five', async () => {
    const c = await api.conversations.create({});
    const one = {
      target: 'webhook',
      'configuration.url': hooks.url(),
      'configuration.filters': ['onMessageAdded'],
    };
    for (let i = 0; i < 5; i++) await api.conversations(c.sid).webhooks.create(one);
    await assert.rejects(api.conversations(c.sid).webhooks.create(one), {
      status: 400,
      code: 50361,
    });
  });
});

test('what is to be told outlives the server', async () => {
  await tellAccount(['onMessageAdded']);
  const c = await api.conversations.create({});
  answers.onMessageAdded = () => new Promise(() => {});
  await api.conversations(c.sid).messages.create({ ...loud, body: 'remembered' });
  await told('onMessageAdded');
  answers = {};
  await server.kill9();
  await server.restart();
  api = server.client.conversations.v1;
  assert.equal((await told('onMessageAdded')).Body, 'remembered');
});
