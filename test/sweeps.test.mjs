// Sweeps: every resource, from the server's own description, written once. A resource that is added is swept without a line here, unless
// one of its parameters has a meaning that no schema tells; then `meanings` gets a row.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import twilio from 'twilio';
import { startServer } from './support/server.mjs';
import { describeServer } from './support/describe.mjs';

const { AccessToken } = twilio.jwt;

let server;
let stranger;
const api = describeServer();

before(async () => {
  server = await startServer();
  const account = await server.client.api.v2010.accounts.create({ friendlyName: 'A stranger' });
  stranger = [account.sid, account.authToken];
});
after(() => server?.stop());

const snake = (name) => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
const pascal = (name) =>
  name.replace(/(^|_|\.)(\w)/g, (_, before, c) => before.replace('_', '') + c.toUpperCase());

// --- what a schema cannot tell -----------------------------------------------------------------------------------------------

const sidOf = (name) => (made) => made.workspace[name];
/** Parameters whose value must mean something, by resource and name: a value, or a function of what was made before. */
const meanings = {
  Workflows: {
    Configuration: ({ queue }) =>
      JSON.stringify({ task_routing: { filters: [], default_filter: { queue } } }),
  },
  TaskQueues: {
    TargetWorkers: '1==1',
    ReservationActivitySid: sidOf('default_activity_sid'),
    AssignmentActivitySid: sidOf('default_activity_sid'),
  },
  TaskChannels: { UniqueName: () => `channel_${counter()}` },
  Workers: { ActivitySid: sidOf('default_activity_sid') },
  Workspaces: {
    MultiTaskEnabled: 'true',
    DefaultActivitySid: undefined, // of its own, which is not known before it is made
    TimeoutActivitySid: undefined,
  },
  Tasks: {
    TaskChannel: 'chat',
    WorkflowSid: ({ workflow }) => workflow,
    TaskQueueSid: undefined,
    RoutingTarget: undefined,
    IgnoreCapacity: undefined,
    AssignmentStatus: undefined,
    Reason: undefined,
    VirtualStartTime: '2020-01-02T03:04:05Z',
  },
  Accounts: { Status: 'active' },
  Conversations: {
    UniqueName: () => `order-${counter()}`,
    Attributes: '{"a":1}',
    State: 'active',
    'Timers.Inactive': 'PT5M',
    'Timers.Closed': 'PT30M',
  },
  Participants: {
    Identity: ({ workspace }) => `who-${workspace.sid}`, // which does not change
    Attributes: '{"a":1}',
    'MessagingBinding.Address': undefined,
    'MessagingBinding.ProxyAddress': undefined,
    'MessagingBinding.ProjectedAddress': undefined,
    LastReadMessageIndex: undefined,
  },
  Messages: { Attributes: '{"a":1}' },
  Users: { Attributes: '{"a":1}' },
  Roles: { Permission: 'sendMessage' },
  Webhooks: {
    Target: 'webhook',
    'Configuration.Method': 'post',
    'Configuration.Url': 'https://example.com/hook',
    'Configuration.Filters': 'onMessageAdded',
    'Configuration.Triggers': undefined,
    'Configuration.FlowSid': undefined,
    'Configuration.ReplayAfter': undefined,
  },
  Addresses: {
    Type: 'sms',
    Address: () => `+1555${String(counter()).padStart(7, '0')}`,
    AddressCountry: 'US',
    'AutoCreation.Type': 'default',
    'AutoCreation.WebhookUrl': 'https://example.com/hook',
    'AutoCreation.WebhookMethod': 'post',
    'AutoCreation.WebhookFilters': 'onMessageAdded',
    'AutoCreation.StudioFlowSid': undefined, // there is no flow
    'AutoCreation.StudioRetryCount': undefined,
  },
  IncomingPhoneNumbers: { PhoneNumber: () => `+1555${String(counter()).padStart(7, '0')}` },
  Carriers: { Type: 'custom', Secret: 'sixteen letters and more' },
  Senders: { Address: () => `word:${counter()}`, CarrierSid: undefined },
  Documents: { Data: '{"a":1}' },
  Items: { Data: '{"a":1}', Key: () => `key-${counter()}` },
  Credentials: { Type: 'fcm', Sandbox: undefined }, // which is shown as a text
  FlexFlows: { ChatServiceSid: ({ service }) => service, IntegrationType: undefined },
  Channels: {
    FlexFlowSid: ({ flow }) => flow,
    TaskSid: undefined,
    PreEngagementData: '{"a":1}',
  },
  WebChannels: {
    FlexFlowSid: ({ flow }) => flow,
    ChatStatus: 'inactive',
    PreEngagementData: '{"a":1}',
    PostEngagementData: '{"a":1}',
  },
  Forms: {
    TaskChannel: 'chat',
    Topics: '{"billing":"Billing"}',
    WorkspaceSid: ({ workspace }) => workspace.sid,
    WorkflowSid: ({ workflow }) => workflow,
  },
};

let counted = 0;
const counter = () => ++counted;

function sample(resource, name, schema, made) {
  const meaning = meanings[resource.name];
  if (meaning && name in meaning)
    return typeof meaning[name] === 'function' ? meaning[name](made) : meaning[name];
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'boolean') return 'true';
  if (schema.type === 'integer') return String(schema.minimum ?? 3);
  if (schema.format === 'date-time') return '2020-01-02T03:04:05Z';
  if (schema.format === 'uri') return 'https://example.com/hook';
  if (schema.contentMediaType === 'application/json') return '{"a":1}';
  if (schema.pattern || schema.type === 'array') return undefined;
  return `A name ${counter()}`;
}

// --- reading the description ---------------------------------------------------------------------------------------------------

/** Every collection that can be created in: {name, path, create, instance}. */
const resources = Object.entries(api.paths)
  .filter(([, item]) => item.post?.requestBody)
  .map(([path, item]) => {
    const bare = path.replace(/\.json$/, '');
    const suffix = path.slice(bare.length);
    const key = Object.keys(api.paths).find(
      (p) =>
        p.startsWith(`${bare}/{`) &&
        p.endsWith(suffix) &&
        !p.slice(bare.length + 1, -suffix.length || undefined).includes('/'),
    );
    return {
      name: bare.split('/').at(-1),
      path,
      item,
      instance: key && api.paths[key],
      instancePath: key,
    };
  })
  .filter((r) => !/\{\w+\}(\.json)?$/.test(r.path) && r.instance?.get)
  // What begins more than a row of its own, and answers what cannot be done later, has its own story: interactions.test.mjs.
  .filter((r) => !r.path.includes('/v1/Interactions'))
  // What is sent cannot be changed: channels.test.mjs.
  .filter((r) => !r.path.endsWith('/Messages.json'));

const bodyOf = (operation) =>
  operation?.requestBody?.content['application/x-www-form-urlencoded'].schema ?? { properties: {} };

const form = (resource, schema, made) =>
  Object.fromEntries(
    Object.entries(schema.properties)
      .map(([name, s]) => [name, sample(resource, name, s, made)])
      .filter(([, value]) => value !== undefined),
  );

const request = async (path, options) => {
  const answer = await server.fetch(path, options);
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
};

/** What its path ends in: most have a SID. */
const idOf = (shown) => shown.sid ?? shown.key ?? shown.index;

/** The rows that the path's parameters name, made on demand. */
async function surroundings() {
  const made = {};
  const workspace = await request('/taskrouter/v1/Workspaces', {
    form: { FriendlyName: `Sweep ${counter()}`, Template: 'FIFO' },
  });
  assert.equal(workspace.status, 201, JSON.stringify(workspace.body));
  made.workspace = workspace.body;
  const under = `/taskrouter/v1/Workspaces/${workspace.body.sid}`;
  made.queue = (await request(`${under}/TaskQueues`)).body.task_queues[0].sid;
  made.workflow = (await request(`${under}/Workflows`)).body.workflows[0].sid;
  const service = await request('/conversations/v1/Services', { form: { FriendlyName: 'Sweep' } });
  made.service = service.body.sid;
  const flow = await request('/flex-api/v1/FlexFlows', {
    form: {
      FriendlyName: 'Sweep',
      ChatServiceSid: made.service,
      ChannelType: 'web',
      Enabled: true,
    },
  });
  made.flow = flow.body.sid;
  for (const base of ['/v1', `/v1/Services/${made.service}`]) {
    const conversation = await request(`/conversations${base}/Conversations`, { form: {} });
    assert.equal(conversation.status, 201, JSON.stringify(conversation.body));
    (made.conversations ??= []).push(conversation.body.sid);
  }
  made.sync = (await request('/sync/v1/Services', { form: { FriendlyName: 'Sweep' } })).body.sid;
  for (const many of ['Lists', 'Maps'])
    made[many] = (await request(`/sync/v1/Services/${made.sync}/${many}`, { form: {} })).body.sid;
  return made;
}

const fill = (path, made, sid) =>
  path.replace(/\{(\w+)\}/g, (_, name) => {
    if (name === 'WorkspaceSid') return made.workspace.sid;
    if (name === 'AccountSid') return server.accountSid;
    if (name === 'ChatServiceSid') return made.service;
    if (name === 'ServiceSid') return made.sync;
    if (name === 'ListSid' || name === 'MapSid') return made[name.replace('Sid', 's')];
    if (name === 'ConversationSid') return made.conversations[Number(path.includes('/Services/'))];
    return sid;
  });

function assertShown(resource, given, shown, schema) {
  for (const [name, value] of Object.entries(given)) {
    const key = snake(name);
    const kind = schema.properties[name];
    if (!(key in shown) || name === 'TaskChannel') continue;
    if (kind.type === 'boolean')
      assert.equal(shown[key], value === 'true', `${resource.path} ${key}`);
    else if (typeof shown[key] === 'object' && shown[key])
      assert.deepEqual(shown[key], JSON.parse(value), `${resource.path} ${key}`);
    else if (kind.format !== 'date-time' || typeof shown[key] === 'string')
      assert.equal(String(shown[key]), value, `${resource.path} ${key}`);
  }
}

async function create(resource, made, changes = {}) {
  const given = { ...form(resource, bodyOf(resource.item.post), made), ...changes };
  for (const name of Object.keys(given)) if (given[name] === null) delete given[name];
  return { given, answer: await request(fill(resource.path, made), { form: given }) };
}

// --- the three sweeps -------------------------------------------------------------------------------------------------------------

test('the description names resources to sweep', () => {
  assert.ok(resources.length >= 9, resources.map((r) => r.path).join(' '));
});

describe('what is created can be fetched, found in its list, changed and deleted', () => {
  for (const resource of resources)
    test(resource.path, async () => {
      const made = await surroundings();
      const { given, answer } = await create(resource, made);
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      assertShown(resource, given, answer.body, bodyOf(resource.item.post));
      const where = fill(resource.instancePath, made, idOf(answer.body));
      const fetched = await request(where);
      assert.equal(fetched.status, 200);
      assertShown(resource, given, fetched.body, bodyOf(resource.item.post));
      if (resource.item.get) {
        const list = await request(`${fill(resource.path, made)}?PageSize=1000`);
        const rows = Object.values(list.body).find(Array.isArray);
        assert.ok(
          rows.some((row) => idOf(row) === idOf(answer.body)),
          'is in its list',
        );
      }
      if (resource.instance.post) {
        const changes = form(resource, bodyOf(resource.instance.post), made);
        const changed = await request(where, { form: changes });
        assert.equal(changed.status, 200, JSON.stringify(changed.body));
        assertShown(resource, changes, changed.body, bodyOf(resource.instance.post));
        assertShown(resource, changes, (await request(where)).body, bodyOf(resource.instance.post));
      }
      if (resource.instance.delete) {
        assert.equal((await request(where, { method: 'DELETE' })).status, 204);
        assert.equal((await request(where)).status, 404);
        assert.equal((await request(where, { method: 'DELETE' })).status, 404);
      }
    });
});

/** Values that break a schema's rules. */
function* wrong(schema) {
  if (schema.maxLength)
    yield schema.contentMediaType
      ? JSON.stringify({ a: 'x'.repeat(schema.maxLength) })
      : 'x'.repeat(schema.maxLength + 1);
  if (schema.enum) yield 'no such word';
  if (schema.type === 'integer') yield 'seven';
  if (schema.minimum !== undefined) yield String(schema.minimum - 1);
  if (schema.maximum !== undefined) yield String(schema.maximum + 1);
  if (schema.format === 'date-time') yield 'tomorrow';
  if (schema.format === 'uri') yield 'not a url';
  if (schema.pattern) yield 'XX123';
  if (schema.contentMediaType === 'application/json') yield '{"a":';
}

describe('each rule is refused, with a message that names the parameter', () => {
  for (const resource of resources)
    test(resource.path, async () => {
      const made = await surroundings();
      const schema = bodyOf(resource.item.post);
      const cases = (schema.required ?? []).flatMap((name) => [
        [name, null],
        [name, ''],
      ]);
      for (const [name, s] of Object.entries(schema.properties))
        for (const value of wrong(s)) cases.push([name, value]);
      for (const [name, value] of cases) {
        const { answer } = await create(resource, made, { [name]: value });
        const told = `${name}=${String(value).slice(0, 40)}: ${JSON.stringify(answer.body)}`;
        assert.equal(answer.status, 400, told);
        assert.equal(answer.body.code, 20001, told);
        assert.match(answer.body.message, new RegExp(name.replace('.', '\\.')), told);
      }
    });
});

describe("a stranger's account does not see it", () => {
  for (const resource of resources.filter((r) => !r.path.startsWith('/api/')))
    test(resource.path, async () => {
      const made = await surroundings();
      const { answer } = await create(resource, made);
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      const where = fill(resource.instancePath, made, idOf(answer.body));
      assert.equal((await request(where, { auth: stranger })).status, 404);
      if (resource.instance.post)
        assert.equal(
          (await request(where, { auth: stranger, form: { FriendlyName: 'x' } })).status,
          404,
        );
      if (resource.instance.delete)
        assert.equal((await request(where, { auth: stranger, method: 'DELETE' })).status, 404);
      const list = await request(fill(resource.path, made), { auth: stranger });
      if (list.status !== 404)
        assert.ok(
          !JSON.stringify(list.body).includes(idOf(answer.body)),
          "not in the stranger's list",
        );
    });
});

describe("a browser's token opens no resource of the API itself", () => {
  // Where browsers come in, with a token or before they have one.
  const doors = [
    ...['/aim/', '/cds/', '/mcs/', '/ers/', '/tsock/', '/event-bridge/'], // tokens.test.mjs
    ...['/desktop/', '/plugboard/v1/Webchats', '/carrier/', '/healthz', '/readyz', '/metrics'],
  ];
  const isDoor = (p) => doors.some((door) => p.startsWith(door)) || /Forms\/.*\/\w+$/.test(p);
  const paths = Object.keys(api.paths).filter((p) => !isDoor(p));
  let token, made;
  before(async () => {
    made = await surroundings();
    const key = await server.client.newSigningKeys.create({ friendlyName: 'browsers' });
    const jwt = new AccessToken(server.accountSid, key.sid, key.secret, { identity: 'ada' });
    jwt.addGrant(new AccessToken.ChatGrant({ serviceSid: made.service }));
    jwt.addGrant(new AccessToken.SyncGrant({ serviceSid: made.service }));
    token = ['token', jwt.toJwt()];
  });

  for (const path of paths)
    test(path, async () => {
      const where = fill(path, made, made.conversations[1]);
      for (const method of ['GET', 'POST', 'DELETE']) {
        const body = method === 'POST' ? { form: { FriendlyName: 'x' } } : {};
        const answer = await request(where, { auth: token, method, ...body });
        if (api.paths[path][method.toLowerCase()])
          assert.equal(answer.status, 403, `${method}: ${JSON.stringify(answer.body)}`);
      }
    });
});

test('names of parameters follow the names of fields', () => {
  for (const resource of resources)
    for (const name of Object.keys(bodyOf(resource.item.post).properties))
      assert.equal(pascal(snake(name)), name, resource.path);
});
