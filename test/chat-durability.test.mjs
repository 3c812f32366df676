// Two hundred people write at once, and the power goes: what was acknowledged is there once and in order, for each of them.

import { heard, startChat } from './support/chat.mjs'; // first: it lends node what the SDK takes from a browser
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sdk from '@twilio/conversations';
import { startServer } from './support/server.mjs';

const ROOMS = 20;
const PEOPLE = 10; // in a room
const BEFORE = 600; // messages that are acknowledged before the power goes
const AFTER = 3; // that each says when it is back

let server, chat;
before(async () => {
  server = await startServer();
  chat = await startChat(server);
});
after(async () => {
  await chat.end();
  await server.stop();
});

/** A room with its people, each with a client; what they hear, and what they were told is kept. */
async function openRoom(n) {
  const service = server.client.conversations.v1.services(chat.service.sid);
  const { sid } = await service.conversations.create({ friendlyName: `Room ${n}` });
  const room = { sid, acknowledged: new Map(), people: [] };
  for (let i = 0; i < PEOPLE; i++) {
    const identity = `person ${n}.${i}`;
    await service.conversations(sid).participants.create({ identity });
    const client = await chat.client(sdk, identity);
    const conversation = await client.getConversationBySid(sid);
    await conversation.getMessages(1); // looks, and from here on hears
    const told = [];
    conversation.on('messageAdded', (message) => told.push([message.index, message.body]));
    room.people.push({ identity, client, conversation, told });
  }
  return room;
}

test('Acknowledged is kept, told once, and in order', { timeout: 240_000 }, async () => {
  const rooms = await Promise.all(Array.from({ length: ROOMS }, (_, n) => openRoom(n)));
  const everybody = rooms.flatMap((room) => room.people.map((person) => ({ room, person })));
  let acknowledged = 0;
  let night = false;
  let enough;
  const many = new Promise((resolve) => (enough = resolve));

  const say = async ({ room, person }, body) => {
    try {
      room.acknowledged.set(body, await person.conversation.sendMessage(body));
      if (++acknowledged === BEFORE) enough();
    } catch {
      // Not acknowledged: it may be there or not, and nobody was promised anything.
    }
  };
  const talk = async (one) => {
    for (let i = 0; !night; i++) await say(one, `${one.person.identity} says ${i}`);
  };
  const talking = Promise.all(everybody.map(talk));
  await many;
  await server.kill9();
  night = true;
  await server.restart();
  await talking;
  const promised = acknowledged;
  assert.ok(promised >= BEFORE);

  await Promise.all(
    everybody.map(async (one) => {
      for (let i = 0; i < AFTER;) {
        const body = `${one.person.identity} is back ${i}`;
        await say(one, body);
        if (one.room.acknowledged.has(body)) i++;
        else await isBack(one.person.client);
      }
    }),
  );

  for (const room of rooms) {
    const kept = await server.client.conversations.v1
      .services(chat.service.sid)
      .conversations(room.sid)
      .messages.list({ limit: 10_000, pageSize: 1000 });
    const said = kept.map((message) => [message.index, message.body]);
    assert.deepEqual(
      said.map(([index]) => index),
      said.map((_, i) => i),
    );
    for (const [body, index] of room.acknowledged)
      assert.deepEqual(
        said.filter((one) => one[1] === body),
        [[index, body]],
      );
    for (const person of room.people) {
      await heardAll(person, said.length);
      assert.deepEqual(person.told, said, person.identity);
    }
  }
});

/** Resolves when the client's line is there again. */
async function isBack(client) {
  if (client.connectionState === 'connected') return;
  await heard(client, 'connectionStateChanged', (state) => state === 'connected', 60_000);
}

/** Resolves when the person has been told of as many messages as there are. */
async function heardAll({ conversation, told }, n) {
  if (told.length < n) await heard(conversation, 'messageAdded', () => told.length >= n, 60_000);
}
