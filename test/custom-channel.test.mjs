// A channel of one's own: the example of docs/channels.md beside a real server.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { startLetterbox } from '../examples/channel/letterbox.mjs';
import { startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

describe('the letter box', () => {
  let server, hooks, box, carrier, api;
  before(async () => {
    server = await startServer({ clock: null }); // signatures have a time, and the example has the real one
    hooks = await startWebhooks({ authToken: server.authToken });
    box = await startLetterbox({ key: '' });
    const make = async (where, form) => {
      const answer = await server.fetch(`/plugboard/v1/${where}`, { form });
      assert.equal(answer.status, 201);
      return answer.json();
    };
    carrier = await make('Carriers', { Type: 'custom', CarrierUrl: `${box.url}/outbound` });
    await make('Senders', { Address: 'letter:desk', CarrierSid: carrier.sid });
    box.connect(carrier);
    api = server.client.conversations.v1;
    await api.addressConfigurations.create({
      type: 'chat',
      address: 'letter:desk',
      'autoCreation.enabled': true,
    });
    await api.configuration.webhooks().update({
      postWebhookUrl: hooks.url('/'),
      filters: ['onMessageAdded', 'onDeliveryUpdated', 'onParticipantAdded'],
    });
  });
  after(async () => {
    await box?.stop();
    await hooks?.stop();
    await server?.stop();
  });

  const write = async (who, letter) =>
    (await fetch(`${box.url}/letters/${who}`, { method: 'POST', body: JSON.stringify(letter) }))
      .status;
  const read = async (who) => (await fetch(`${box.url}/letters/${who}`)).json();
  const told = async (event, more = {}) =>
    (
      await hooks.next(
        ({ params }) =>
          params.EventType === event &&
          Object.entries(more).every(([name, value]) => params[name] === value),
      )
    ).params;
  let conversation;

  test('its key is shown once', async () => {
    assert.match(carrier.signing_key, /^[0-9a-f]{32}$/);
    const again = await (await server.fetch(`/plugboard/v1/Carriers/${carrier.sid}`)).json();
    assert.equal(again.signing_key, null);
  });

  test('Ann writes, is answered, and reads it', async () => {
    assert.equal(await write('ann', { text: 'Dear desk' }), 202);
    const participant = await told('onParticipantAdded');
    assert.equal(participant['MessagingBinding.Address'], 'letter:ann');
    assert.equal(participant.Attributes, '{"ProfileName":"ann"}');
    const added = await told('onMessageAdded', { Body: 'Dear desk' });
    assert.equal(added.Source, 'LETTER');
    conversation = api.conversations(added.ConversationSid);
    const said = await conversation.messages.create({ author: 'agent', body: 'Dear Ann' });
    assert.equal((await told('onDeliveryUpdated', { Status: 'sent' })).MessageSid, said.sid);
    assert.deepEqual(await read('ann'), [{ text: 'Dear Ann', media: [] }]);
    assert.equal((await told('onDeliveryUpdated', { Status: 'read' })).MessageSid, said.sid);
    assert.equal((await conversation.messages(said.sid).fetch()).delivery.read, 'all');
  });

  test('files go both ways', async () => {
    const service = (await api.configuration().fetch()).defaultChatServiceSid;
    const png =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=';
    const uploaded = await (
      await server.fetch(`/mcs/v1/Services/${service}/Media?Filename=seal.png`, {
        method: 'POST',
        headers: { 'Content-Type': 'image/png' },
        body: Buffer.from(png, 'base64'),
      })
    ).json();
    await conversation.messages.create({ author: 'agent', mediaSid: uploaded.sid });
    await told('onDeliveryUpdated', { Status: 'sent' });
    const [letter] = await read('ann');
    const file = await fetch(letter.media[0]);
    assert.equal(file.status, 200);
    assert.equal(Buffer.from(await file.arrayBuffer()).toString('base64'), png);
    // And back again, from where it lies.
    assert.equal(await write('ann', { text: 'your seal', media: letter.media }), 202);
    const [medium] = JSON.parse((await told('onMessageAdded', { Body: 'your seal' })).Media);
    assert.equal(medium.ContentType, 'image/png');
    assert.notEqual(medium.Sid, uploaded.sid);
  });

  test('what comes twice is taken once', async () => {
    for (let i = 0; i < 3; i++)
      assert.equal(await write('ann', { id: 'letter-7', text: 'again' }), 202);
    await write('ann', { text: 'and on' });
    await told('onMessageAdded', { Body: 'and on' });
    const bodies = (await conversation.messages.list()).map((m) => m.body);
    assert.equal(bodies.filter((body) => body === 'again').length, 1);
  });

  test('a refusal is a failed receipt', async () => {
    const c = await api.conversations.create({});
    await api.conversations(c.sid).participants.create({
      'messagingBinding.address': 'letter:nobody',
      'messagingBinding.proxyAddress': 'letter:desk',
    });
    await api.conversations(c.sid).messages.create({ body: 'Dear nobody' });
    assert.equal((await told('onDeliveryUpdated', { Status: 'failed' })).ErrorCode, '30003');
  });

  test('forged, old and repeated ones are refused', async () => {
    const body = JSON.stringify({
      id: 'x',
      from: 'letter:eve',
      to: 'letter:desk',
      body: 'trust me',
    });
    const now = () => Math.floor(Date.now() / 1000);
    const post = async ({ key = carrier.signing_key, at = now(), nonce = 'once', sent = body }) => {
      const signature = createHmac('sha256', key).update(`${at}.${nonce}.${body}`).digest('hex');
      const answer = await fetch(carrier.inbound_url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'X-Plugboard-Timestamp': `${at}`,
          'X-Plugboard-Nonce': nonce,
          'X-Plugboard-Signature': signature,
        },
        body: sent,
      });
      return answer.status;
    };
    assert.equal(await post({ key: 'guess' }), 403);
    assert.equal(await post({ at: now() - 301 }), 403);
    assert.equal(await post({ at: now() + 302 }), 403);
    assert.equal(await post({ sent: body.replace('trust', 'thank') }), 403);
    assert.equal(await post({ nonce: 'n'.repeat(129) }), 403);
    assert.equal((await fetch(carrier.inbound_url, { method: 'POST', body })).status, 403);
    assert.equal(await post({}), 200);
    assert.equal(await post({}), 403, 'a nonce is good once');
    assert.equal(await post({ nonce: 'twice' }), 200);
  });
});
