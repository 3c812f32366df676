// Accounts, their keys and their tokens, as the official client sees them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import twilio from 'twilio';
import { clientFor, startServer } from './support/server.mjs';

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

const refused = (status, code) => (error) => {
  assert.equal(error.status, status, `${error.message}`);
  if (code) assert.equal(error.code, code);
  return true;
};

const as = (username, password, accountSid) =>
  clientFor(server.url, username, password, accountSid ? { accountSid } : {});

const subaccount = (friendlyName) => server.client.api.v2010.accounts.create({ friendlyName });

test('an account is what Twilio shows of it', async () => {
  const account = await server.client.api.v2010.accounts(server.accountSid).fetch();
  assert.equal(account.sid, server.accountSid);
  assert.equal(account.ownerAccountSid, server.accountSid);
  assert.equal(account.authToken, server.authToken);
  assert.equal(account.status, 'active');
  assert.equal(account.type, 'Full');
  assert.equal(account.uri, `/2010-04-01/Accounts/${account.sid}.json`);
  assert.equal(account.subresourceUris.calls, `/2010-04-01/Accounts/${account.sid}/Calls.json`);
  assert.ok(account.dateCreated instanceof Date && !Number.isNaN(account.dateCreated.getTime()));

  const raw = await (await server.fetch(`/api/2010-04-01/Accounts/${account.sid}.json`)).json();
  assert.match(raw.date_created, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/);
  assert.equal('secondary_auth_token' in raw, false);
});

test('without good credentials nothing is shown', async () => {
  const { accountSid, authToken } = server;
  for (const [username, password] of [
    [accountSid, 'wrong'],
    [`AC${'0'.repeat(32)}`, authToken],
  ])
    await assert.rejects(
      as(username, password).api.v2010.accounts(accountSid).fetch(),
      refused(401, 20003),
    );
  const answer = await server.fetch(`/api/2010-04-01/Accounts/${accountSid}.json`, { auth: null });
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get('www-authenticate'), /^Basic /);
  const body = await answer.json();
  assert.deepEqual(Object.keys(body).sort(), ['code', 'message', 'more_info', 'status']);
});

test('a subaccount is made, found, renamed, suspended and closed by its parent', async () => {
  const made = await subaccount('Berlin');
  assert.match(made.sid, /^AC[0-9a-f]{32}$/);
  assert.match(made.authToken, /^[0-9a-f]{32}$/);
  assert.equal(made.ownerAccountSid, server.accountSid);
  assert.equal(made.friendlyName, 'Berlin');

  const named = await server.client.api.v2010.accounts.create();
  assert.match(named.friendlyName, /^SubAccount Created at \d{4}-\d\d-\d\d \d\d:\d\d [AP]M$/);

  const found = await server.client.api.v2010.accounts.list({ friendlyName: 'Berlin' });
  assert.deepEqual(
    found.map((account) => account.sid),
    [made.sid],
  );
  const renamed = await server.client.api.v2010
    .accounts(made.sid)
    .update({ friendlyName: 'Potsdam' });
  assert.equal(renamed.friendlyName, 'Potsdam');

  const own = as(made.sid, made.authToken);
  assert.equal((await own.api.v2010.accounts(made.sid).fetch()).friendlyName, 'Potsdam');
  await assert.rejects(own.api.v2010.accounts(made.sid).update({ status: 'closed' }), refused(403));

  await server.client.api.v2010.accounts(made.sid).update({ status: 'suspended' });
  await assert.rejects(own.api.v2010.accounts(made.sid).fetch(), refused(401, 20005));
  const suspended = await server.client.api.v2010.accounts.list({ status: 'suspended' });
  assert.deepEqual(
    suspended.map((account) => account.sid),
    [made.sid],
  );
  // Its parent may look at what is in it, and may not add to it.
  await server.client.api.v2010.accounts(made.sid).keys.list();
  await assert.rejects(
    server.client.api.v2010.accounts(made.sid).newKeys.create(),
    refused(401, 20005),
  );

  await server.client.api.v2010.accounts(made.sid).update({ status: 'active' });
  assert.equal((await own.api.v2010.accounts(made.sid).fetch()).status, 'active');
  await server.client.api.v2010.accounts(made.sid).update({ status: 'closed' });
  await assert.rejects(
    server.client.api.v2010.accounts(made.sid).update({ status: 'active' }),
    refused(400, 20001),
  );
});

test('the main account does not lock itself out', async () => {
  await assert.rejects(
    server.client.api.v2010.accounts(server.accountSid).update({ status: 'suspended' }),
    refused(403),
  );
  await assert.rejects(
    server.client.api.v2010.accounts(server.accountSid).update({ status: 'asleep' }),
    refused(400, 20001),
  );
});

test('subaccounts see neither their parent nor each other', async () => {
  const [one, two] = [await subaccount('One'), await subaccount('Two')];
  const client = as(one.sid, one.authToken);
  assert.deepEqual(
    (await client.api.v2010.accounts.list()).map((account) => account.sid),
    [one.sid],
  );
  for (const stranger of [two.sid, server.accountSid]) {
    await assert.rejects(client.api.v2010.accounts(stranger).fetch(), refused(404, 20404));
    await assert.rejects(client.api.v2010.accounts(stranger).keys.list(), refused(404, 20404));
    await assert.rejects(
      client.api.v2010.accounts(stranger).update({ status: 'closed' }),
      refused(404),
    );
  }
  await assert.rejects(client.api.v2010.accounts.create(), refused(403));

  const key = await server.client.api.v2010.accounts(two.sid).newKeys.create();
  await assert.rejects(client.api.v2010.accounts(one.sid).keys(key.sid).fetch(), refused(404));
  await assert.rejects(client.iam.v1.apiKey(key.sid).fetch(), refused(404));
  await assert.rejects(client.iam.v1.apiKey(key.sid).remove(), refused(404));
  await assert.rejects(client.iam.v1.getApiKeys.list({ accountSid: two.sid }), refused(404));
});

test('a key shows its secret once and works until it is deleted', async () => {
  const key = await server.client.newKeys.create({ friendlyName: 'robot' });
  assert.match(key.sid, /^SK[0-9a-f]{32}$/);
  assert.ok(key.secret.length >= 32);
  const again = await server.fetch(
    `/api/2010-04-01/Accounts/${server.accountSid}/Keys/${key.sid}.json`,
  );
  const shown = await again.json();
  assert.equal(shown.friendly_name, 'robot');
  for (const hidden of ['secret', 'policy', 'type', 'desktop'])
    assert.equal(hidden in shown, false);

  const robot = as(key.sid, key.secret, server.accountSid);
  await robot.taskrouter.v1.workspaces.list();
  // A standard key manages neither accounts nor keys.
  await assert.rejects(robot.keys.list(), (error) => [401, 403].includes(error.status));
  await assert.rejects(robot.newKeys.create(), (error) => [401, 403].includes(error.status));
  await assert.rejects(robot.iam.v1.newApiKey.create({ accountSid: server.accountSid }), (error) =>
    [401, 403].includes(error.status),
  );

  const renamed = await server.client.keys(key.sid).update({ friendlyName: 'automaton' });
  assert.equal(renamed.friendlyName, 'automaton');
  assert.ok((await server.client.signingKeys.list()).some((other) => other.sid === key.sid));
  await server.client.keys(key.sid).remove();
  await assert.rejects(robot.taskrouter.v1.workspaces.list(), refused(401, 20003));
  await assert.rejects(server.client.keys(key.sid).fetch(), refused(404));
});

test('an auth token is changed without an outage', async () => {
  const account = await subaccount('Rotation');
  const old = as(account.sid, account.authToken);
  const tokens = () => ({
    secondary: old.accounts.v1.secondaryAuthToken(),
    promotion: old.accounts.v1.authTokenPromotion(),
  });
  await assert.rejects(tokens().promotion.update(), refused(404));
  await assert.rejects(tokens().secondary.remove(), refused(404));

  const second = await tokens().secondary.create();
  assert.equal(second.accountSid, account.sid);
  const next = as(account.sid, second.secondaryAuthToken);
  await next.api.v2010.accounts(account.sid).fetch();
  await old.api.v2010.accounts(account.sid).fetch();
  await assert.rejects(tokens().secondary.create(), refused(409));

  const promoted = await tokens().promotion.update();
  assert.equal(promoted.authToken, second.secondaryAuthToken);
  await assert.rejects(old.api.v2010.accounts(account.sid).fetch(), refused(401, 20003));
  assert.equal(
    (await next.api.v2010.accounts(account.sid).fetch()).authToken,
    second.secondaryAuthToken,
  );

  const third = await next.accounts.v1.secondaryAuthToken().create();
  assert.equal(await next.accounts.v1.secondaryAuthToken().remove(), true);
  await assert.rejects(
    as(account.sid, third.secondaryAuthToken).api.v2010.accounts(account.sid).fetch(),
    refused(401, 20003),
  );
});

test('a restricted key may do what its policy lists and nothing else', async () => {
  const key = await server.client.iam.v1.newApiKey.create({
    accountSid: server.accountSid,
    friendlyName: 'reader',
    keyType: 'restricted',
    policy: { allow: ['/twilio/taskrouter/workspaces/read', '/twilio/taskrouter/workspaces/list'] },
  });
  assert.equal(key.policy.allow.length, 2);
  const reader = as(key.sid, key.secret, server.accountSid);
  await reader.taskrouter.v1.workspaces.list();
  await assert.rejects(
    reader.taskrouter.v1.workspaces.create({ friendlyName: 'x' }),
    refused(403, 20403),
  );
  await assert.rejects(reader.keys.list(), (error) => [401, 403].includes(error.status));

  // The policy as it is now counts, from the answer on.
  await server.client.iam.v1
    .apiKey(key.sid)
    .update({ policy: { allow: ['/twilio/taskrouter/workspaces/*'] } });
  const made = await reader.taskrouter.v1.workspaces.create({ friendlyName: 'x' });
  await reader.taskrouter.v1.workspaces(made.sid).remove();

  const { AccessToken } = twilio.jwt;
  const forged = new AccessToken(server.accountSid, key.sid, key.secret, { identity: 'eve' });
  const answer = await server.fetch('/taskrouter/v1/Workspaces', {
    auth: ['token', forged.toJwt()],
  });
  assert.equal(answer.status, 401);
  assert.equal((await answer.json()).code, 20101);
});

test('iam makes, lists, shows and deletes keys', async () => {
  const { accountSid, client } = server;
  const account = await subaccount('Keys');
  const made = [];
  for (let i = 0; i < 3; i++)
    made.push(
      await client.iam.v1.newApiKey.create({ accountSid: account.sid, friendlyName: `k${i}` }),
    );
  assert.equal(made[0].policy, null);
  const listed = await client.iam.v1.getApiKeys.list({ accountSid: account.sid, pageSize: 2 });
  assert.deepEqual(
    listed.map((key) => key.sid),
    made.map((key) => key.sid),
  );
  assert.deepEqual(listed[0].flags, ['rest_api', 'signing']);
  assert.equal((await client.iam.v1.apiKey(made[1].sid).fetch()).friendlyName, 'k1');
  assert.equal(await client.iam.v1.apiKey(made[1].sid).remove(), true);
  await assert.rejects(client.iam.v1.apiKey(made[1].sid).fetch(), refused(404));

  for (const bad of [
    { keyType: 'restricted' },
    { keyType: 'restricted', policy: { allow: [] } },
    { keyType: 'restricted', policy: { allow: ['everything'] } },
    { policy: { allow: ['/twilio/a/b/read'] } },
    { friendlyName: 'x'.repeat(65) },
  ])
    await assert.rejects(
      client.iam.v1.newApiKey.create({ accountSid, ...bad }),
      refused(400, 20001),
    );
});
