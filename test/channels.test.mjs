// Messages that leave the house and come in: between numbers of one account, and by a carrier that is another Plugboard.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import webhooks from 'twilio/lib/webhooks/webhooks.js';
import { clientFor, startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

const { getExpectedTwilioSignature } = webhooks;
const loud = { xTwilioWebhookEnabled: 'true' };

/** Plugboard's own resources, which the official client does not know. */
async function ours(server, path, form, method = form ? 'POST' : 'GET') {
  const answer = await server.fetch(`/plugboard/v1/${path}`, { method, form });
  const body = answer.status === 204 ? null : await answer.json();
  if (answer.status >= 400) throw Object.assign(new Error(body.message), body);
  return body;
}

/** Looks until it is so: what comes in goes its way after it was acknowledged. */
async function until(look, what = 'that') {
  for (let i = 0; i < 400; i++) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`${what} did not come to be`);
}

describe('between two numbers of an account', () => {
  let server, hooks, api, answer;
  const shop = '+15005550100';
  const ann = '+15005550101';
  before(async () => {
    server = await startServer();
    hooks = await startWebhooks({
      authToken: server.authToken,
      answer: (r) => answer?.(r) ?? { status: 200, body: '' },
    });
    api = server.client;
    await api.incomingPhoneNumbers.create({ phoneNumber: shop, smsUrl: hooks.url('/sms') });
    await api.incomingPhoneNumbers.create({ phoneNumber: ann, friendlyName: 'Ann' });
  });
  after(async () => {
    await hooks.stop();
    await server.stop();
  });
  const write = (body, more = {}) => api.messages.create({ from: ann, to: shop, body, ...more });
  const received = (number, body) =>
    until(
      async () =>
        (await api.messages.list({ to: number })).find(
          (m) => m.direction === 'inbound' && m.body === body,
        ),
      `"${body}" at ${number}`,
    );

  test('a message is made, delivered, listed and deleted', async () => {
    const m = await write('hello', { statusCallback: hooks.url('/status') });
    assert.match(m.sid, /^SM/);
    assert.deepEqual(
      [m.from, m.to, m.body, m.direction, m.numSegments],
      [ann, shop, 'hello', 'outbound-api', '1'],
    );
    const statuses = [
      await hooks.next((r) => r.path === '/status'),
      await hooks.next((r) => r.path === '/status'),
    ];
    assert.deepEqual(
      statuses.map((r) => r.params.MessageStatus),
      ['sent', 'delivered'],
    );
    assert.equal(statuses[0].params.MessageSid, m.sid);
    assert.equal((await api.messages(m.sid).fetch()).status, 'delivered');
    await received(shop, 'hello');
    assert.ok((await api.messages.list({ from: ann })).some((x) => x.sid === m.sid));
    assert.equal((await api.messages(m.sid).update({ body: '' })).body, '');
    await api.messages(m.sid).remove();
    await assert.rejects(api.messages(m.sid).fetch(), { status: 404 });
  });

  for (const [what, wrong, code] of [
    ['number to send from', { from: '+15005550999' }, 21606],
    ['number to send to', { to: 'no number' }, 21211],
    ['body', { body: '' }, 21602],
    ['endless body', { body: 'x'.repeat(1601) }, 21617],
    ['way to itself', { to: ann }, 21266],
    ['way out of the house', { to: '+15005550998' }, 21612],
    ['channel', { to: 'whatsapp:+15005550100' }, 21910],
  ])
    test(`a wrong ${what} is refused`, () =>
      assert.rejects(write('x', wrong), { status: 400, code }));

  test('a request that is made again with its token sends nothing more', async () => {
    const send = async (token) => {
      const answer = await server.fetch(
        `/api/2010-04-01/Accounts/${server.accountSid}/Messages.json`,
        {
          form: { From: ann, To: shop, Body: 'once' },
          headers: { 'I-Twilio-Idempotency-Token': token },
        },
      );
      assert.equal(answer.status, 201);
      return (await answer.json()).sid;
    };
    const sid = await send('first');
    assert.equal(await send('first'), sid);
    assert.notEqual(await send('second'), sid);
  });

  test('a number’s URL is asked, and answers in TwiML', async () => {
    answer = () => ({
      headers: { 'Content-Type': 'text/xml' },
      body: `<?xml version="1.0"?><Response><Message>You said so &amp; so</Message><Redirect>/more</Redirect></Response>`,
    });
    await write('what now');
    const asked = (await hooks.next((r) => r.path === '/sms' && r.params.Body === 'what now'))
      .params;
    assert.deepEqual(
      [asked.From, asked.To, asked.NumMedia, asked.SmsStatus],
      [ann, shop, '0', 'received'],
    );
    answer = () => ({ headers: { 'Content-Type': 'text/plain' }, body: 'plain words' });
    await received(ann, 'You said so & so');
    await hooks.next((r) => r.path === '/more');
    answer = undefined;
  });

  test('the fallback is asked when the URL fails', async () => {
    const [number] = await api.incomingPhoneNumbers.list({ phoneNumber: shop });
    await api.incomingPhoneNumbers(number.sid).update({ smsFallbackUrl: hooks.url('/fallback') });
    answer = (r) => (r.path === '/sms' ? { status: 500, body: '' } : undefined);
    await write('are you there');
    await hooks.next((r) => r.path === '/fallback' && r.params.Body === 'are you there');
    answer = undefined;
  });

  test('whoever writes STOP gets nothing more, until START', async () => {
    const toAnn = (body) => api.messages.create({ from: shop, to: ann, body });
    await toAnn('news');
    await write('Stop');
    assert.equal(
      (await hooks.next((r) => r.path === '/sms' && r.params.Body === 'Stop')).params.OptOutType,
      'STOP',
    );
    await until(
      async () => (await api.messages.list({ to: ann })).some((m) => /unsubscribed/.test(m.body)),
      'a reply',
    );
    await assert.rejects(toAnn('more news'), { status: 400, code: 21610 });
    await write('START');
    await until(
      async () => (await api.messages.list({ to: ann })).some((m) => /re-subscribed/.test(m.body)),
      'a reply',
    );
    await toAnn('news again');
    await write('help');
    await until(
      async () => (await api.messages.list({ to: ann })).some((m) => /^Reply STOP/.test(m.body)),
      'help',
    );
  });
});

describe('an address that begins conversations', () => {
  let server, hooks, api, conversations;
  const desk = '+15005550200';
  const bob = '+15005550201';
  let answers = {};
  before(async () => {
    server = await startServer();
    hooks = await startWebhooks({
      authToken: server.authToken,
      answer: (r) => answers[r.params.EventType] ?? { status: 200, body: '' },
    });
    api = server.client;
    conversations = api.conversations.v1;
    for (const phoneNumber of [desk, bob]) await api.incomingPhoneNumbers.create({ phoneNumber });
    await conversations.addressConfigurations.create({
      type: 'sms',
      address: desk,
      'autoCreation.enabled': true,
      'autoCreation.type': 'webhook',
      'autoCreation.webhookUrl': hooks.url('/bot'),
      'autoCreation.webhookFilters': ['onMessageAdded', 'onParticipantAdded'],
    });
    await conversations.configuration.webhooks().update({
      preWebhookUrl: hooks.url('/before'),
      postWebhookUrl: hooks.url('/after'),
      filters: [
        'onConversationAdd',
        'onConversationAdded',
        'onParticipantAdd',
        'onParticipantAdded',
        'onMessageAdd',
        'onMessageAdded',
      ],
    });
  });
  after(async () => {
    await hooks.stop();
    await server.stop();
  });
  const write = (body, more = {}) => api.messages.create({ from: bob, to: desk, body, ...more });
  const added = (body) =>
    hooks.next(
      (r) => r.path === '/bot' && r.params.EventType === 'onMessageAdded' && r.params.Body === body,
    );
  let first;

  test('the first message makes one, step by step', async () => {
    await write('Hello?');
    const told = (await added('Hello?')).params;
    first = told.ConversationSid;
    assert.deepEqual(
      [told.Body, told.Author, told.Index, told.Source],
      ['Hello?', bob, '0', 'SMS'],
    );
    await hooks.next((r) => r.path === '/after' && r.params.EventType === 'onMessageAdded');
    assert.deepEqual(
      hooks.requests.filter((r) => r.path !== '/bot').map((r) => r.params.EventType),
      [
        'onConversationAdd',
        'onConversationAdded',
        'onParticipantAdd',
        'onParticipantAdded',
        'onMessageAdd',
        'onMessageAdded',
      ],
    );
    const asked = hooks.requests[0].params;
    assert.deepEqual(
      [
        asked.MessageBody,
        asked['MessagingBinding.Address'],
        asked['MessagingBinding.ProxyAddress'],
        asked.Source,
      ],
      ['Hello?', bob, desk, 'SMS'],
    );
    const [p] = await conversations.conversations(first).participants.list();
    assert.deepEqual(
      [p.messagingBinding.type, p.messagingBinding.address, p.messagingBinding.proxy_address],
      ['sms', bob, desk],
    );
    assert.equal(told.ParticipantSid, p.sid);
    const [m] = await conversations.conversations(first).messages.list();
    assert.deepEqual([m.author, m.participantSid, m.delivery], [bob, p.sid, null]);
  });

  test('the next ones are added to it, in order', async () => {
    for (const body of ['one', 'two', 'three']) await write(body);
    for (const [i, body] of ['one', 'two', 'three'].entries()) {
      const told = (await added(body)).params;
      assert.deepEqual([told.ConversationSid, told.Body, told.Index], [first, body, `${i + 1}`]);
    }
    assert.equal((await conversations.conversations.list()).length, 1);
  });

  test('what an agent says goes out, and its receipt comes back', async () => {
    await conversations.conversations(first).participants.create({ identity: 'agent' });
    const said = await conversations
      .conversations(first)
      .messages.create({ ...loud, author: 'agent', body: 'How can I help?' });
    const arrived = await until(async () =>
      (await api.messages.list({ to: bob })).find((m) => m.body === 'How can I help?'),
    );
    assert.equal(arrived.from, desk);
    const [receipt] = await until(async () => {
      const all = await conversations
        .conversations(first)
        .messages(said.sid)
        .deliveryReceipts.list();
      return all.length && all[0].status === 'delivered' ? all : null;
    }, 'a receipt');
    assert.match(receipt.channelMessageSid, /^SM/);
    assert.equal(receipt.errorCode, 0);
    const { delivery } = await conversations.conversations(first).messages(said.sid).fetch();
    assert.deepEqual([delivery.total, delivery.delivered, delivery.failed], [1, 'all', 'none']);
  });

  test('a file is copied from conversation to conversation', async () => {
    const other = await conversations.conversations.create({});
    await conversations.conversations(other.sid).participants.create({
      'messagingBinding.address': desk,
      'messagingBinding.proxyAddress': bob,
    });
    const { chatServiceSid } = other;
    const upload = await server.fetch(
      `/mcs/v1/Services/${chatServiceSid}/Media?Filename=note.txt`,
      {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body: 'a note',
      },
    );
    const { sid } = await upload.json();
    // Bob's side is a conversation of this account, too: what is said in it comes in at the desk.
    await conversations
      .conversations(other.sid)
      .messages.create({ body: 'see note', mediaSid: sid });
    const told = (await added('see note')).params;
    assert.equal(told.ConversationSid, first);
    const [copy] = JSON.parse(told.Media);
    assert.deepEqual(
      [copy.Filename, copy.ContentType, `${copy.Size}`],
      ['note.txt', 'text/plain', '6'],
    );
    assert.notEqual(copy.Sid, sid);
    const where = `/mcs/v1/Services/${chatServiceSid}/Media/${copy.Sid}`;
    const { links } = await (await server.fetch(where)).json();
    assert.equal(await (await fetch(links.content_direct_temporary)).text(), 'a note');
  });

  test('an inactive one becomes active, a closed one makes room for a new one', async () => {
    await conversations.conversations(first).update({ state: 'inactive' });
    await write('still there?');
    await added('still there?');
    assert.equal((await conversations.conversations(first).fetch()).state, 'active');
    await conversations.conversations(first).update({ state: 'closed' });
    await write('a week later');
    const told = (await added('a week later')).params;
    assert.notEqual(told.ConversationSid, first);
    assert.equal(told.Index, '0');
    await conversations.conversations(told.ConversationSid).update({ state: 'closed' });
  });

  test('an answer that alters, and one that refuses', async () => {
    answers = { onMessageAdd: { body: { body: '(hidden)' } } };
    await write('my card is 4111…');
    const told = (await added('(hidden)')).params;
    assert.equal(told.Body, '(hidden)');
    await conversations.conversations(told.ConversationSid).update({ state: 'closed' });
    const before = (await conversations.conversations.list()).length;
    for (const event of ['onConversationAdd', 'onParticipantAdd']) {
      answers = { [event]: { status: 403, body: '' } };
      const refused = await write(`refused at ${event}`);
      const kept = await until(async () =>
        (await api.messages.list({ to: desk })).find(
          (m) => m.body === refused.body && m.status === 'received' && m.errorCode,
        ),
      );
      assert.equal(kept.errorCode, 50056);
      assert.equal((await conversations.conversations.list()).length, before, event);
    }
    answers = {};
  });

  test('what waits for an answer is not lost with the server', async () => {
    answers = { onConversationAdd: new Promise(() => {}) };
    await write('remember me');
    await hooks.next(
      (r) => r.params.EventType === 'onConversationAdd' && r.params.MessageBody === 'remember me',
    );
    answers = {};
    await server.kill9();
    await server.restart();
    api = server.client;
    conversations = api.conversations.v1;
    const told = (await added('remember me')).params;
    assert.deepEqual([told.Body, told.Index], ['remember me', '0']);
  });
});

describe('by a carrier that speaks this API', () => {
  let us, carrier, customer, hooks, them, desk, api, pictures;
  const number = '+15005550300';
  const mobile = '+15005550301';
  before(async () => {
    us = await startServer();
    carrier = await startServer();
    hooks = await startWebhooks({ authToken: us.authToken });
    // We are a customer of the carrier, whose number calls us back.
    them = await ours(us, 'Carriers', {
      FriendlyName: 'the carrier',
      Type: 'twilio',
      CarrierUrl: `${carrier.url}/api`,
      Username: carrier.accountSid,
      Secret: carrier.authToken,
    });
    assert.equal(them.secret, undefined);
    await ours(us, 'Senders', { Address: number, CarrierSid: them.sid });
    await carrier.client.incomingPhoneNumbers.create({
      phoneNumber: number,
      smsUrl: them.inbound_url,
    });
    await carrier.client.incomingPhoneNumbers.create({ phoneNumber: mobile });
    customer = carrier.client;
    api = us.client.conversations.v1;
    await api.addressConfigurations.create({
      type: 'sms',
      address: number,
      'autoCreation.enabled': true,
    });
    await api.addressConfigurations.create({
      type: 'whatsapp',
      address: `whatsapp:${number}`,
      'autoCreation.enabled': true,
    });
    await api.configuration
      .webhooks()
      .update({ postWebhookUrl: hooks.url('/'), filters: ['onMessageAdded', 'onDeliveryUpdated'] });
    pictures = createServer((request, answer) => {
      if (request.url === '/elsewhere/cat.png') {
        answer.writeHead(307, { Location: '/cat.png' }).end();
        return;
      }
      answer.writeHead(200, { 'Content-Type': 'image/png' });
      answer.end(
        Buffer.from(
          'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
          'base64',
        ),
      );
    });
    await new Promise((resolve) => pictures.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    pictures.close();
    await hooks.stop();
    await us.stop();
    await carrier.stop();
  });
  /** As the carrier would post it, unless another token signs. */
  const byHand = (form, token = carrier.authToken) => {
    const body = { AccountSid: carrier.accountSid, ...form };
    const signature = getExpectedTwilioSignature(token, them.inbound_url, body);
    return us.fetch(new URL(them.inbound_url).pathname, {
      form: body,
      auth: null,
      headers: { 'X-Twilio-Signature': signature },
    });
  };
  const told = async (event, more = () => true) =>
    (await hooks.next((r) => r.params.EventType === event && more(r.params))).params;

  test('a message comes in, the answer goes out, and its receipt comes back', async () => {
    await customer.messages.create({ from: mobile, to: number, body: 'Hi from far away' });
    const added = await told('onMessageAdded');
    assert.deepEqual([added.Body, added.Author, added.Source], ['Hi from far away', mobile, 'SMS']);
    desk = api.conversations(added.ConversationSid);
    const said = await desk.messages.create({ body: 'Hello back', author: 'agent' });
    await until(async () =>
      (await customer.messages.list({ to: mobile })).some((m) => m.body === 'Hello back'),
    );
    const delivered = await told('onDeliveryUpdated', (p) => p.Status === 'delivered');
    assert.equal(delivered.MessageSid, said.sid);
    const [m] = await us.client.messages.list({ to: mobile });
    assert.equal(m.status, 'delivered');
    assert.equal(delivered.ChannelMessageSid, m.sid);
  });

  test('media are copied: in, and out by links that expire', async () => {
    const url = `http://127.0.0.1:${pictures.address().port}/elsewhere/cat.png`;
    await customer.messages.create({ from: mobile, to: number, body: 'my cat', mediaUrl: [url] });
    const added = await told('onMessageAdded', (p) => p.Body === 'my cat');
    const [medium] = JSON.parse(added.Media);
    assert.deepEqual([medium.ContentType, medium.Filename], ['image/png', 'cat.png']);
    const [m] = await desk.messages.list({ order: 'desc', limit: 1 });
    assert.equal(m.media[0].sid, medium.Sid);
  });

  test('WhatsApp goes the same way, with the name that its user has chosen', async () => {
    await customer.messages.create({
      from: `whatsapp:${mobile}`,
      to: `whatsapp:${number}`,
      body: 'on WhatsApp',
    });
    const added = await told('onMessageAdded', (p) => p.Body === 'on WhatsApp');
    assert.deepEqual([added.Source, added.Author], ['WHATSAPP', `whatsapp:${mobile}`]);
    await api
      .conversations(added.ConversationSid)
      .messages.create({ body: 'welcome', author: 'agent' });
    await until(async () =>
      (await customer.messages.list({ to: `whatsapp:${mobile}` })).some(
        (m) => m.body === 'welcome',
      ),
    );
    const answer = await byHand({
      MessageSid: `SM${'8'.repeat(32)}`,
      From: 'whatsapp:+15005550302',
      To: `whatsapp:${number}`,
      Body: 'hello from Zoe',
      ProfileName: 'Zoe 🌻',
    });
    assert.equal(answer.status, 200);
    const { ConversationSid } = await told('onMessageAdded', (p) => p.Body === 'hello from Zoe');
    const [zoe] = await api.conversations(ConversationSid).participants.list();
    assert.equal(zoe.attributes, '{"ProfileName":"Zoe 🌻"}');
    assert.equal(zoe.messagingBinding.type, 'whatsapp');
  });

  test('STOP is the carrier’s to answer, and ours to heed', async () => {
    await customer.messages.create({ from: mobile, to: number, body: 'STOP' });
    await told('onMessageAdded', (p) => p.Body === 'STOP');
    await until(async () =>
      (await customer.messages.list({ to: mobile })).some((m) => /unsubscribed/.test(m.body)),
    );
    assert.equal(
      (await customer.messages.list({ to: mobile })).filter(
        (m) => m.direction === 'inbound' && /unsubscribed/.test(m.body),
      ).length,
      1,
    );
    await desk.messages.create({ body: 'are you sure?', author: 'agent' });
    const failed = await told('onDeliveryUpdated', (p) => p.Status === 'failed');
    assert.equal(failed.ErrorCode, '21610');
    await customer.messages.create({ from: mobile, to: number, body: 'START' });
    await told('onMessageAdded', (p) => p.Body === 'START');
  });

  test('a refusal of the carrier is a receipt', async () => {
    const other = await api.conversations.create({});
    await api.conversations(other.sid).participants.create({
      'messagingBinding.address': '+15005550399', // nobody the carrier could reach
      'messagingBinding.proxyAddress': number,
    });
    await api.conversations(other.sid).messages.create({ body: 'anybody?' });
    const failed = await told('onDeliveryUpdated', (p) => p.ConversationSid === other.sid);
    assert.deepEqual([failed.Status, failed.ErrorCode], ['failed', '21612']);
  });

  test('what is forged is refused, and a replay taken once', async () => {
    const form = {
      MessageSid: `SM${'7'.repeat(32)}`,
      AccountSid: carrier.accountSid,
      From: mobile,
      To: number,
      Body: 'by hand',
    };
    const post = (signature, body = form) =>
      us.fetch(new URL(them.inbound_url).pathname, {
        form: body,
        auth: null,
        headers: signature ? { 'X-Twilio-Signature': signature } : {},
      });
    const good = getExpectedTwilioSignature(carrier.authToken, them.inbound_url, form);
    assert.equal((await post()).status, 403);
    assert.equal(
      (await post(getExpectedTwilioSignature('guess', them.inbound_url, form))).status,
      403,
    );
    assert.equal((await post(good, { ...form, Body: 'altered' })).status, 403);
    for (let i = 0; i < 3; i++) {
      const answer = await post(good);
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /<Response\/>/);
    }
    await told('onMessageAdded', (p) => p.Body === 'by hand');
    await customer.messages.create({ from: mobile, to: number, body: 'after it' });
    await told('onMessageAdded', (p) => p.Body === 'after it');
    const bodies = (await desk.messages.list()).map((m) => m.body);
    assert.equal(bodies.filter((b) => b === 'by hand').length, 1);
    const unknown = them.inbound_url.replace(them.sid, `KC${'0'.repeat(32)}`);
    assert.equal((await us.fetch(new URL(unknown).pathname, { form, auth: null })).status, 404);
  });

  test('who writes too often has to wait', async () => {
    const statuses = [];
    for (let i = 0; i < 40; i++) {
      const answer = await byHand({
        MessageSid: `SM${i.toString(16).padStart(32, '0')}`,
        From: '+15005550666',
        To: number,
        Body: `flood ${i}`,
      });
      statuses.push(answer.status);
    }
    assert.equal(statuses[0], 200);
    assert.equal(statuses.at(-1), 429);
  });

  test('a carrier’s secret is nobody’s to see, nor a stranger’s to use', async () => {
    const seen = await (await us.fetch('/plugboard/v1/Carriers')).text();
    assert.ok(!seen.includes(carrier.authToken));
    const other = await us.client.api.v2010.accounts.create({ friendlyName: 'other' });
    const answer = await us.fetch(`/plugboard/v1/Carriers/${them.sid}`, {
      auth: [other.sid, other.authToken],
    });
    assert.equal(answer.status, 404);
    const stranger = clientFor(us.url, other.sid, other.authToken);
    await assert.rejects(stranger.messages.create({ from: number, to: mobile, body: 'x' }), {
      code: 21606,
    });
    await assert.rejects(ours(us, `Carriers/${them.sid}`, undefined, 'DELETE'), { status: 409 });
  });

  test('while the carrier is away, messages wait for it', async () => {
    await carrier.kill9();
    const m = await us.client.messages.create({ from: number, to: mobile, body: 'patience' });
    await until(
      async () =>
        /"?attempt|timed out|refused/.test(us.log) ||
        (await us.client.messages(m.sid).fetch()).status === 'queued',
    );
    await us.kill9();
    await us.restart();
    await carrier.restart();
    await until(async () => {
      await us.turnClock(2_000);
      return (await us.client.messages(m.sid).fetch()).status === 'delivered';
    }, 'delivery after the carrier is back');
  });
});
