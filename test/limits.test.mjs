// What a stranger may send: everything has a limit and a clear error, and nothing stops the server.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';

let server;
before(async () => (server = await startServer({ args: ['--slow-ms', '400'] })));
after(() => server?.stop());

const workspaces = '/taskrouter/v1/Workspaces';

async function errorOf(answer, status, code) {
  const body = await answer.json();
  assert.equal(answer.status, status, JSON.stringify(body));
  assert.deepEqual(Object.keys(body).sort(), ['code', 'message', 'more_info', 'status']);
  assert.equal(body.status, status);
  if (code) assert.equal(body.code, code, body.message);
  return body.message;
}

test('no credentials, wrong ones, and those of nobody', async () => {
  const none = await server.fetch(workspaces, { auth: null });
  assert.match(none.headers.get('www-authenticate'), /^Basic/);
  await errorOf(none, 401, 20003);
  await errorOf(
    await server.fetch(workspaces, { auth: [server.accountSid, 'f'.repeat(32)] }),
    401,
    20003,
  );
  await errorOf(
    await server.fetch(workspaces, { auth: ['AC' + '0'.repeat(32), server.authToken] }),
    401,
    20003,
  );
  await errorOf(
    await server.fetch(workspaces, { auth: null, headers: { Authorization: 'Basic !!!' } }),
    401,
    20003,
  );
  await errorOf(
    await server.fetch(workspaces, { auth: null, headers: { Authorization: 'Bearer x.y.z' } }),
    401,
  );
});

test('paths, methods and operations that are not there', async () => {
  await errorOf(await server.fetch('/taskrouter/v1/Nothing'), 404, 20404);
  await errorOf(await server.fetch('/taskrouter/v9/Workspaces'), 404, 20404);
  const message = await errorOf(
    await server.fetch(`${workspaces}/WS${'0'.repeat(32)}`),
    404,
    20404,
  );
  assert.equal(message, `The requested resource /Workspaces/WS${'0'.repeat(32)} was not found`);
  await errorOf(await server.fetch(`${workspaces}/%00`), 404, 20404);
  await errorOf(await server.fetch(`${workspaces}/..%2f..%2fetc`), 404, 20404);
  const refused = await server.fetch(workspaces, {
    method: 'PUT',
    body: 'x=1',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  assert.match(refused.headers.get('allow'), /GET.*POST/);
  await errorOf(refused, 405, 20004);
});

test('bodies that cannot be understood', async () => {
  const post = (body, type) =>
    server.fetch(workspaces, { method: 'POST', body, headers: { 'Content-Type': type } });
  const form = 'application/x-www-form-urlencoded';
  await errorOf(await post('FriendlyName=%zz', form), 400, 20001);
  await errorOf(await post('FriendlyName=%ff%fe', form), 400, 20001);
  await errorOf(await post('FriendlyName=a%00b', form), 400, 20001);
  await errorOf(await post('{"FriendlyName":', 'application/json'), 400, 20001);
  await errorOf(await post('['.repeat(5000), 'application/json'), 400, 20001);
  await errorOf(await post('<x/>', 'text/xml'), 415, 20415);
  await errorOf(
    await post(Array.from({ length: 2000 }, (_, n) => `a${n}=1`).join('&'), form),
    413,
    20413,
  );
  await errorOf(await post('x'.repeat(3_000_000), form), 413, 20413);
});

test('attributes end at 4,096 characters', async () => {
  const centre = await makeCentre(server);
  const attributes = (n) => JSON.stringify({ a: 'ä'.repeat(n - 8) });
  assert.equal([...attributes(4096)].length, 4096);
  await centre.workspace.tasks.create({
    workflowSid: centre.workflowSid,
    attributes: attributes(4096),
  });
  await assert.rejects(
    centre.workspace.tasks.create({
      workflowSid: centre.workflowSid,
      attributes: attributes(4097),
    }),
    (error) => error.status === 400 && /Attributes/.test(error.message),
  );
});

/** Writes raw bytes, collects what comes back until the server closes. */
function raw(...pieces) {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const socket = connect(port, hostname);
    let said = '';
    socket.setEncoding('latin1').on('data', (text) => (said += text));
    socket
      .on('close', () => resolve(said))
      .on('error', (error) => (error.code === 'ECONNRESET' ? resolve(said) : reject(error)));
    for (const piece of pieces) socket.write(piece);
  });
}

test('garbage, half requests and headers without end are cut off', async () => {
  await raw('\x00\x01\x02\x03 garbage\r\n\r\n');
  await raw('GET / HTTP/1.1\r\nHost: a');
  const body = await raw(
    'POST /taskrouter/v1/Workspaces HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nFriendly',
  );
  assert.ok(body === '' || /^HTTP\/1\.1 (408|400)/.test(body), body);
  const long = await raw(
    `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(40_000)}\r\nConnection: close\r\n\r\n`,
  );
  assert.match(long, /^HTTP\/1\.1 431/);
  const smuggled = await raw(
    'POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n',
  );
  assert.match(smuggled, /^HTTP\/1\.1 400/);
  assert.equal((await server.fetch('/healthz')).status, 200);
});

test('ten thousand idle connections leave room for work', { timeout: 120_000 }, async (t) => {
  const idle = await startServer({ args: ['--slow-ms', '120000', '--idle-ms', '120000'] });
  const { hostname, port } = new URL(idle.url);
  const sockets = [];
  const open = () =>
    new Promise((resolve) => {
      const socket = connect(port, hostname);
      socket.on('error', () => resolve(false)).on('connect', () => resolve(true));
      sockets.push(socket);
    });
  let opened = 0;
  for (let i = 0; i < 100; i++)
    opened += (await Promise.all(Array.from({ length: 100 }, open))).filter(Boolean).length;
  if (opened < 10_000) t.diagnostic(`only ${opened} sockets: this process may open no more`);
  assert.ok(opened > 4_000, `${opened}`);
  const workspace = await idle.client.taskrouter.v1.workspaces.create({
    friendlyName: 'Still here',
  });
  assert.match(workspace.sid, /^WS/);
  sockets.forEach((socket) => socket.destroy());
  await idle.stop();
});

test('any origin may read the API, as its credentials travel in a header', async () => {
  const preflight = await server.fetch(workspaces, {
    method: 'OPTIONS',
    auth: null,
    headers: {
      Origin: 'https://example.com',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization, if-match',
    },
  });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get('access-control-allow-headers'), /if-match/);
  const answer = await server.fetch(workspaces, { headers: { Origin: 'https://example.com' } });
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
});
