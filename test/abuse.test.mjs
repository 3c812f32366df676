// What people do who mean no good: too much, too large, too often, and what is meant to be run by whoever looks at it.

import { startChat } from './support/chat.mjs'; // first: it lends node what the SDK takes from a browser
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import sdk from '@twilio/conversations';
import WebSocket from 'ws';
import { clientFor, startServer } from './support/server.mjs';
import { frame, parse } from './support/twilsock.mjs';

let server, chat, service;
let turned = 0;
before(async () => {
  server = await startServer({ args: ['--trust-proxy'] });
  chat = await startChat(server);
  service = server.client.conversations.v1.services(chat.service.sid);
});
after(async () => {
  await chat.end();
  await server.stop();
});

const turn = async (ms) => {
  await server.turnClock(ms);
  turned += ms;
};
const token = (identity) => chat.token(identity, { ttl: 3600 + Math.ceil(turned / 1000) });

/** As the SDK writes it, but by HTTP. */
async function aim(identity, method, where, body, headers) {
  const answer = await fetch(`${server.url}/aim${where}`, {
    method,
    body: typeof body === 'object' ? JSON.stringify(body) : body,
    headers: { 'X-Twilio-Token': token(identity), 'Content-Type': 'application/json', ...headers },
  });
  const text = await answer.text();
  const said = text ? JSON.parse(text) : {};
  return { status: answer.status, code: said.code, headers: answer.headers, said };
}

/** A conversation of these people; what is to be said into it by hand and by the API. */
async function talk(...people) {
  const { sid } = await service.conversations.create({ friendlyName: 'Talk' });
  for (const identity of people) await service.conversations(sid).participants.create({ identity });
  const path = `/Client/v1/Conversations/${sid}`;
  return {
    sid,
    path,
    api: service.conversations(sid),
    say: (identity, body, headers) => aim(identity, 'POST', `${path}/Messages`, body, headers),
  };
}

const deep = (n) => '['.repeat(n) + ']'.repeat(n);
const KB = 1024;

describe('too large, or broken', () => {
  const cases = {
    'a body of more than 32 KiB': [{ body: 'x'.repeat(32 * KB + 1) }, 400, 50504],
    'attributes of more than 16 KiB': [
      { body: 'x', attributes: JSON.stringify('x'.repeat(16 * KB)) },
      400,
      50303,
    ],
    'attributes that are no JSON': [{ body: 'x', attributes: '{"a":' }, 400, 50304],
    'attributes as deep as a well': [{ body: 'x', attributes: deep(65) }, 400, 50304],
    'attributes as deep as the sea': [{ body: 'x', attributes: deep(8000) }, 400, 50304],
    'a subject of more than 256 characters': [{ body: 'x', subject: 'x'.repeat(257) }, 400, 50506],
    'no words at all': [{ body: '' }, 400, 50503],
    'a request as deep as the sea': ['{"body":' + deep(100_000) + '}', 400, 20001],
    'half a request': ['{"body":"x"', 400, 20001],
    'a list in place of an object': ['["body"]', 400, 50503],
    'letters that are none': [
      Buffer.from([...Buffer.from('{"body":"'), 0xff, 0x22, 0x7d]),
      400,
      20001,
    ],
    'a text with an end in it': ['{"body":"a\\u0000b"}', 400, 20001],
    'half of a surrogate': ['{"body":"\\ud800"}', 400, 20001],
  };
  let room;
  before(async () => (room = await talk('ada')));
  for (const [what, [body, status, code]] of Object.entries(cases))
    test(`${what} is refused`, async () => {
      const raw = Buffer.isBuffer(body)
        ? body.buffer.slice(body.byteOffset, body.byteOffset + body.length)
        : body;
      const sent = raw instanceof ArrayBuffer ? new Blob([raw]) : raw;
      const answer =
        sent instanceof Blob
          ? await fetch(`${server.url}/aim${room.path}/Messages`, {
              method: 'POST',
              body: sent,
              headers: { 'X-Twilio-Token': token('ada'), 'Content-Type': 'application/json' },
            }).then(async (a) => ({ status: a.status, code: (await a.json()).code }))
          : await room.say('ada', sent);
      assert.deepEqual([answer.status, answer.code], [status, code], JSON.stringify(answer.said));
    });

  test('more than a request may hold is not read to its end', async () => {
    const body = JSON.stringify({ body: 'x'.repeat(32 * KB * KB) });
    const answer = await room.say('ada', body).catch(() => ({ status: 413 })); // or cut off
    assert.equal(answer.status, 413);
  });

  test('and the conversation goes on as if nothing had been', async () => {
    assert.equal(
      (await room.say('ada', { body: 'ö'.repeat(16 * KB), attributes: deep(64) })).status,
      201,
    );
    const messages = await room.api.messages.list();
    assert.deepEqual(
      messages.map((message) => message.index),
      [0],
    );
    assert.equal(messages[0].body, 'ö'.repeat(16 * KB));
  });
});

const TEXTS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</textarea><svg/onload=alert(1)>',
  "'; DROP TABLE message; --",
  '{{7*7}} ${7*7} %s %n &lt;b&gt; \\u003cb\\u003e',
  'javascript:alert(1)//\u202egnp.exe',
  '👩🏽‍🚀 \u2028 \u2029 ﷽',
];

test('what is meant to be run is a text, whoever looks', async () => {
  const room = await talk('ada', 'bob');
  const texts = TEXTS.map((text, i) => ({
    text,
    identity: `${i} ${text}`,
    attributes: JSON.stringify({ [text]: text }),
  }));
  for (const { text, identity, attributes } of texts) {
    const said = await room.say('ada', { body: text, subject: text, attributes });
    assert.equal(said.status, 201);
    assert.match(said.headers.get('content-type'), /^application\/json/);
    const message = await room.api.messages(said.said.sid).fetch();
    assert.deepEqual([message.body, message.attributes], [text, attributes]);

    await room.api.participants.create({ identity, attributes });
    const { sid } = (await service.users.list()).find((one) => one.identity === identity);
    await service.users(sid).update({ friendlyName: text, attributes });
    const user = await service.users(sid).fetch();
    assert.deepEqual(
      [user.identity, user.friendlyName, user.attributes],
      [identity, text, attributes],
    );
    await room.api.update({ friendlyName: text, attributes });
    const conversation = await room.api.fetch();
    assert.deepEqual([conversation.friendlyName, conversation.attributes], [text, attributes]);
  }

  const bob = await chat.client(sdk, 'bob');
  const seen = await bob.getConversationBySid(room.sid);
  assert.equal(seen.friendlyName, TEXTS.at(-1));
  const messages = (await seen.getMessages()).items;
  const people = await seen.getParticipants();
  for (const [i, { text, identity }] of texts.entries()) {
    const { body, subject, attributes } = messages[i];
    assert.deepEqual([body, subject, attributes], [text, text, { [text]: text }]);
    const person = people.find((one) => one.identity === identity);
    assert.deepEqual(person.attributes, { [text]: text });
    assert.equal((await bob.getUser(identity)).friendlyName, text);
  }
});

test('a conversation has a thousand people, and not one more', { timeout: 120_000 }, async () => {
  const room = await talk('ada');
  const add = (n) => room.api.participants.create({ identity: `guest ${n}` });
  for (let n = 0; n < 990; n += 90)
    await Promise.all(Array.from({ length: 90 }, (_, i) => add(n + i)));
  for (let n = 990; n < 999; n++) await add(n);
  const full = (error) => error.status === 400 && error.code === 50418;
  await assert.rejects(add(999), full);
  await assert.rejects(room.api.participants.create({ identity: 'one of many' }), full);
  assert.equal((await room.api.participants.list()).length, 1000);
  await room.api.participants('guest 5').remove();
  await add(999);
  await assert.rejects(add(5), full);
  const ada = await chat.client(sdk, 'ada', { ttl: 3600 });
  const seen = await ada.getConversationBySid(room.sid);
  assert.equal((await seen.getParticipants()).length, 1000);
  assert.equal(await seen.getParticipantsCount(), 1000);
  assert.equal((await room.say('ada', { body: 'Hello, everybody' })).status, 201);
});

/** What a window is told of who types, in order. */
async function window(identity) {
  const line = new WebSocket(`${server.url.replace('http', 'ws')}/tsock/v3/wsconnect`);
  const told = [];
  let wake = () => {};
  await once(line, 'open');
  const begun = new Promise((resolve) => {
    line.on('message', (bytes) => {
      const message = parse(bytes);
      if (message.method === 'reply') resolve(message.status.code);
      if (message.message_type === 'twilio.ipmsg.typing_indicator') told.push(message.payload);
      wake();
    });
  });
  line.send(frame({ id: 'TM1', method: 'init', token: token(identity), capabilities: [] }));
  assert.equal(await begun, 200);
  return {
    told,
    async until(wanted) {
      while (!wanted()) await new Promise((resolve) => (wake = resolve));
    },
    end: () => line.terminate(),
  };
}

test('who types like mad is heard once in a second', async () => {
  const [room, fence] = [await talk('eve', 'bob'), await talk('eve', 'bob')];
  const type = ({ sid }) =>
    aim('eve', 'POST', '/v1/typing', `ChannelSid=${sid}`, {
      'Content-Type': 'application/x-www-form-urlencoded',
    });
  const bob = await window('bob');
  const flood = async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => type(room)));
    assert.ok(answers.every(({ status }) => status === 200)); // and most of them are dropped
  };
  const heardOf = async () => {
    await turn(60_000);
    await type(fence);
    const count = bob.told.length;
    await bob.until(() => bob.told.slice(count - 1).some((one) => one.channel_sid === fence.sid));
    return bob.told.filter((one) => one.channel_sid === room.sid).length;
  };
  await flood();
  await turn(1000);
  await flood();
  const heard = await heardOf();
  assert.ok(heard >= 2 && heard <= 4, `${heard} of 400`);
  bob.end();
});

test('who writes without end waits, and nobody else does', async () => {
  const room = await talk('mallory', 'bob');
  const say = (identity, id) =>
    room.say(identity, { body: 'spam' }, id && { 'X-Twilio-Mutation-Id': id });
  const first = await say('mallory', 'the first');
  const answers = await Promise.all(Array.from({ length: 400 }, () => say('mallory')));
  const late = answers.filter(({ status }) => status !== 201);
  assert.equal(late.length, 101);
  for (const { status, code, headers } of late) {
    assert.deepEqual([status, code], [429, 50063]);
    assert.ok(Number(headers.get('retry-after')) >= 1);
  }
  assert.equal((await say('bob')).status, 201);
  const again = await say('mallory', 'the first'); // costs nothing: it was done before
  assert.equal(again.said.sid, first.said.sid);
  await turn(1000);
  const next = await Promise.all(Array.from({ length: 40 }, () => say('mallory')));
  assert.equal(next.filter(({ status }) => status === 201).length, 30);
  assert.equal(
    (await room.api.fetch().then(({ sid }) => service.conversations(sid).messages.list())).length,
    331,
  );
});

test('an answer that is kept is nobody else’s, however the names run together', async () => {
  const room = await talk('a/b', 'a');
  const his = await room.say('a/b', { body: 'his secret' }, { 'X-Twilio-Mutation-Id': 'c' });
  const hers = await room.say('a', { body: 'hers' }, { 'X-Twilio-Mutation-Id': 'b/c' });
  assert.equal(hers.said.body, 'hers');
  assert.notEqual(hers.said.sid, his.said.sid);
});

describe('guests who begin chats in a loop', () => {
  const guest = async (address, name = 'loop') => {
    const answer = await server.fetch('/plugboard/v1/Webchats', {
      form: { AddressSid: name },
      auth: null,
      headers: { 'X-Forwarded-For': address },
    });
    return {
      status: answer.status,
      retry: answer.headers.get('retry-after'),
      ...(await answer.json()),
    };
  };
  before(async () => {
    const { v1 } = server.client.conversations;
    await v1.addressConfigurations.create({ type: 'chat', address: 'loop' });
  });

  test('an address has five at once, and then one in half a minute; others are served', async () => {
    for (let i = 0; i < 5; i++) assert.equal((await guest('203.0.113.1')).status, 200);
    const late = await guest('203.0.113.1');
    assert.deepEqual([late.status, late.code], [429, 20429]);
    assert.equal(late.retry, '30');
    assert.equal((await guest('203.0.113.2')).status, 200);
    await turn(30_000);
    assert.equal((await guest('203.0.113.1')).status, 200);
    assert.equal((await guest('203.0.113.1')).status, 429);
  });

  test('of one network by IPv6 they are one', async () => {
    for (let i = 1; i <= 5; i++) assert.equal((await guest(`2001:db8::${i}`)).status, 200);
    assert.equal((await guest('2001:db8::6')).status, 429);
    assert.equal((await guest('2001:db8:0:1::6')).status, 200);
  });

  test('an account has so many, wherever they are from; other accounts go on', async () => {
    const other = await server.client.api.v2010.accounts.create({ friendlyName: 'other' });
    const theirs = clientFor(server.url, other.sid, other.authToken);
    await theirs.conversations.v1.addressConfigurations.create({ type: 'chat', address: 'calm' });
    const from = (n) => `198.51.${n >> 8}.${n & 255}`;
    let [n, last] = [0, 200];
    for (; n < 700 && last === 200; n += 50) {
      const some = await Promise.all(Array.from({ length: 50 }, (_, i) => guest(from(n + i))));
      last = Math.max(...some.map(({ status }) => status));
    }
    assert.equal(last, 429);
    assert.ok(n >= 550, `${n}`);
    assert.equal((await guest('192.0.2.1')).status, 429);
    assert.equal((await guest('192.0.2.2', 'calm')).status, 200);
    await turn(1000);
    assert.equal((await guest('192.0.2.3')).status, 200);
  });
});
