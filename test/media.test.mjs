// Files that people send: up by HTTP with a token, down by a link that needs none, and what becomes of them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChat } from './support/chat.mjs';
import { startServer } from './support/server.mjs';

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(2000, 7)]);
const DAY = 24 * 3600_000;

let server, chat, service, conversation;
before(async () => {
  server = await startServer({ args: ['--media-max', '3000000'] });
  chat = await startChat(server);
  service = server.client.conversations.v1.services(chat.service.sid);
  conversation = await service.conversations.create();
  await service.conversations(conversation.sid).participants.create({ identity: 'ada' });
  await service.conversations(conversation.sid).participants.create({ identity: 'bob' });
});
after(() => server.stop());

/** A request as @twilio/mcs-client makes it. */
const mcs = (identity, where, { headers, ...more } = {}) =>
  fetch(`${server.url}/mcs/v1/Services/${chat.service.sid}/${where}`, {
    ...more,
    headers: { 'X-Twilio-Token': chat.token(identity), ...headers },
  });

async function upload(identity, body, type, query = '') {
  const headers = type ? { 'Content-Type': type } : {};
  const answer = await mcs(identity, `Media?${query}`, { method: 'POST', body, headers });
  return { status: answer.status, ...(await answer.json()) };
}

const look = async (identity, sid) => {
  const answer = await mcs(identity, `Media/${sid}`);
  return { status: answer.status, ...(await answer.json()) };
};

/** The same with the account's credentials, which do not end while the clock is turned. */
const lookAsAccount = async (sid) => {
  const answer = await server.fetch(`/mcs/v1/Services/${chat.service.sid}/Media/${sid}`);
  return { status: answer.status, ...(await answer.json()) };
};

test('A file goes up, and comes down by a link that needs no credentials', async () => {
  const up = await upload('ada', PNG, 'image/png', 'Category=media&Filename=cat.png');
  assert.equal(up.status, 201);
  assert.match(up.sid, /^ME/);
  assert.equal(up.service_sid, chat.service.sid);
  assert.equal(up.filename, 'cat.png');
  assert.equal(up.content_type, 'image/png');
  assert.equal(up.size, PNG.length);
  assert.equal(up.author, 'ada');

  const down = await fetch((await look('ada', up.sid)).links.content_direct_temporary);
  assert.equal(down.status, 200);
  assert.equal(down.headers.get('content-type'), 'image/png');
  assert.match(down.headers.get('content-disposition'), /^inline; filename="cat.png"/);
  assert.equal(down.headers.get('x-content-type-options'), 'nosniff');
  assert.match(down.headers.get('content-security-policy'), /^sandbox/);
  assert.deepEqual(Buffer.from(await down.arrayBuffer()), PNG);
});

test('A part of a file, as a player asks for it', async () => {
  const { links } = await upload('ada', PNG, 'image/png');
  const url = links.content_direct_temporary;
  const part = await fetch(url, { headers: { Range: 'bytes=1-3' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), `bytes 1-3/${PNG.length}`);
  assert.equal(await part.text(), 'PNG');
  const end = await fetch(url, { headers: { Range: 'bytes=-5' } });
  assert.equal((await end.arrayBuffer()).byteLength, 5);
  const nonsense = await fetch(url, { headers: { Range: `bytes=${PNG.length}-` } });
  assert.equal((await nonsense.arrayBuffer()).byteLength, PNG.length);
});

test('A form of a browser holds the file', async () => {
  const form = new FormData();
  form.append('note', 'hello');
  form.append('file', new Blob(['a,b\n1,2\n'], { type: 'text/csv' }), '../../numbers.csv');
  const up = await upload('ada', form, undefined, 'Category=media');
  assert.equal(up.status, 201);
  assert.equal(up.content_type, 'text/csv');
  assert.equal(up.filename, 'numbers.csv');
  assert.equal(up.size, 8);
});

test('Whatever could run is something to save', async () => {
  for (const [bytes, type] of [
    ['<script>alert(1)</script>', 'text/html'],
    ['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'image/svg+xml'],
    [
      '<?xml version="1.0"?><x:script xmlns:x="http://www.w3.org/1999/xhtml"/>',
      'application/xhtml+xml',
    ],
    ['alert(1)', 'text/javascript'],
  ]) {
    const { links } = await upload('ada', bytes, type, 'Filename=page.html');
    const down = await fetch(links.content_direct_temporary);
    assert.equal(down.headers.get('content-type'), 'text/plain; charset=utf-8', type);
    assert.match(down.headers.get('content-disposition'), /^attachment/);
    assert.match(down.headers.get('content-security-policy'), /^sandbox/);
    assert.equal(await down.text(), bytes);
  }
  const lie = await upload('ada', '<script>', 'image/png');
  assert.equal(lie.content_type, 'text/plain');
});

test('A message takes its files with it, once', async () => {
  const { sid } = await upload('ada', PNG, 'image/png', 'Filename=cat.png');
  const messages = service.conversations(conversation.sid).messages;
  const message = await messages.create({ author: 'ada', mediaSid: sid });
  assert.deepEqual(message.media, [
    { sid, category: 'media', filename: 'cat.png', content_type: 'image/png', size: PNG.length },
  ]);
  const again = messages.create({ author: 'ada', mediaSid: sid });
  await assert.rejects(again, { code: 50505 });
  await assert.rejects(messages.create({ mediaSid: `ME${'0'.repeat(32)}` }), { code: 50505 });

  const record = await look('bob', sid);
  assert.equal(record.message_sid, message.sid);
  await messages(message.sid).remove();
  await server.turnClock(60_000);
  assert.equal((await look('ada', sid)).status, 404);
  const gone = await fetch(record.links.content_direct_temporary);
  assert.equal(gone.status, 403);
});

test('Who may see a file: who sent it, and who sees the conversation that it is in', async () => {
  const { sid } = await upload('ada', PNG, 'image/png');
  assert.equal((await look('bob', sid)).status, 404);
  await service.conversations(conversation.sid).messages.create({ author: 'ada', mediaSid: sid });
  assert.equal((await look('bob', sid)).status, 200);
  assert.equal((await look('eve', sid)).status, 404);

  const set = (identity) =>
    mcs(identity, 'MediaSet', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ command: 'get', list: [{ media_sid: sid }] }),
    }).then((answer) => answer.json());
  const [seen] = await set('bob');
  assert.equal(seen.code, 200);
  assert.equal(seen.media_record.sid, sid);
  const [hidden] = await set('eve');
  assert.equal(hidden.code, 404);
  assert.deepEqual(hidden.media_record, { sid });
});

test('A link ends, and cannot be made up', async () => {
  const { links, url } = await upload('ada', PNG, 'image/png');
  const link = links.content_direct_temporary;
  const forged = link.slice(0, -3) + (link.endsWith('AAA') ? 'BBB' : 'AAA');
  assert.equal((await fetch(forged)).status, 403);
  assert.equal((await fetch(`${server.url}/mcs/v1/Content/x`)).status, 403);
  assert.equal((await fetch(link)).status, 200);
  await server.turnClock(6 * 60_000);
  assert.equal((await fetch(link)).status, 403);
  const direct = await fetch(`${url}/Content`, {
    headers: { 'X-Twilio-Token': chat.token('ada') },
  });
  assert.equal(direct.status, 200);
});

test('Tokens of elsewhere, and none, are refused', async () => {
  const other = await startChat(server);
  const where = `${server.url}/mcs/v1/Services/${chat.service.sid}/Media`;
  const send = (token) =>
    fetch(where, { method: 'POST', body: PNG, headers: token ? { 'X-Twilio-Token': token } : {} });
  assert.equal((await send(other.token('ada'))).status, 403);
  assert.equal((await send()).status, 401);
  assert.equal((await send('nonsense')).status, 401);
});

test('A browser of another origin may', async () => {
  const where = `${server.url}/mcs/v1/Services/${chat.service.sid}/Media`;
  const headers = {
    Origin: 'https://shop.example',
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'x-twilio-token,content-type',
  };
  const asked = await fetch(where, { method: 'OPTIONS', headers });
  assert.equal(asked.status, 204);
  assert.equal(asked.headers.get('access-control-allow-headers'), 'x-twilio-token,content-type');
  const up = await mcs('ada', 'Media', {
    method: 'POST',
    body: PNG,
    headers: { Origin: headers.Origin },
  });
  assert.equal(up.headers.get('access-control-allow-origin'), '*');
});

test('Larger than a request, as large as a file may be, and not larger', async () => {
  const large = await upload('ada', Buffer.alloc(2_900_000, 1), 'application/x-thing');
  assert.equal(large.status, 201);
  assert.equal(large.size, 2_900_000);
  const down = await fetch(large.links.content_direct_temporary);
  assert.equal((await down.arrayBuffer()).byteLength, 2_900_000);
  const larger = await upload('ada', Buffer.alloc(3_000_001, 1), 'application/x-thing');
  assert.equal(larger.status, 413);
  assert.equal((await upload('ada', '', 'text/plain')).status, 400);
  // No other path takes as much.
  const body = new URLSearchParams({ FriendlyName: 'x'.repeat(2_000_000) });
  const elsewhere = await server.fetch('/conversations/v1/Services', { method: 'POST', body });
  assert.equal(elsewhere.status, 413);
});

test('Nobody fills the disk', async () => {
  const answers = [];
  for (let i = 0; i < 62; i++) answers.push((await upload('greedy', 'x', 'text/plain')).status);
  assert.deepEqual([...new Set(answers.slice(0, 60))], [201]);
  assert.equal(answers.at(-1), 429);
  assert.equal((await upload('modest', 'x', 'text/plain')).status, 201);
});

test('Files are there after the power was gone', async () => {
  const { sid } = await upload('ada', PNG, 'image/png');
  await server.kill9();
  await server.restart();
  const down = await fetch((await lookAsAccount(sid)).links.content_direct_temporary);
  assert.deepEqual(Buffer.from(await down.arrayBuffer()), PNG);
});

test('What no message takes is gone after a day', async () => {
  const { sid } = await upload('ada', PNG, 'image/png');
  await server.turnClock(DAY / 2);
  assert.equal((await lookAsAccount(sid)).status, 200);
  await server.turnClock(DAY);
  assert.equal((await lookAsAccount(sid)).status, 404);
});
