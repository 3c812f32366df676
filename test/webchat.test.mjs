// A customer begins a chat: by an application's server (v2/WebChats), and by a browser that nobody knows.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import twilio from 'twilio';
import { startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

let server, flex, chat, tr, hooks, workspace;
before(async () => {
  server = await startServer();
  hooks = await startWebhooks({ authToken: server.authToken });
  flex = server.client.flexApi;
  chat = server.client.conversations.v1;
  tr = server.client.taskrouter.v1;
  const found = (await tr.workspaces.list()).find(
    (one) => one.friendlyName === 'Flex Task Assignment',
  );
  workspace = tr.workspaces(found.sid);
});
after(async () => {
  await server.stop();
  await hooks.stop();
});

const PEER_MS = 10 * 60_000; // in which an address may begin as often as it likes again
const address = (name, more = {}) =>
  chat.addressConfigurations.create({ type: 'chat', address: name, ...more });
const task = async (conversationSid) =>
  (await workspace.tasks.list()).find(
    (one) => JSON.parse(one.attributes).conversationSid === conversationSid,
  );

const browser = async (path, form) => {
  const answer = await server.fetch(`/plugboard/v1/Webchats${path}`, { form, auth: null });
  return {
    http: answer.status,
    retry: answer.headers.get('retry-after'),
    ...(answer.status === 204 ? {} : await answer.json()),
  };
};
const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

test('an application begins a chat: conversation, customer and a task for an agent', async () => {
  const from = await address('shop');
  const made = await flex.v2.webChannels.create({
    addressSid: from.sid,
    chatFriendlyName: 'Shop',
    customerFriendlyName: 'Eve',
    preEngagementData: JSON.stringify({ friendlyName: 'Eve', email: 'eve@example.com' }),
    uiVersion: '2.0',
  });
  assert.match(made.conversationSid, /^CH/);
  const conversation = await chat.conversations(made.conversationSid).fetch();
  assert.equal(conversation.friendlyName, 'Shop');
  assert.equal(JSON.parse(conversation.attributes).pre_engagement_data.email, 'eve@example.com');
  const [customer] = await chat.conversations(made.conversationSid).participants.list();
  assert.equal(customer.identity, made.identity);
  assert.equal((await chat.users(made.identity).fetch()).friendlyName, 'Eve');
  const attributes = JSON.parse((await task(made.conversationSid)).attributes);
  assert.equal(attributes.customerName, 'Eve');
  assert.equal(attributes.from, 'Eve');
  assert.equal(attributes.channelType, 'web');
  assert.equal(attributes.customers.email, 'eve@example.com');
  assert.equal(attributes.pre_engagement_data.friendlyName, 'Eve');

  const named = await flex.v2.webChannels.create({ addressSid: from.sid, identity: 'eve@shop' });
  assert.equal(named.identity, 'eve@shop');
  for (const wrong of [
    { addressSid: `IG${'0'.repeat(32)}` },
    { addressSid: from.sid, preEngagementData: 'no' },
    { addressSid: from.sid, preEngagementData: JSON.stringify({ a: 'x'.repeat(3000) }) },
  ])
    await assert.rejects(flex.v2.webChannels.create(wrong), /not|longer/);
});

test('an address with a webhook leaves routing to the application', async () => {
  const from = await address('bot', {
    'autoCreation.enabled': true,
    'autoCreation.type': 'webhook',
    'autoCreation.webhookUrl': hooks.url('/bot'),
    'autoCreation.webhookMethod': 'POST',
    'autoCreation.webhookFilters': ['onMessageAdded'],
  });
  const made = await flex.v2.webChannels.create({ addressSid: from.sid });
  assert.equal(await task(made.conversationSid), undefined);
  await chat.conversations(made.conversationSid).messages.create({
    author: made.identity,
    body: 'Hello?',
    xTwilioWebhookEnabled: 'true',
  });
  const heard = await hooks.next((request) => request.url.endsWith('/bot'));
  assert.equal(heard.params.Body, 'Hello?');
});

test('a browser begins without credentials, and comes back', async () => {
  await address('page');
  const begun = await browser('', {
    AddressSid: 'page',
    CustomerFriendlyName: 'Frank',
    PreEngagementData: '{"topic":"billing"}',
  });
  assert.equal(begun.http, 200, JSON.stringify(begun));
  const said = claims(begun.token);
  assert.equal(said.grants.identity, begun.identity);
  assert.match(said.grants.chat.service_sid, /^IS/);
  assert.deepEqual(Object.keys(said.grants).sort(), ['chat', 'identity']);
  assert.equal(said.exp * 1000, Math.floor(begun.expiration / 1000) * 1000);
  assert.equal(JSON.parse((await task(begun.conversation_sid)).attributes).customerName, 'Frank');

  const refreshed = await browser('/Refresh', { Token: begun.token });
  assert.equal(refreshed.conversation_sid, begun.conversation_sid);
  assert.equal(refreshed.identity, begun.identity);

  await server.turnClock(8 * 24 * 3600_000); // the token has expired a week ago
  const week = await browser('/Refresh', { Token: begun.token });
  assert.equal(week.http, 200);
  assert.equal(week.conversation_sid, begun.conversation_sid);
  const again = await browser('', { AddressSid: 'page', Token: week.token });
  assert.equal(again.identity, begun.identity, 'who comes back is who he was');

  assert.equal((await browser('/End', { Token: week.token })).http, 204);
  const ended = await browser('/Refresh', { Token: week.token });
  assert.equal(ended.http, 200, 'he may still read');
  const anew = await browser('', { AddressSid: 'page', Token: week.token });
  assert.equal(anew.identity, begun.identity);
  assert.notEqual(anew.conversation_sid, again.conversation_sid);
  await server.turnClock(100 * 24 * 3600_000);
  assert.equal((await browser('/Refresh', { Token: week.token })).http, 401);
});

test('who is known to the application is who it says, and has one open chat', async () => {
  const own = await startServer(); // whose clock is still that of the helper that stamps the token
  try {
    await own.client.conversations.v1.addressConfigurations.create({
      type: 'chat',
      address: 'known',
    });
    const key = await own.client.newSigningKeys.create({ friendlyName: 'shop' });
    const signed = (accountSid, identity) =>
      new twilio.jwt.AccessToken(accountSid, key.sid, key.secret, { identity, ttl: 3600 }).toJwt();
    const ask = async (form) =>
      (await own.fetch('/plugboard/v1/Webchats', { form, auth: null })).json();
    const token = signed(own.accountSid, 'customer-42');
    const one = await ask({ AddressSid: 'known', Identity: token });
    assert.equal(one.identity, 'customer-42', JSON.stringify(one));
    const two = await ask({ AddressSid: 'known', Identity: token });
    assert.equal(two.conversation_sid, one.conversation_sid);
    const forged = `${token.slice(0, -6)}AAAAAA`;
    assert.equal((await ask({ AddressSid: 'known', Identity: forged })).status, 401);
    assert.equal((await ask({ AddressSid: 'known', Identity: 'customer-42' })).status, 401);
  } finally {
    await own.stop();
  }
});

test('what a stranger may not', async () => {
  await server.turnClock(PEER_MS);
  const sms = await chat.addressConfigurations.create({ type: 'sms', address: '+15550142' });
  assert.equal((await browser('', {})).http, 404);
  assert.equal((await browser('', { AddressSid: 'nowhere' })).http, 404);
  assert.equal((await browser('', { AddressSid: sms.sid })).http, 404, 'only for web chats');
  assert.equal((await browser('/Refresh', { Token: 'x' })).http, 401);
  assert.equal((await browser('/Refresh', {})).http, 401);

  const key = await server.client.newSigningKeys.create({ friendlyName: 'other' });
  const { AccessToken } = twilio.jwt;
  const foreign = new AccessToken(server.accountSid, key.sid, key.secret, {
    identity: 'x',
    ttl: 60,
  });
  foreign.addGrant(new AccessToken.ChatGrant({ serviceSid: `IS${'0'.repeat(32)}` }));
  assert.equal(
    (await browser('/Refresh', { Token: foreign.toJwt() })).http,
    401,
    'not one of ours',
  );
});

test('guests who begin in a loop are slowed down', async () => {
  await server.turnClock(PEER_MS);
  await address('loop');
  const answers = [];
  for (let i = 0; i < 8; i++) answers.push(await browser('', { AddressSid: 'loop' }));
  assert.deepEqual(
    answers.map((one) => one.http),
    [200, 200, 200, 200, 200, 429, 429, 429],
  );
  assert.ok(Number(answers[5].retry) > 0);
  await server.turnClock(31_000);
  assert.equal((await browser('', { AddressSid: 'loop' })).http, 200);
});

test('the configuration: what holds, what is set, what cannot be', async () => {
  const first = await flex.v1.configuration().fetch({ uiVersion: '2.0' });
  assert.equal(first.accountSid, server.accountSid);
  assert.equal(first.status, 'ok');
  assert.match(first.flexInstanceSid, /^GO/);
  assert.equal(first.taskrouterWorkspaceSid, (await workspace.fetch()).sid);
  assert.match(first.taskrouterTargetWorkflowSid, /^WW/);
  assert.match(first.chatServiceInstanceSid, /^IS/);

  const flow = await workspace.workflows.create({
    friendlyName: 'Chats',
    configuration: JSON.stringify({
      task_routing: { default_filter: { queue: first.taskrouterTargetTaskqueueSid } },
    }),
  });
  const set = (json) => server.fetch('/flex-api/v1/Configuration', { json });
  const answer = await set({
    account_sid: server.accountSid,
    taskrouter_target_workflow_sid: flow.sid,
    ui_attributes: { colorTheme: { baseName: 'GreyDark' } },
    crm_enabled: true,
    taskrouter_skills: [{ name: 'billing' }],
    serverless_service_sids: [`ZS${'0'.repeat(32)}`],
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  const after = await flex.v1.configuration().fetch();
  assert.deepEqual(after.uiAttributes, { colorTheme: { baseName: 'GreyDark' } });
  assert.equal(after.crmEnabled, true);
  assert.deepEqual(after.taskrouterSkills, [{ name: 'billing' }]);
  assert.equal(after.taskrouterTargetWorkflowSid, flow.sid);
  const from = await address('configured');
  const made = await flex.v2.webChannels.create({ addressSid: from.sid });
  assert.equal((await task(made.conversationSid)).workflowSid, flow.sid, 'chats go by it');

  for (const wrong of [
    { taskrouter_workspace_sid: 'x' },
    { taskrouter_workspace_sid: `WS${'0'.repeat(32)}` },
    { ui_attributes: 3 },
    { crm_enabled: 'maybe' },
    { crm_callback_url: 'gopher://x' },
    { account_sid: `AC${'0'.repeat(32)}` },
    [],
  ])
    assert.equal((await set(wrong)).status, 400, JSON.stringify(wrong));
  assert.equal((await set({ taskrouter_target_workflow_sid: null })).status, 200);
});

test('Flex Flows: a task at once, a task with the first message, a URL', async () => {
  const service = (await flex.v1.configuration().fetch()).chatServiceInstanceSid;
  const w = await workspace.fetch();
  const [workflow] = await workspace.workflows.list();
  const flows = flex.v1.flexFlow;
  const common = { chatServiceSid: service, channelType: 'web', enabled: true };
  const byTask = await flows.create({
    ...common,
    friendlyName: 'By task',
    integrationType: 'task',
    'integration.workspaceSid': w.sid,
    'integration.workflowSid': workflow.sid,
    'integration.channel': 'chat',
    'integration.priority': 4,
    'integration.timeout': 600,
  });
  assert.equal(byTask.integration.workflow_sid, workflow.sid);
  const made = await flex.v1.channel.create({
    flexFlowSid: byTask.sid,
    identity: 'greta',
    chatUserFriendlyName: 'Greta',
    chatFriendlyName: 'Greta’s chat',
    taskAttributes: JSON.stringify({ vip: true }),
  });
  assert.match(made.userSid, /^US/);
  const seen = await workspace.tasks(made.taskSid).fetch();
  assert.equal(seen.priority, 4);
  assert.equal(seen.timeout, 600);
  assert.equal(JSON.parse(seen.attributes).vip, true);
  assert.equal((await flex.v1.channel(made.sid).fetch()).taskSid, made.taskSid);

  const later = await flows.create({
    ...common,
    friendlyName: 'Later',
    integrationType: 'task',
    'integration.workspaceSid': w.sid,
    'integration.workflowSid': workflow.sid,
    'integration.creationOnMessage': true,
  });
  const quiet = await flex.v1.webChannel.create({
    flexFlowSid: later.sid,
    identity: 'hans',
    customerFriendlyName: 'Hans',
    chatFriendlyName: 'Hans’s chat',
  });
  assert.equal(await task(quiet.sid), undefined);
  await chat.conversations(quiet.sid).messages.create({ author: 'hans', body: 'Now' });
  assert.equal((await task(quiet.sid)).assignmentStatus, 'pending');

  const external = await flows.create({
    ...common,
    friendlyName: 'Elsewhere',
    integrationType: 'external',
    'integration.url': hooks.url('/flow'),
    'integration.retryCount': 1,
  });
  const out = await flex.v1.webChannel.create({
    flexFlowSid: external.sid,
    identity: 'ida',
    customerFriendlyName: 'Ida',
    chatFriendlyName: 'Ida’s chat',
  });
  await chat.conversations(out.sid).messages.create({
    author: 'ida',
    body: 'Out',
    xTwilioWebhookEnabled: 'true',
  });
  assert.equal((await hooks.next((r) => r.url.endsWith('/flow'))).params.Body, 'Out');

  const ended = await flex.v1
    .webChannel(out.sid)
    .update({ chatStatus: 'inactive', postEngagementData: '{"stars":5}' });
  assert.equal(ended.sid, out.sid);
  const closed = await chat.conversations(out.sid).fetch();
  assert.equal(closed.state, 'closed');
  assert.equal(JSON.parse(closed.attributes).post_engagement_data.stars, 5);

  assert.deepEqual(
    (await flex.v1.webChannel.list()).map((one) => one.sid),
    [quiet.sid, out.sid],
  );
  assert.deepEqual(
    (await flex.v1.channel.list()).map((one) => one.sid),
    [made.sid],
  );
  await assert.rejects(flex.v1.channel(quiet.sid).fetch(), { status: 404 });
  await flex.v1.channel(made.sid).remove();
  await assert.rejects(chat.conversations(made.sid).fetch(), { status: 404 });
  assert.equal((await workspace.tasks(made.taskSid).fetch()).assignmentStatus, 'canceled');

  assert.equal((await flows.list({ friendlyName: 'Later' })).length, 1);
  const off = await flex.v1.flexFlow(later.sid).update({ enabled: false });
  assert.equal(off.enabled, false);
  await assert.rejects(
    flex.v1.webChannel.create({
      flexFlowSid: later.sid,
      identity: 'x',
      customerFriendlyName: 'x',
      chatFriendlyName: 'x',
    }),
    { status: 400 },
  );
  for (const wrong of [
    { integrationType: 'task' },
    { integrationType: 'external' },
    { integrationType: 'studio' },
    { integrationType: 'external', 'integration.url': 'x' },
    { channelType: 'pigeon' },
  ])
    await assert.rejects(flows.create({ ...common, friendlyName: 'Wrong', ...wrong }), {
      status: 400,
    });
  await flex.v1.flexFlow(later.sid).remove();
});

test('users of Flex are who logs in here', async () => {
  const own = await startServer({ args: ['--demo'] });
  try {
    const login = await own.fetch('/desktop/session', {
      json: { username: 'alice', password: 'plugboard' },
      headers: { 'X-Plugboard-Desktop': '1' },
      auth: null,
    });
    assert.equal(login.status, 200);
    const user = (await login.json()).user_sid;
    const instance = `GO${own.accountSid.slice(2)}`;
    const shown = await own.client.flexApi.v2.flexUser(instance, user).fetch();
    assert.equal(shown.username, 'alice');
    assert.deepEqual(shown.roles, ['agent']);
    assert.match(shown.workerSid, /^WK/);
    const changed = await own.client.flexApi.v2
      .flexUser(instance, user)
      .update({ email: 'alice@example.com', locale: 'de-DE' });
    assert.equal(changed.email, 'alice@example.com');
    assert.equal(changed.locale, 'de-DE');
    assert.equal(changed.version, 1);
    const elsewhere = `GO${'0'.repeat(32)}`;
    await assert.rejects(own.client.flexApi.v2.flexUser(elsewhere, user).fetch(), { status: 404 });
  } finally {
    await own.stop();
  }
});
