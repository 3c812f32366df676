// Logging in to the desktop: who gets a session, who does not, and what it opens.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import twilio from 'twilio';
import { startServer } from './support/server.mjs';

const HOUR = 3_600_000;
let server;
before(async () => (server = await startServer({ args: ['--demo'] })));
after(() => server?.stop());

const desktop = (method, path, { json, cookie, headers = {} } = {}) =>
  server.fetch(`/desktop/${path}`, {
    method,
    json,
    auth: null,
    headers: { 'X-Plugboard-Desktop': '1', ...(cookie && { Cookie: cookie }), ...headers },
  });

const logIn = (username, password, more) =>
  desktop('POST', 'session', { json: { username, password }, ...more });

const cookieOf = (answer) => answer.headers.get('set-cookie').split(';')[0];

test('a person logs in, is known, and logs out', async () => {
  const answer = await logIn('Alice', 'plugboard');
  assert.equal(answer.status, 200);
  const session = await answer.json();
  assert.equal(session.identity, 'alice');
  assert.equal(session.account_sid, server.accountSid);
  assert.match(session.worker_sid, /^WK/);
  assert.match(session.workspace_sid, /^WS/);
  assert.ok(session.roles.includes('agent'));
  const setCookie = answer.headers.get('set-cookie');
  for (const part of [
    /^plugboard_session=FS[0-9a-f]{32}\.[\w-]{43};/,
    /HttpOnly/,
    /SameSite=Strict/,
    /Path=\//,
  ])
    assert.match(setCookie, part);
  assert.doesNotMatch(setCookie, /Secure/); // this server speaks http

  const cookie = cookieOf(answer);
  assert.deepEqual(await (await desktop('GET', 'session', { cookie })).json(), session);
  const out = await desktop('DELETE', 'session', { cookie });
  assert.equal(out.status, 204);
  assert.match(out.headers.get('set-cookie'), /^plugboard_session=;.*Max-Age=0/);
  assert.equal((await desktop('GET', 'session', { cookie })).status, 401);
  assert.equal((await desktop('DELETE', 'session', { cookie })).status, 401);
});

test('a wrong password and an unknown name get the same answer', async () => {
  const [wrong, unknown] = [await logIn('bob', 'x'), await logIn('mallory', 'plugboard')];
  assert.equal(wrong.status, 401);
  assert.equal(unknown.status, 401);
  assert.equal(wrong.headers.get('www-authenticate'), null);
  assert.deepEqual(await wrong.json(), await unknown.json());
  assert.equal((await desktop('POST', 'session', { json: { username: 'bob' } })).status, 400);
  assert.equal((await desktop('GET', 'session')).status, 401);
});

test('who guesses is locked out for a while', async () => {
  for (let i = 0; i < 5; i++) assert.equal((await logIn('carol', `guess ${i}`)).status, 401);
  const locked = await logIn('carol', 'plugboard');
  assert.equal(locked.status, 429);
  assert.equal((await locked.json()).code, 20429);
  await server.turnClock(15_000);
  assert.equal((await logIn('carol', 'plugboard')).status, 200);
});

test('a page of another origin gets nothing done', async () => {
  const json = { username: 'alice', password: 'plugboard' };
  const plain = await server.fetch('/desktop/session', { method: 'POST', json, auth: null });
  assert.equal(plain.status, 403);
  const foreign = await logIn('alice', 'plugboard', {
    headers: { Origin: 'https://evil.example' },
  });
  assert.equal(foreign.status, 403);
  const own = await logIn('alice', 'plugboard', { headers: { Origin: server.url } });
  assert.equal(own.status, 200);
  const cookie = cookieOf(own);
  for (const [method, path] of [
    ['DELETE', 'session'],
    ['POST', 'token'],
  ]) {
    const answer = await server.fetch(`/desktop/${path}`, {
      method,
      auth: null,
      headers: { Cookie: cookie },
    });
    assert.equal(answer.status, 403);
  }
  assert.equal((await desktop('GET', 'session', { cookie })).status, 200);
});

test('a session ends after twelve hours', async () => {
  const cookie = cookieOf(await logIn('alice', 'plugboard'));
  await server.turnClock(12 * HOUR - 1000);
  const late = await desktop('POST', 'token', { cookie });
  assert.equal(late.status, 200);
  const { token } = await late.json();
  await server.turnClock(1000);
  assert.equal((await desktop('GET', 'session', { cookie })).status, 401);
  // The token that was minted in its last second ended with it.
  const answer = await server.fetch('/taskrouter/v1/Workspaces', { auth: ['token', token] });
  assert.equal(answer.status, 401);
  assert.equal((await answer.json()).code, 20104);
});

test('the token of a session is one that Twilio could have made', async () => {
  const answer = await logIn('alice', 'plugboard');
  const session = await answer.json();
  const got = await (await desktop('POST', 'token', { cookie: cookieOf(answer) })).json();
  assert.equal(got.worker_sid, session.worker_sid);
  assert.equal(got.account_sid, server.accountSid);
  const [header, claims] = got.token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  assert.deepEqual(header, { alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' });
  assert.equal(claims.sub, server.accountSid);
  assert.equal(claims.exp - claims.iat, 3600);
  assert.equal(new Date(got.expires_at).getTime(), claims.exp * 1000);
  assert.deepEqual(claims.grants, {
    identity: 'alice',
    task_router: {
      workspace_sid: session.workspace_sid,
      worker_sid: session.worker_sid,
      role: 'worker',
    },
    chat: claims.grants.chat,
    data_sync: { service_sid: 'default' },
    flex_insights: { service_sid: `${session.workspace_sid}.insights` },
  });
  const { service_sid, deployment_role_sid } = claims.grants.chat;
  assert.match(service_sid, /^IS[0-9a-f]{32}$/);
  assert.match(deployment_role_sid, /^RL[0-9a-f]{32}$/);
  // It is for the event bridge, which knows whose worker it is; the plain API does not ask, so it opens nothing there.
  for (const form of [undefined, { FriendlyName: 'Nap' }]) {
    const where = `/taskrouter/v1/Workspaces/${session.workspace_sid}/Activities`;
    assert.equal((await server.fetch(where, { auth: ['token', got.token], form })).status, 403);
  }
});

// With the real clock, since the official helper stamps its tokens with its own.
test('an official token is understood, and so is an old capability token: neither opens the plain API', async () => {
  const real = await startServer({ clock: null });
  const { accountSid, authToken, client } = real;
  const { AccessToken, taskrouter } = twilio.jwt;
  const workspaceSid = `WS${'0'.repeat(32)}`;
  const ask = async (jwt) =>
    (await real.fetch('/taskrouter/v1/Workspaces', { auth: ['token', jwt] })).status;
  try {
    const key = await client.newSigningKeys.create();
    const token = new AccessToken(accountSid, key.sid, key.secret, { identity: 'ada', ttl: 600 });
    token.addGrant(new AccessToken.TaskRouterGrant({ workspaceSid, role: 'supervisor' }));
    assert.equal(await ask(token.toJwt()), 403); // known, but not for the plain API
    const capability = new taskrouter.TaskRouterCapability({
      accountSid,
      authToken,
      workspaceSid,
      channelId: `WK${'0'.repeat(32)}`,
    });
    assert.equal(await ask(capability.toJwt()), 403);
    const forged = new taskrouter.TaskRouterCapability({
      accountSid,
      authToken: 'f'.repeat(32),
      workspaceSid,
      channelId: `WK${'0'.repeat(32)}`,
    });
    assert.equal(await ask(forged.toJwt()), 401);
  } finally {
    await real.stop();
  }
});
