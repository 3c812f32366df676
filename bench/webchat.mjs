// A chat from its first word: a browser that nobody knows begins it and writes at once; how long until an agent is offered the chat,
// and until the words are on his screen. Usage: node bench/webchat.mjs [seconds] [chats a second]
//
// Everything is durable and everything is there. The customer does what our widget does: he begins, connects with the token that he
// got, and sends by the wire protocol of the official client. An interaction routes a task, the agent's worker socket hears of
// it and accepts, the agent joins, his client of Conversations watches the list of messages and has the first one. He completes
// the chat as soon as he has seen it. Customers come at a fixed rate (open loop), each from an address of his own; they and the
// agents are this one process, on the same two cores as the server.

import { begin, now, printJson, printTable, quantile, seconds, sleep } from './support/machine.mjs';
import { openAgents } from './support/agents.mjs';
import { makeCentre, startPlugboard } from './support/centre.mjs';
import { form, Pool } from './support/client.mjs';
import { chatTokens, Client, objectsOf } from './support/clients.mjs';

const AGENTS = 100;
const RATES = (process.argv[3] ?? '10,20,40').split(',').map(Number);
const LATE_MS = 5000; // what is not seen so long after the last was begun is counted as lost
const MARK = Buffer.from('\\"chat\\":'); // in a message's attributes, which are text in its JSON

const listOf = (conversationSid) =>
  objectsOf(conversationSid).filter(({ object_type }) => object_type === 'list');

/** All that happened to each chat, by its number; times in ms. Chats that are seen are counted. */
class Chats {
  all = [];
  seen = 0;

  constructor(failed) {
    this.failed = failed;
  }

  offered(n) {
    this.all[n].offered ??= now();
    return new Promise((resolve) => (this.all[n].read = resolve));
  }

  visible(n) {
    const chat = this.all[n];
    if (chat.visible) return;
    chat.visible = now();
    this.seen++;
    chat.read();
  }
}

/** An agent takes what he is offered, watches the conversation, and is done with it when he has read. */
async function openDesk(client, chats) {
  await client.open((bytes) => {
    const at = bytes.indexOf(MARK);
    if (at < 0) return;
    chats.visible(parseInt(bytes.subarray(at + MARK.length, at + MARK.length + 10).toString(), 10));
  });
  return async (agent, { sid, task }) => {
    const { conversationSid, customerName } = JSON.parse(task.attributes);
    const read = chats.offered(Number(customerName.slice('Eve '.length)));
    const path = `Workers/${agent.workerSid}/Reservations/${sid}`;
    await agent.ask('POST', path, { ReservationStatus: 'accepted' });
    await client.subscribe(listOf(conversationSid));
    await read;
    await agent.ask('POST', path, { ReservationStatus: 'completed' });
  };
}

async function openDesks(plugboard, centre, service, chats) {
  const tokenOf = await chatTokens(plugboard, service);
  const desks = new Map();
  const clients = [];
  for (const [i, workerSid] of centre.workerSids.entries()) {
    const client = new Client(plugboard.server.url, tokenOf(`worker ${i}`));
    clients.push(client);
    desks.set(workerSid, await openDesk(client, chats));
  }
  const agents = await openAgents(plugboard, centre, centre.workerSids, (agent, text) => {
    if (text.includes('"reservation.created"'))
      desks.get(agent.workerSid)(agent, JSON.parse(text).payload).catch(chats.failed);
  });
  return [...agents, ...clients];
}

/** A customer's browser: begins, connects, watches, writes. It stays until its words were seen. */
async function browse(browsers, n, chat, address) {
  const headers =
    `X-Forwarded-For: 10.${n >> 16}.${(n >> 8) & 255}.${n & 255}\r\n` +
    'Content-Type: application/x-www-form-urlencoded';
  const order = form({ AddressSid: address, CustomerFriendlyName: `Eve ${n}` });
  const { status, body } = await browsers.request('POST', '/plugboard/v1/Webchats', order, headers);
  if (status !== 200) throw new Error(`a chat was answered by ${status}: ${body.slice(0, 200)}`);
  chat.begun = now();
  const { conversation_sid: sid, token } = JSON.parse(body);
  chat.browser = await new Client(browsers.url.origin, token).open();
  await chat.browser.subscribe(listOf(sid));
  chat.sent = now();
  await chat.browser.http('POST', `/Client/v1/Conversations/${sid}/Messages`, {
    body: 'My bill is wrong',
    attributes: JSON.stringify({ chat: n }),
  });
}

async function at(rate, browsers, address, chats) {
  const first = chats.all.length;
  const total = Math.round(rate * seconds);
  const start = now();
  let failed = 0;
  chats.seen = 0;
  for (let i = 0; i < total; i++) {
    const due = start + (i * 1000) / rate;
    await sleep(Math.max(0, due - now()));
    const chat = { due };
    const n = chats.all.push(chat) - 1;
    browse(browsers, n, chat, address).catch((error) => {
      failed++;
      chats.failed(error);
    });
  }
  for (const late = now() + LATE_MS; chats.seen + failed < total && now() < late;) await sleep(10);
  const mine = chats.all.slice(first);
  mine.forEach(({ browser }) => browser?.close());
  const late = (from, to) => {
    const all = mine.filter((chat) => chat[from] && chat[to]).map((chat) => chat[to] - chat[from]);
    const sorted = Float64Array.from(all).sort();
    return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  };
  return {
    rate,
    seen: chats.seen,
    begun: late('due', 'begun'),
    offered: late('due', 'offered'),
    visible: late('sent', 'visible'),
    whole: late('due', 'visible'),
    lost: total - failed - chats.seen,
    failed,
  };
}

/** A centre that chats are routed to; the service of its conversations, and the address at which customers begin. */
async function makeDesk(plugboard) {
  const { pool, server } = plugboard;
  const centre = await makeCentre(plugboard, { workers: AGENTS, queues: 1 });
  const { workflows } = await pool.json('GET', `/taskrouter/v1/Workspaces/${centre.sid}/Workflows`);
  const json = {
    taskrouter_workspace_sid: centre.sid,
    taskrouter_target_workflow_sid: workflows[0].sid,
  };
  const set = await server.fetch('/flex-api/v1/Configuration', { json });
  if (set.status !== 200) throw new Error(await set.text());
  const order = { Type: 'chat', Address: 'bench' };
  const address = await pool.json('POST', '/conversations/v1/Configuration/Addresses', order);
  const { default_chat_service_sid: service } = await pool.json(
    'GET',
    '/conversations/v1/Configuration',
  );
  return { centre, service, address: address.sid };
}

async function main() {
  const machine = begin(
    'webchat: the first words of a chat on the screen of the agent who takes it',
  );
  const plugboard = await startPlugboard(['--trust-proxy']);
  const errors = [];
  const chats = new Chats((error) => errors.push(error));
  const { centre, service, address } = await makeDesk(plugboard);
  const sockets = await openDesks(plugboard, centre, service, chats);
  const browsers = new Pool(plugboard.server.url, { connections: 16 });
  await at(5, browsers, address, chats); // warm: the workspace's first tasks, programs that are compiled as they run
  const rows = [];
  for (const rate of RATES) rows.push(await at(rate, browsers, address, chats));
  const ms = (n) => n?.toFixed(1);
  printTable(
    {
      'chats/s': (r) => r.rate,
      seen: (r) => r.seen,
      'begun p50, ms': (r) => ms(r.begun.p50),
      'offered p50': (r) => ms(r.offered.p50),
      'offered p99': (r) => ms(r.offered.p99),
      'sent to seen p50': (r) => ms(r.visible.p50),
      'sent to seen p99': (r) => ms(r.visible.p99),
      'begin to seen p50': (r) => ms(r.whole.p50),
      'begin to seen p99': (r) => ms(r.whole.p99),
      lost: (r) => r.lost,
      refused: (r) => r.failed,
    },
    rows,
  );
  if (errors.length) console.log(`NOTE: ${errors.length} faults, the first: ${errors[0].message}`);
  printJson('webchat', machine, rows);
  sockets.forEach((socket) => socket.close());
  browsers.close();
  await plugboard.stop();
  process.exit(0);
}

await main();
