// An application's function asks whose Flex token it was sent, as twilio-flex-token-validator does; and Flex's SDK about its own.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import twilio from 'twilio';
import { startServer } from './support/server.mjs';

const { AccessToken } = twilio.jwt;
const desktop = { 'X-Plugboard-Desktop': '1' };

let server, key, sub;
before(async () => {
  server = await startServer({ args: ['--demo'] });
  key = await server.client.newSigningKeys.create({ friendlyName: 'of an application' });
  sub = await server.client.api.v2010.accounts.create({ friendlyName: 'Branch' });
});
after(() => server.stop());

async function flexToken(username) {
  const json = { username, password: 'plugboard' };
  const login = await server.fetch('/desktop/session', { json, headers: desktop, auth: null });
  const cookie = login.headers.get('set-cookie').split(';')[0];
  const headers = { ...desktop, cookie };
  const answer = await server.fetch('/desktop/token', { method: 'POST', headers, auth: null });
  return answer.json();
}

const ownToken = (identity, ...grants) => {
  const options = { identity, ttl: 43_200 }; // the clock is turned
  const token = new AccessToken(server.accountSid, key.sid, key.secret, options);
  for (const grant of grants) token.addGrant(grant);
  return token.toJwt();
};
const worker = (workspaceSid, workerSid) =>
  new AccessToken.TaskRouterGrant({ workspaceSid, workerSid, role: 'worker' });

const validate = (token, { account = server.accountSid, ...more } = {}) =>
  server.fetch(`/iam/v1/Accounts/${account}/Tokens/validate`, { json: { token }, ...more });

async function refused(token, why, more) {
  const answer = await validate(token, more);
  assert.equal(answer.status, 200); // the validator looks at `valid` alone
  const body = await answer.json();
  assert.equal(body.valid, false);
  assert.match(body.message, why);
  assert.equal(body.identity, undefined);
}

test('a token of somebody who works here is valid, and says who that is', async () => {
  for (const [name, roles] of [
    ['alice', ['agent']],
    ['carol', ['supervisor']],
  ]) {
    const { token, worker_sid, expires_at } = await flexToken(name);
    const answer = await validate(token, { auth: [key.sid, key.secret] });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await answer.json(), {
      valid: true,
      code: 0,
      message: null,
      realm_user_id: name,
      identity: name,
      roles,
      worker_sid,
      expiration: expires_at,
    });
  }
});

test('an application’s own token is an agent’s, whatever name it wrote into it', async () => {
  const { workspace_sid, worker_sid } = await flexToken('alice');
  const seen = await (await validate(ownToken('carol', worker(workspace_sid, worker_sid)))).json();
  assert.equal(seen.valid, true);
  assert.deepEqual(seen.roles, ['agent']);
});

test('a customer’s token is not Flex’s; neither are others that are no good', async () => {
  const [at] = await server.client.conversations.v1.addressConfigurations.list();
  const begun = await server.fetch('/plugboard/v1/Webchats', {
    form: { AddressSid: at.sid },
    auth: null,
  });
  await refused((await begun.json()).token, /not one of Flex/);
  const { token } = await flexToken('alice');
  await refused(ownToken('alice'), /not one of Flex/);
  await refused(`${token}x`, /signature/);
  await refused('no', /Token/);
  await refused('', /No token/);
  await refused(undefined, /No token/);
  await refused('x'.repeat(20_000), /No token/);
  await refused(token, /not one of this account/, { account: sub.sid });
  await server.turnClock(3_600_000);
  await refused(token, /expired/);
});

test('only the account asks: a token may not, a stranger finds nothing', async () => {
  const { token } = await flexToken('bob');
  assert.equal((await validate(token, { auth: null })).status, 401);
  assert.equal((await validate(token, { auth: ['token', token] })).status, 403);
  assert.equal((await validate(token, { account: `AC${'0'.repeat(32)}` })).status, 404);
});

test('Flex’s SDK asks about the token that it has', async () => {
  const { token, worker_sid, account_sid } = await flexToken('bob');
  const ask = (account, form, auth = ['token', token]) =>
    server.fetch(`/flex-api/v1/Accounts/${account}/Tokens/Info`, {
      form,
      auth,
      headers: { Origin: 'https://app.example.com' },
    });
  const answer = await ask(account_sid, { Token: token, Fingerprint: 'f' });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  const { flex_user_sid, expiration, ...rest } = await answer.json();
  assert.match(flex_user_sid, /^FU/);
  assert.ok(Date.parse(expiration));
  assert.deepEqual(rest, { account_sid, identity: 'bob', roles: ['agent'], worker_sid });
  assert.equal((await ask(account_sid, { Token: 'no' })).status, 401);
  assert.equal((await ask(sub.sid, { Token: token })).status, 404);
  const chat = ownToken('bob', new AccessToken.ChatGrant({ serviceSid: `IS${'0'.repeat(32)}` }));
  assert.equal((await ask(account_sid, { Token: token }, ['token', chat])).status, 403);
});
