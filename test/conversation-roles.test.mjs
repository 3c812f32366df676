// What Flex's roles let people do with their tokens: a supervisor reads along, an agent works, a guest writes, a stranger sees nothing.
// Requests are those of the browser SDK; the answers are told by status and code.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChat } from './support/chat.mjs';
import { startServer } from './support/server.mjs';

let server, chat, service, roles;
before(async () => {
  server = await startServer();
  const { conversations } = server.client;
  const { defaultChatServiceSid } = await conversations.v1.configuration().fetch();
  service = conversations.v1.services(defaultChatServiceSid);
  chat = await startChat(server, { service: await service.fetch() });
  const all = await service.roles.list();
  roles = (type, name) => all.find((r) => r.type === type && r.friendlyName === name).sid;
  for (const [identity, role] of Object.entries({
    ada: 'admin',
    sam: 'supervisor',
    amy: 'agent',
    gus: 'guest',
    eve: 'guest',
  }))
    await service.users.create({ identity, roleSid: roles('service', role) });
});
after(() => server?.stop());

async function ask(identity, method, where, json) {
  const answer = await fetch(`${server.url}/aim${where}`, {
    method,
    body: json && JSON.stringify(json),
    headers: { 'X-Twilio-Token': chat.token(identity), 'Content-Type': 'application/json' },
  });
  const text = await answer.text();
  return { status: answer.status, code: text ? JSON.parse(text).code : undefined };
}

/** A conversation of gus, the customer, and amy, his agent; with a word of gus's. */
async function talk() {
  const { sid } = await service.conversations.create({});
  const people = service.conversations(sid).participants;
  await people.create({ identity: 'gus', roleSid: roles('conversation', 'guest') });
  await people.create({ identity: 'amy', roleSid: roles('conversation', 'agent') });
  const said = await service.conversations(sid).messages.create({ author: 'gus', body: 'Help!' });
  const where = `/Client/v1/Conversations/${sid}`;
  return { where, message: `${where}/Messages/${said.sid}` };
}

const ok = 2;
const no = 50107;
const out = 50430; // does not take part
/** Who may what: ok, or the code of the refusal. */
const deeds = {
  'look at it': [({ where }) => ['GET', where], { ada: ok, sam: ok, amy: ok, gus: ok, eve: out }],
  'write into it': [
    ({ where }) => ['POST', `${where}/Messages`, { body: 'x' }],
    { ada: out, sam: out, amy: ok, gus: ok, eve: out },
  ],
  "edit the customer's message": [
    ({ message }) => ['POST', message, { body: 'x' }],
    { ada: ok, sam: no, amy: no, gus: ok, eve: out },
  ],
  "mark the customer's message": [
    ({ message }) => ['POST', message, { attributes: '{"a":1}' }],
    { ada: ok, sam: no, amy: no, gus: ok, eve: out },
  ],
  "delete the customer's message": [
    ({ message }) => ['DELETE', message],
    { ada: ok, sam: ok, amy: no, gus: no, eve: out },
  ],
  'rename it': [
    ({ where }) => ['POST', where, { friendly_name: 'x' }],
    { ada: ok, sam: no, amy: no, gus: no, eve: out },
  ],
  'change its attributes': [
    ({ where }) => ['POST', where, { attributes: '{"a":1}' }],
    { ada: ok, sam: ok, amy: ok, gus: no, eve: out },
  ],
  'join it': [
    ({ where }, who) => ['POST', `${where}/Participants`, { identity: who }],
    { ada: ok, sam: ok, eve: no },
  ],
  'bring somebody': [
    ({ where }) => ['POST', `${where}/Participants`, { identity: 'bob' }],
    { ada: ok, sam: ok, amy: ok, gus: no, eve: out },
  ],
  'send the customer away': [
    ({ where }) => ['DELETE', `${where}/Participants/gus`],
    { ada: ok, sam: ok, amy: no, eve: out },
  ],
  'leave it': [
    ({ where }, who) => ['DELETE', `${where}/Participants/${who}`],
    { amy: ok, gus: ok, eve: out },
  ],
  "change the customer's own attributes": [
    ({ where }) => ['POST', `${where}/Participants/gus`, { attributes: '{"a":1}' }],
    { ada: ok, sam: no, amy: no, gus: ok, eve: out },
  ],
  'make one': [
    () => ['POST', '/Client/v1/Conversations', { friendly_name: 'x' }],
    { ada: ok, sam: ok, amy: ok, gus: no },
  ],
  'delete it': [({ where }) => ['DELETE', where], { ada: ok, sam: no, amy: no, gus: no, eve: out }],
  "change the customer's name": [
    () => ['POST', '/Client/v2/Users/gus', { friendly_name: 'Gus' }],
    { ada: ok, sam: no, amy: no, gus: ok, eve: no },
  ],
};

for (const [name, [deed, people]] of Object.entries(deeds))
  for (const [who, expected] of Object.entries(people))
    test(`${who} ${expected === ok ? 'may' : 'may not'} ${name}`, async () => {
      const answer = await ask(who, ...deed(await talk(), who));
      if (expected === ok) assert.equal(Math.floor(answer.status / 100), 2, JSON.stringify(answer));
      else assert.deepEqual(answer, { status: 403, code: expected });
    });

test('whoever made a conversation sees it, and is its admin when joining', async () => {
  const answer = await fetch(`${server.url}/aim/Client/v1/Conversations`, {
    method: 'POST',
    body: JSON.stringify({ friendly_name: 'Mine' }),
    headers: { 'X-Twilio-Token': chat.token('amy'), 'Content-Type': 'application/json' },
  });
  const { sid } = await answer.json();
  const where = `/Client/v1/Conversations/${sid}`;
  assert.equal((await ask('amy', 'GET', where)).status, 200);
  assert.equal((await ask('amy', 'POST', where, { friendly_name: 'x' })).code, no);
  await ask('amy', 'POST', `${where}/Participants`, { identity: 'amy' });
  assert.equal((await ask('amy', 'POST', where, { friendly_name: 'x' })).status, 200);
  const made = await service.conversations(sid).fetch();
  assert.equal(made.friendlyName, 'x');
  const [amy] = await service.conversations(sid).participants.list();
  assert.equal(amy.roleSid, roles('conversation', 'channel admin'));
});

test('an author is who the token says, and a role is given by the account only', async () => {
  const { where } = await talk();
  await ask('gus', 'POST', `${where}/Messages`, { body: 'hi', author: 'amy', Author: 'amy' });
  const sid = where.split('/').at(-1);
  const [, last] = await service.conversations(sid).messages.list();
  assert.equal(last.author, 'gus');
  await ask('sam', 'POST', `${where}/Participants`, {
    identity: 'sam',
    role_sid: roles('conversation', 'channel admin'),
  });
  const sam = await service.conversations(sid).participants('sam').fetch();
  assert.equal(sam.roleSid, roles('conversation', 'guest'));
});

test('somebody is written to by e-mail under a name', async () => {
  const { where } = await talk();
  const binding = { address: 'kim@example.com', proxy_address: 'desk@example.com', name: 'Kim' };
  const add = (level) =>
    ask('ada', 'POST', `${where}/Participants`, { messaging_binding: { ...binding, level } });
  assert.deepEqual(await add('beside'), { status: 400, code: 20001 });
  assert.equal((await add('cc')).status, 201);
  const sid = where.split('/').at(-1);
  const kim = (await service.conversations(sid).participants.list()).at(-1);
  assert.deepEqual(kim.messagingBinding, { type: 'email', ...binding, level: 'cc' });
});

test('a token opens nothing of the REST API itself', async () => {
  for (const path of ['/v1/Conversations', '/v1/Roles', '/v1/Users', '/v1/Services']) {
    const auth = ['token', chat.token('ada')];
    assert.equal((await server.fetch(`/conversations${path}`, { auth })).status, 403, path);
  }
});
