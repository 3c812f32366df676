// A customer asks to be called back; and what strangers try with the same form.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startServer } from './support/server.mjs';

const TOPICS = { sales: 'Buying', billing: 'Bills' };
const good = {
  name: 'Ada Lovelace',
  phone: '+44 (20) 7946-0018',
  topic: 'billing',
  message: 'My bill\nis too high: “42 €”',
  website: '',
};

let server, web, workspace, workflow;

before(async () => {
  web = await mkdtemp(path.join(tmpdir(), 'plugboard-web-'));
  for (const part of ['desktop', 'contact']) {
    await mkdir(path.join(web, part, 'dist'), { recursive: true });
    await writeFile(path.join(web, part, 'dist/index.html'), `<title>${part}</title>`);
  }
  await writeFile(path.join(web, 'contact/dist/embed.js'), '// the form');
  // Each customer has an address of their own, so that one test does not use up another's patience.
  server = await startServer({ args: ['--trust-proxy', '--web', web] });
  [workspace] = await server.client.taskrouter.v1.workspaces.list();
  [workflow] = await server.client.taskrouter.v1.workspaces(workspace.sid).workflows.list();
});
after(async () => {
  await server?.stop();
  await rm(web, { recursive: true, force: true });
});

let addresses = 0;
const newAddress = () => {
  addresses += 1;
  return `198.51.${addresses >> 8}.${addresses & 255}`;
};

async function createForm(more = {}) {
  const form = {
    FriendlyName: 'A form',
    WorkspaceSid: workspace.sid,
    WorkflowSid: workflow.sid,
    Topics: JSON.stringify(TOPICS),
    ...more,
  };
  const answer = await server.fetch('/contact/v1/Forms', { form });
  return { status: answer.status, ...(await answer.json()) };
}

async function send(form, json, { headers = {}, from = newAddress(), ...more } = {}) {
  const answer = await server.fetch(`/contact/v1/Forms/${form.sid ?? form}/Requests`, {
    auth: null,
    json,
    headers: { 'X-Forwarded-For': from, ...headers },
    ...more,
  });
  const body = await answer.json();
  return { code: answer.status, headers: answer.headers, body, field: body.details?.field };
}

const tasks = () => server.client.taskrouter.v1.workspaces(workspace.sid).tasks.list();
const now = async () => (await (await server.fetch('/test/clock', { form: { By: 0 } })).json()).now;

test('what the customer sees, and the task that comes of it', async () => {
  const form = await createForm({ Title: 'Call me', Intro: 'Do', SubmitLabel: 'Go', Thanks: 'Ta' });
  assert.equal(form.status, 201);
  assert.match(form.sid, /^FM[0-9a-f]{32}$/);

  const shown = await server.fetch(`/contact/v1/Forms/${form.sid}/Public`, {
    auth: null,
    headers: { Origin: 'https://shop.example' },
  });
  assert.equal(shown.headers.get('access-control-allow-origin'), '*');
  assert.deepEqual(await shown.json(), {
    sid: form.sid,
    title: 'Call me',
    intro: 'Do',
    topics: [
      { value: 'sales', label: 'Buying' },
      { value: 'billing', label: 'Bills' },
    ],
    submit_label: 'Go',
    thanks: 'Ta',
  });

  const sent = await send(form, { ...good, page: 'https://shop.example/help?x=1' });
  assert.equal(sent.code, 201);
  assert.match(sent.body.reference, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);

  const [task] = await tasks();
  assert.equal(task.workflowSid, workflow.sid);
  assert.equal(task.assignmentStatus, 'pending');
  assert.equal(task.taskChannelUniqueName, 'default');
  assert.deepEqual(JSON.parse(task.attributes), {
    type: 'callback',
    direction: 'inbound',
    reference: sent.body.reference,
    name: good.name,
    phone: good.phone,
    topic: 'billing',
    skill: 'billing',
    message: good.message,
    customers: { name: good.name, phone: good.phone },
    customerName: good.name,
    customerAddress: good.phone,
    page: 'https://shop.example/help?x=1',
  });
});

test('a page of another site may ask before it sends', async () => {
  const answer = await server.fetch('/contact/v1/Forms/default/Requests', {
    method: 'OPTIONS',
    auth: null,
    headers: {
      Origin: 'https://shop.example',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'content-type',
    },
  });
  assert.equal(answer.status, 204);
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  assert.equal(answer.headers.get('access-control-allow-headers'), 'content-type');
});

test('what is wrong is named, and makes no task', async () => {
  const form = await createForm();
  const was = (await tasks()).length;
  const wrong = [
    ['name', { name: undefined }],
    ['name', { name: '  ' }],
    ['name', { name: 'x'.repeat(101) }],
    ['name', { name: 'two\nlines' }],
    ['phone', { phone: '1234' }],
    ['phone', { phone: '555-CALL-NOW' }],
    ['phone', { phone: '1'.repeat(21) }],
    ['phone', { phone: 15551234567 }],
    ['topic', { topic: 'Bills' }],
    ['topic', { topic: undefined }],
    ['message', { message: '' }],
    ['message', { message: 'x'.repeat(2001) }],
    ['message', { message: 'bell\u0007' }],
    ['message', { message: '"'.repeat(2000) }], // twice as long in JSON: more than a task's attributes hold
  ];
  for (const [field, change] of wrong) {
    const { code, body, ...answer } = await send(form, { ...good, ...change });
    assert.deepEqual([code, answer.field], [400, field], JSON.stringify(change));
    assert.deepEqual([body.code, body.status], [20001, 400]);
    assert.ok(body.message && body.more_info);
  }
  assert.equal((await tasks()).length, was);
  assert.equal((await send(form, { ...good, message: 'é'.repeat(2000) })).code, 201);
  assert.equal((await tasks()).length, was + 1);
});

test('what is no request at all', async () => {
  const form = await createForm();
  const raw = (body, type = 'application/json') =>
    send(form, undefined, { method: 'POST', body, headers: { 'Content-Type': type } });
  assert.equal((await raw('{')).code, 400);
  assert.equal((await raw('[1]')).code, 400);
  assert.equal((await raw('{"name":"a\\u0000"}')).code, 400);
  assert.equal((await raw(JSON.stringify(good), 'text/plain')).code, 415);
  assert.equal((await raw(JSON.stringify({ ...good, x: 'x'.repeat(16384) }))).code, 413);
  assert.equal((await raw(`${'['.repeat(8000)}`)).code, 400);
});

test('machines are thanked, and nothing happens', async () => {
  const form = await createForm();
  const was = (await tasks()).length;
  const time = await now();
  for (const mark of [
    { website: 'http://spam' },
    { started_at: time },
    { started_at: time - 799 },
  ]) {
    const answer = await send(form, { ...good, ...mark });
    assert.equal(answer.code, 201, JSON.stringify(mark));
    assert.match(answer.body.reference, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  }
  assert.equal((await tasks()).length, was);
  // A second is enough for somebody quick; and a clock that is ahead is not held against anybody.
  for (const mark of [{ started_at: time - 800 }, { started_at: time + 5000 }])
    assert.equal((await send(form, { ...good, ...mark })).code, 201);
  assert.equal((await tasks()).length, was + 2);
});

test('an address has five requests, then one in half a minute', async () => {
  const form = await createForm();
  const from = newAddress();
  const was = (await tasks()).length;
  for (let i = 0; i < 5; i += 1) assert.equal((await send(form, good, { from })).code, 201);
  const refused = await send(form, good, { from });
  assert.equal(refused.code, 429);
  assert.equal(refused.headers.get('retry-after'), '30');
  assert.equal(refused.body.code, 20429);
  assert.equal((await send(form, { ...good, name: '' }, { from })).code, 429); // mistakes count, too
  assert.equal((await send(form, good)).code, 201); // somebody else
  assert.equal((await tasks()).length, was + 6);

  await server.turnClock(29_999);
  assert.equal((await send(form, good, { from })).code, 429);
  await server.turnClock(1);
  assert.equal((await send(form, good, { from })).code, 201);
  assert.equal((await send(form, good, { from })).code, 429);
});

test('neighbours in one IPv6 network are one customer', async () => {
  const form = await createForm();
  for (let i = 0; i < 5; i += 1)
    assert.equal((await send(form, good, { from: `2001:db8:1:2::${i}` })).code, 201);
  assert.equal((await send(form, good, { from: '2001:db8:1:2:ffff::1' })).code, 429);
  assert.equal((await send(form, good, { from: '2001:db8:1:3::1' })).code, 201);
});

test('a form takes 120 requests a minute, whoever sends them', async () => {
  const form = await createForm();
  const other = await createForm();
  const codes = [];
  for (let i = 0; i < 121; i += 1) codes.push((await send(form, good)).code);
  assert.deepEqual(new Set(codes.slice(0, 120)), new Set([201]));
  assert.equal(codes[120], 429);
  assert.equal((await send(other, good)).code, 201);
  await server.turnClock(500);
  assert.equal((await send(form, good)).code, 201);
  assert.equal((await send(form, good)).code, 429);
});

test('only the sites that its owner named may use a form', async () => {
  const form = await createForm({ AllowedOrigins: 'https://shop.example' });
  const from = (Origin) => send(form, good, { headers: Origin ? { Origin } : {} });
  assert.deepEqual(form.allowed_origins, ['https://shop.example']);
  assert.equal((await from('https://shop.example')).code, 201);
  assert.equal((await from('https://evil.example')).code, 403);
  assert.equal((await from('https://shop.example.evil.example')).code, 403);
  assert.equal((await from('null')).code, 403);
  assert.equal((await from()).code, 403);

  const open = await server.fetch(`/contact/v1/Forms/${form.sid}`, {
    form: { AllowedOrigins: '' },
  });
  assert.deepEqual((await open.json()).allowed_origins, []);
  assert.equal((await from('https://evil.example')).code, 201);
});

test('a form that is off, gone or never was is not there', async () => {
  const form = await createForm();
  const change = (changes) => server.fetch(`/contact/v1/Forms/${form.sid}`, { form: changes });
  const shown = async (sid) =>
    (await server.fetch(`/contact/v1/Forms/${sid}/Public`, { auth: null })).status;

  assert.equal((await change({ Active: false })).status, 200);
  assert.equal((await send(form, good)).code, 404);
  assert.equal(await shown(form.sid), 404);
  assert.equal((await change({ Active: true })).status, 200);
  assert.equal(await shown(form.sid), 200);
  const gone = await server.fetch(`/contact/v1/Forms/${form.sid}`, { method: 'DELETE' });
  assert.equal(gone.status, 204);
  assert.equal(await shown(form.sid), 404);
  for (const sid of [`FM${'0'.repeat(32)}`, workspace.sid, 'x', "'"]) {
    assert.equal(await shown(sid), 404);
    assert.equal((await send(sid, good)).code, 404);
  }
});

test('one form is the default', async () => {
  const shown = async () =>
    (await (await server.fetch('/contact/v1/Forms/default/Public', { auth: null })).json()).sid;
  const first = await createForm({ IsDefault: true });
  assert.equal(await shown(), first.sid);
  const second = await createForm({ IsDefault: true });
  assert.equal(await shown(), second.sid);
  const again = await (await server.fetch(`/contact/v1/Forms/${first.sid}`)).json();
  assert.equal(again.is_default, false);
  assert.equal((await send('default', good)).code, 201);
});

test('a form must be one that works', async () => {
  const { workspaces } = server.client.taskrouter.v1;
  const elsewhere = await workspaces.create({ friendlyName: 'Elsewhere' });
  const wrong = [
    { FriendlyName: '' },
    { WorkspaceSid: elsewhere.sid },
    { WorkflowSid: `WW${'0'.repeat(32)}` },
    { TaskChannel: 'carrier-pigeon' },
    { Topics: '["billing"]' },
    { Topics: '{"billing":7}' },
    { Topics: '{"":"Nothing"}' },
    { AllowedOrigins: 'shop.example' },
    { AllowedOrigins: 'https://shop.example/help' },
  ];
  for (const change of wrong)
    assert.equal((await createForm(change)).status, 400, JSON.stringify(change));
  const form = await createForm();
  const answer = await server.fetch(`/contact/v1/Forms/${form.sid}`, {
    form: { WorkspaceSid: elsewhere.sid },
  });
  assert.equal(answer.status, 400);
});

test('the set-up of a form is its account’s', async () => {
  const form = await createForm();
  assert.equal((await server.fetch('/contact/v1/Forms', { auth: null })).status, 401);
  const other = await server.client.api.v2010.accounts.create({ friendlyName: 'Other' });
  const auth = [other.sid, other.authToken];
  assert.equal((await server.fetch(`/contact/v1/Forms/${form.sid}`, { auth })).status, 404);
  const list = await (await server.fetch('/contact/v1/Forms', { auth })).json();
  assert.deepEqual(list.forms, []);
});

test('a form that lost its workflow is the owner’s fault, not the customer’s', async () => {
  const { taskrouter } = server.client;
  const flows = taskrouter.v1.workspaces(workspace.sid).workflows;
  const [queue] = await taskrouter.v1.workspaces(workspace.sid).taskQueues.list();
  const configuration = JSON.stringify({ task_routing: { default_filter: { queue: queue.sid } } });
  const doomed = await flows.create({ friendlyName: 'Doomed', configuration });
  const form = await createForm({ WorkflowSid: doomed.sid });
  assert.equal((await send(form, good)).code, 201);
  const place = taskrouter.v1.workspaces(workspace.sid);
  for (const task of await place.tasks.list({ workflowSid: doomed.sid }))
    await place.tasks(task.sid).remove();
  await flows(doomed.sid).remove();
  const was = (await tasks()).length;
  assert.equal((await send(form, good)).code, 503);
  assert.equal((await tasks()).length, was);
});

test('the page of the form lies beside its API', async () => {
  const get = async (where, accept) => {
    const answer = await server.fetch(where, { auth: null, headers: { Accept: accept } });
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await get('/contact/', 'text/html'), [200, '<title>contact</title>']);
  assert.deepEqual(await get('/contact/embed.js', '*/*'), [200, '// the form']);
  assert.equal((await get('/contact/nothing.js', '*/*'))[0], 404);
  const [status, body] = await get('/contact/v1/Nothing', 'application/json');
  assert.deepEqual([status, JSON.parse(body).code], [404, 20404]);
  // On a host of its own the product has no files.
  const answer = await new Promise((resolve, reject) =>
    http
      .get(server.url, { headers: { Host: 'contact.example.com', Accept: 'text/html' } }, resolve)
      .on('error', reject),
  );
  answer.resume();
  assert.equal(answer.statusCode, 404);
});

test('the demo’s customer reaches the one who knows', async () => {
  const demo = await startServer({ args: ['--demo'] });
  try {
    const login = (server, password) =>
      server.fetch('/desktop/session', {
        auth: null,
        json: { username: 'bob', password },
        headers: { 'X-Plugboard-Desktop': '1' },
      });
    const centre = async () => {
      const [{ sid }] = await demo.client.taskrouter.v1.workspaces.list();
      return demo.client.taskrouter.v1.workspaces(sid);
    };
    const names = async (list) => (await list.list()).map((row) => row.friendlyName).sort();
    let place = await centre();
    assert.deepEqual(await names(place.workers), ['alice', 'bob', 'carol']);
    assert.deepEqual(await names(place.taskQueues), ['Billing', 'Everyone', 'Sales', 'Support']);
    assert.equal((await login(demo, 'plugboard')).status, 200);

    const workers = await place.workers.list();
    const bob = workers.find((worker) => worker.friendlyName === 'bob');
    for (const worker of workers) {
      const [available] = await place.activities.list({ friendlyName: 'Available' });
      await place.workers(worker.sid).update({ activitySid: available.sid });
    }
    const answer = await demo.fetch('/contact/v1/Forms/default/Requests', {
      auth: null,
      json: { ...good, topic: 'support' },
    });
    assert.equal(answer.status, 201);
    const [task] = await place.tasks.list();
    assert.equal(task.taskQueueFriendlyName, 'Support');
    const [reservation] = await place.tasks(task.sid).reservations.list();
    assert.equal(reservation.workerName, bob.friendlyName);

    // A second start finds everything there; and what was deleted is not made again by an ordinary one.
    await demo.restart();
    place = await centre();
    assert.equal((await demo.client.taskrouter.v1.workspaces.list()).length, 1);
    assert.deepEqual(await names(place.workers), ['alice', 'bob', 'carol']);
    assert.deepEqual(await names(place.workflows), ['Assign to Anyone', 'Callbacks']);
  } finally {
    await demo.stop();
  }
});

test('the documented password opens no centre that others can reach', async () => {
  const open = await startServer({ args: ['--demo', '--trust-proxy'] });
  try {
    const answer = await open.fetch('/desktop/session', {
      auth: null,
      json: { username: 'alice', password: 'plugboard' },
      headers: { 'X-Plugboard-Desktop': '1' },
    });
    assert.equal(answer.status, 401);
  } finally {
    await open.stop();
  }
});
