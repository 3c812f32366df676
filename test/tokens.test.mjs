// Tokens of somebody else: every route that browsers use, from the server's own description, with real objects of somebody whom the token is not
// for. A route that is added is swept without a line here; one that needs more than a path and a body to be performed gets a row in `bodies`.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import twilio from 'twilio';
import WebSocket from 'ws';
import { describeServer } from './support/describe.mjs';
import { clientFor, startServer } from './support/server.mjs';
import { frame, parse, request as inFrame } from './support/twilsock.mjs';

const { AccessToken } = twilio.jwt;

const GATEWAYS = ['aim', 'cds', 'mcs', 'ers', 'tsock'];
const SECRET = 'hush-hush'; // stands in every text of the victim's

const routes = Object.entries(describeServer().paths)
  .map(([path, item]) => ({ path, label: path.split('/')[1], methods: Object.keys(item) }))
  .filter(({ label }) => GATEWAYS.includes(label))
  .flatMap(({ path, label, methods }) =>
    methods.map((method) => ({ path, label, method: method.toUpperCase() })),
  )
  // What destroys comes last, so that the victim's own token still finds what it asks for.
  .sort((a, b) => (a.method === 'DELETE') - (b.method === 'DELETE'));

let server, key, made;
const tokens = {}; // by whose they are

function sign(accountSid, by, identity, { chat, sync, ttl = 3600 } = {}) {
  const token = new AccessToken(accountSid, by.sid, by.secret, { identity, ttl });
  if (chat) token.addGrant(new AccessToken.ChatGrant({ serviceSid: chat }));
  if (sync) token.addGrant(new AccessToken.SyncGrant({ serviceSid: sync }));
  return token.toJwt();
}

const ask = async (token, method, path, { body, type } = {}) => {
  const headers = {
    ...(token && { 'X-Twilio-Token': token }),
    ...(type && { 'Content-Type': type }),
  };
  const answer = await fetch(server.url + path, { method, body, headers, redirect: 'manual' });
  return { status: answer.status, text: await answer.text() };
};
const tell = async (token, method, path, json) => {
  const { status, text } = await ask(token, method, path, {
    body: JSON.stringify(json),
    type: 'application/json',
  });
  assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
  return JSON.parse(text);
};

const device = (name) => ({
  endpoint_platform: 'JS',
  channel_type: 'fcm',
  version: '4',
  message_types: ['twilio.channel.new_message'],
  data: { registration_id: `${SECRET}-${name}` },
});

/** Somebody with one of everything. */
async function furnish() {
  const { conversations, sync } = server.client;
  const chat = (await conversations.v1.services.create({ friendlyName: 'Theirs' })).sid;
  const held = (await sync.v1.services.create({ friendlyName: 'Theirs', aclEnabled: true })).sid;
  const victim = (tokens.victim = sign(server.accountSid, key, 'victim', { chat, sync: held }));
  const service = conversations.v1.services(chat);
  const talk = await tell(victim, 'POST', '/aim/Client/v1/Conversations', {
    friendly_name: SECRET,
    unique_name: `room-${SECRET}`,
    attributes: JSON.stringify({ SECRET }),
  });
  const { participants, messages } = service.conversations(talk.sid);
  const attributes = JSON.stringify({ SECRET });
  const me = await participants.create({ identity: 'victim', attributes });
  const admin = (await service.roles.list()).find((role) => role.friendlyName === 'service admin');
  const user = { friendlyName: SECRET, attributes, roleSid: admin.sid };
  await service.users('victim').update(user);
  const upload = await ask(
    victim,
    'POST',
    `/mcs/v1/Services/${chat}/Media?Filename=${SECRET}.txt`,
    {
      body: SECRET,
      type: 'text/plain',
    },
  );
  const medium = JSON.parse(upload.text).sid;
  const said = await messages.create({
    author: 'victim',
    body: SECRET,
    mediaSid: medium,
    attributes,
  });
  const objects = {};
  for (const type of ['Documents', 'Lists', 'Maps', 'Streams']) {
    const json = {
      unique_name: `${SECRET}-${type}`,
      ...(type === 'Documents' && { data: { SECRET } }),
    };
    objects[type] = (await tell(victim, 'POST', `/cds/v3/${type}`, json)).sid;
  }
  await tell(victim, 'POST', `/cds/v3/Maps/${objects.Maps}/Items`, { key: 'k', data: { SECRET } });
  await tell(victim, 'POST', `/cds/v3/Lists/${objects.Lists}/Items`, { data: { SECRET } });
  await tell(victim, 'POST', `/cds/v3/Lists/${objects.Lists}/Context`, { data: { SECRET } });
  const registration = (await tell(victim, 'POST', '/ers/v1/registrations', device('theirs'))).id;
  return { chat, held, service, talk, me, said, medium, objects, registration };
}

before(async () => {
  server = await startServer();
  key = await server.client.newSigningKeys.create({ friendlyName: 'browsers' });
  made = await furnish();
  const { chat, held } = made;
  const both = { chat, sync: held };
  const { accountSid, client } = server;

  const stranger = await client.api.v2010.accounts.create({ friendlyName: 'A stranger' });
  const theirs = clientFor(server.url, stranger.sid, stranger.authToken);
  const foreign = await theirs.newSigningKeys.create({ friendlyName: 'browsers' });
  tokens['another account, which names the same services'] = sign(
    stranger.sid,
    foreign,
    'victim',
    both,
  );
  tokens['another account, in the name of this one'] = sign(accountSid, foreign, 'victim', both);

  const other = {
    chat: (await client.conversations.v1.services.create({ friendlyName: 'Other' })).sid,
    sync: (await client.sync.v1.services.create({ friendlyName: 'Other' })).sid,
  };
  tokens['the same identity of other services'] = sign(accountSid, key, 'victim', other);
  tokens['another identity of the same services'] = sign(accountSid, key, 'thief', both);
  tokens['nothing in particular'] = sign(accountSid, key, 'victim');
  tokens['a moment that has passed'] = sign(accountSid, key, 'victim', { ...both, ttl: -60 });

  const lost = await client.newSigningKeys.create({ friendlyName: 'lost' });
  tokens['a key that was deleted'] = sign(accountSid, lost, 'victim', both);
  await client.keys(lost.sid).remove();
  tokens.nobody = undefined;
});
after(() => server?.stop());

/** Whom a token is for, where it is no good at all. */
const NO_GOOD = [
  'another account, in the name of this one',
  'a moment that has passed',
  'a key that was deleted',
  'nobody',
];
const WHOSE = [
  ...NO_GOOD,
  'another account, which names the same services',
  'the same identity of other services',
  'another identity of the same services',
  'nothing in particular',
];

const fill = (path) =>
  path.replace(/\{(\w+)\}/g, (_, name) => {
    const values = {
      Conversation: made.talk.sid,
      Message: made.said.sid,
      Participant: made.me.sid,
      Identity: 'victim',
      Name: made.objects[path.split('/')[3]],
      Item: path.includes('/Lists/') ? '0' : 'k',
      Service: made.chat,
      Medium: made.medium,
      Registration: made.registration,
    };
    return values[name] ?? 'x'; // a pass is what makes a link: whoever makes one up has none
  });

/** What a route asks for, so that it is refused for whom the token is, and for nothing else. */
const bodies = {
  '/aim/Client/v1/Conversations': { friendly_name: 'x' },
  '/aim/Client/v1/Conversations/{Conversation}': { friendly_name: 'x' },
  '/aim/Client/v1/Conversations/{Conversation}/Participants': { identity: 'a friend' },
  '/aim/Client/v1/Conversations/{Conversation}/Participants/{Participant}': { attributes: '{}' },
  '/aim/Client/v1/Conversations/{Conversation}/Messages': { body: 'x' },
  '/aim/Client/v1/Conversations/{Conversation}/Messages/{Message}': { body: 'x' },
  '/aim/Client/v2/Users/{Identity}': { friendly_name: 'x' },
  '/aim/Client/v2/Users/{Identity}/Conversations/{Conversation}': { last_read_message_index: 0 },
  '/cds/v3/Maps/{Name}/Items': { key: 'new', data: {} },
};
function bodyOf({ path, method }) {
  if (method === 'GET' || (method === 'DELETE' && path !== '/ers/v1/registrations')) return {};
  const json = (value) => ({ body: JSON.stringify(value), type: 'application/json' });
  if (path === '/aim/v1/typing')
    return { body: `ChannelSid=${made.talk.sid}`, type: 'application/x-www-form-urlencoded' };
  if (path.endsWith('/Media')) return { body: 'a file', type: 'text/plain' };
  if (path.endsWith('/MediaSet'))
    return json({ command: 'get', list: [{ media_sid: made.medium }] });
  if (path.startsWith('/ers/') && method === 'DELETE')
    return json({ binding_type: 'fcm', address: `${SECRET}-x` });
  if (path.startsWith('/ers/')) return json(device('x'));
  if (path.startsWith('/tsock/v4'))
    return json({
      event_protocol_version: 4,
      action: 'establish',
      correlation_id: 1,
      requests: [{ object_sid: made.objects.Maps, object_type: 'map' }],
    });
  return json(bodies[path] ?? { data: {} });
}

/** What the victim has, as the account sees it. */
async function belongings() {
  const { service, talk, held, objects, chat, medium } = made;
  const there = service.conversations(talk.sid);
  const sync = server.client.sync.v1.services(held);
  const all = await Promise.all([
    there.fetch(),
    there.participants.list(),
    there.messages.list(),
    service.users('victim').fetch(),
    sync.documents(objects.Documents).fetch(),
    sync.syncLists(objects.Lists).fetch(),
    sync.syncLists(objects.Lists).syncListItems.list(),
    sync.syncMaps(objects.Maps).fetch(),
    sync.syncMaps(objects.Maps).syncMapItems.list(),
    sync.syncStreams(objects.Streams).fetch(),
    service.bindings.list({ identity: ['victim'] }),
    server.fetch(`/mcs/v1/Services/${chat}/Media/${medium}`).then(async (answer) => {
      const { links, ...record } = await answer.json(); // links are made anew each time
      return record;
    }),
    ask(tokens.victim, 'GET', '/aim/Client/v2/Users/victim/Conversations'),
  ]);
  return JSON.parse(JSON.stringify(all));
}

/** What everybody in a service may do: know who somebody is, and have things of one's own. */
const COLLEAGUES = [
  'GET /aim/Client/v2/Users/{Identity}',
  'GET /aim/Client/v2/Configuration',
  'GET /aim/Client/v2/ContentTemplates',
  'POST /aim/Client/v1/Conversations',
  'POST /cds/v3/Documents',
  'POST /cds/v3/Lists',
  'POST /cds/v3/Maps',
  'POST /cds/v3/Streams',
  'POST /mcs/v1/Services/{Service}/Media',
  'POST /mcs/v1/Services/{Service}/MediaSet', // answers for each file of it
  'POST /ers/v1/registrations',
  'DELETE /ers/v1/registrations',
];
/** What is about nobody else: in another service one has as much of one's own. */
const OWN = COLLEAGUES.filter((route) => !route.includes('{'));
const MINE = {
  'another identity of the same services': COLLEAGUES,
  'the same identity of other services': [
    ...OWN,
    'GET /aim/Client/v2/Users/{Identity}', // who has the same name there
    'GET /aim/Client/v2/Users/{Identity}/Conversations', // which are none
    'POST /aim/Client/v2/Users/{Identity}',
  ],
};
const nameOf = ({ method, path }) => `${method} ${path}`;

test('the description names the routes', () => {
  assert.ok(routes.length > 50, String(routes.length));
  for (const label of GATEWAYS)
    assert.ok(
      routes.some((route) => route.label === label),
      label,
    );
});

/** Streams know no permissions: whoever is in the service may, there as here. */
const routesFor = (whose) =>
  routes.filter(
    ({ path }) => !(whose.startsWith('another identity') && path.includes('/Streams/')),
  );

for (const whose of WHOSE)
  describe(`a token of ${whose}`, () => {
    let owned;
    before(async () => (owned = await belongings()));
    after(async () => assert.deepEqual(await belongings(), owned, 'nothing of it has changed'));

    for (const route of routesFor(whose))
      test(nameOf(route), async () => {
        const { status, text } = await ask(
          tokens[whose],
          route.method,
          fill(route.path),
          bodyOf(route),
        );
        const allowed = MINE[whose]?.includes(nameOf(route));
        if (!(allowed && status < 300))
          assert.ok([401, 403, 404].includes(status), `${status} ${text}`);
        if (NO_GOOD.includes(whose) && !route.path.includes('{Pass}') && route.label !== 'tsock')
          assert.equal(status, 401, text);
        const knows = nameOf(route) === COLLEAGUES[0] && whose.startsWith('another identity');
        if (!knows) assert.ok(!text.includes(SECRET), text);
      });
  });

/** The same through a socket, where a request stands in a frame. */
async function socket(token) {
  const line = new WebSocket(`${server.url.replace('http', 'ws')}/tsock/v3/wsconnect`);
  await once(line, 'open');
  let count = 0;
  const send = async (header, payload) => {
    const id = `TM${++count}`;
    line.send(frame({ id, ...header }, payload));
    for (;;) {
      const [bytes] = await once(line, 'message');
      const reply = parse(bytes);
      if (reply.method === 'reply' && reply.id === id) return reply;
    }
  };
  const { status } = await send({ method: 'init', token, capabilities: [] });
  assert.equal(status.code, 200);
  return { send, end: () => line.terminate() };
}

for (const whose of Object.keys(MINE).concat('another account, which names the same services'))
  describe(`through a socket with a token of ${whose}`, () => {
    let line, owned;
    before(async () => {
      owned = await belongings();
      line = await socket(tokens[whose]);
    });
    after(async () => {
      line?.end();
      assert.deepEqual(await belongings(), owned, 'nothing of it has changed');
    });

    for (const route of routesFor(whose).filter(({ label }) =>
      ['aim', 'cds', 'ers'].includes(label),
    ))
      test(nameOf(route), async () => {
        const { body, type } = bodyOf(route);
        const header = inFrame(
          route.method,
          fill(route.path).slice(route.label.length + 1),
          {
            aim: 'ip_messaging',
            cds: 'data_sync',
            ers: 'ip_messaging',
          }[route.label],
        );
        header.http_request.host = `${route.label}.us1.twilio.com`;
        if (type) header.http_request.headers = { 'Content-Type': type };
        const reply = await line.send({ ...header, payload_type: type }, body);
        const status = reply.http_status?.code ?? reply.status.code;
        const text = JSON.stringify(reply.payload);
        if (!(MINE[whose]?.includes(nameOf(route)) && status < 300))
          assert.ok([401, 403, 404].includes(status), `${status} ${text}`);
        const knows = nameOf(route) === COLLEAGUES[0] && whose.startsWith('another identity');
        if (!knows) assert.ok(!text.includes(SECRET), text);
      });
  });

describe('the one whose it is gets there: so it was the token', () => {
  for (const route of routes.filter(
    ({ label, path }) => label !== 'tsock' && !path.includes('{Pass}'),
  ))
    test(nameOf(route), async (t) => {
      if (route.path.includes('Insights')) return t.skip('no token of a screen: live.test.mjs');
      const [where, body] = [fill(route.path), bodyOf(route)];
      const { status, text } = await ask(tokens.victim, route.method, where, body);
      if (route.path.endsWith('/ChannelMetadata'))
        return assert.match(text, /has no channel metadata/);
      assert.ok(status < 300, `${status} ${text}`);
    });
});
