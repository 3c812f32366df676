// A chat from its first word: a customer begins it and writes at once; how long until the words are on the screen of the agent who has
// taken it. Usage: node bench/webchat.mjs [seconds] [chats a second]
//
// Everything is durable and everything is there: the conversation is made, an interaction routes a task, the agent's worker socket
// hears of it and accepts, the agent joins, his client of Conversations watches the list of messages and has the first one. An agent
// completes a chat as soon as he has seen it. Customers come at a fixed rate (open loop); the agents are this one process, on the
// same two cores as the server.

import { begin, now, printJson, printTable, quantile, seconds, sleep } from './support/machine.mjs';
import { openAgents } from './support/agents.mjs';
import { makeCentre, startPlugboard } from './support/centre.mjs';
import { chatTokens, Client, objectsOf } from './support/clients.mjs';

const AGENTS = 100;
const RATES = (process.argv[3] ?? '5,10,20').split(',').map(Number);
const LATE_MS = 5000;
const MARK = Buffer.from('\\"at\\":');

/** An agent takes what he is offered, watches the conversation, and is done with it when he has read. */
function desk(client, delays) {
  const open = new Map(); // the conversation's SID -> what to do when its first words are seen
  const heard = (bytes) => {
    const at = bytes.indexOf(MARK);
    if (at < 0) return;
    const when = Number.parseFloat(
      bytes.subarray(at + MARK.length, at + MARK.length + 20).toString(),
    );
    for (const [sid, done] of open)
      if (bytes.includes(sid.slice(2))) {
        open.delete(sid);
        delays.push(now() - when);
        done();
      }
  };
  const take = async (agent, reservation) => {
    const { conversationSid } = JSON.parse(reservation.task.attributes);
    const path = `Workers/${agent.workerSid}/Reservations/${reservation.sid}`;
    const seen = new Promise((resolve) => open.set(conversationSid, resolve));
    await agent.ask('POST', path, { ReservationStatus: 'accepted' });
    await client.subscribe(objectsOf(conversationSid).filter((o) => o.object_type === 'list'));
    await seen;
    await agent.ask('POST', path, { ReservationStatus: 'completed' });
  };
  return { heard, take };
}

async function openDesks(plugboard, centre, service, delays, failed) {
  const tokenOf = await chatTokens(plugboard, service);
  const desks = new Map();
  for (const [i, workerSid] of centre.workerSids.entries()) {
    const client = new Client(plugboard.server.url, tokenOf(`worker ${i}`));
    const own = desk(client, delays);
    await client.open(own.heard);
    desks.set(workerSid, { client, ...own });
  }
  const agents = await openAgents(plugboard, centre, centre.workerSids, (agent, text) => {
    const { event_type: type, payload } = JSON.parse(text);
    if (type === 'reservation.created')
      desks.get(agent.workerSid).take(agent, payload).catch(failed);
  });
  return () => {
    agents.forEach((agent) => agent.close());
    desks.forEach(({ client }) => client.close());
  };
}

async function at(rate, plugboard, address, delays) {
  const { pool } = plugboard;
  const total = Math.round(rate * seconds);
  let failed = 0;
  delays.length = 0;
  const start = now();
  const chat = async () => {
    const order = { AddressSid: address, CustomerFriendlyName: 'Eve' };
    const made = await pool.json('POST', '/flex-api/v2/WebChats', order);
    await pool.json('POST', `/conversations/v1/Conversations/${made.conversation_sid}/Messages`, {
      Author: made.identity,
      Body: 'My bill is wrong',
      Attributes: JSON.stringify({ at: now() }),
    });
  };
  for (let sent = 0; sent < total; sent++) {
    await sleep(Math.max(0, start + (sent * 1000) / rate - now()));
    chat().catch(() => failed++);
  }
  for (const until = now() + LATE_MS; delays.length + failed < total && now() < until;)
    await sleep(10);
  const all = Float64Array.from(delays).sort();
  return {
    rate,
    seen: all.length,
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    lost: total - failed - all.length,
    failed,
  };
}

const machine = begin('webchat: the first words of a chat on the screen of the agent who takes it');
const plugboard = await startPlugboard();
try {
  const { pool } = plugboard;
  const centre = await makeCentre(plugboard, { workers: AGENTS, queues: 1 });
  const { workflows } = await pool.json('GET', `/taskrouter/v1/Workspaces/${centre.sid}/Workflows`);
  const set = await plugboard.server.fetch('/flex-api/v1/Configuration', {
    json: {
      taskrouter_workspace_sid: centre.sid,
      taskrouter_target_workflow_sid: workflows[0].sid,
    },
  });
  if (set.status !== 200) throw new Error(await set.text());
  const address = await pool.json('POST', '/conversations/v1/Configuration/Addresses', {
    Type: 'chat',
    Address: 'bench',
  });
  await pool.json('POST', '/flex-api/v2/WebChats', { AddressSid: address.sid }); // the account's chat service is there
  const { chat_service_instance_sid: service } = await pool.json(
    'GET',
    '/flex-api/v1/Configuration',
  );
  const delays = [];
  const errors = [];
  const close = await openDesks(plugboard, centre, service, delays, (error) => errors.push(error));
  const rows = [];
  for (const rate of RATES) rows.push(await at(rate, plugboard, address.sid, delays));
  printTable(
    {
      'chats/s': (r) => r.rate,
      seen: (r) => r.seen,
      'seen p50, ms': (r) => r.p50?.toFixed(1),
      'p99, ms': (r) => r.p99?.toFixed(1),
      lost: (r) => r.lost,
      refused: (r) => r.failed,
    },
    rows,
  );
  if (errors.length) console.log(`an agent failed ${errors.length} times: ${errors[0].message}`);
  printJson('webchat', machine, rows);
  close();
} finally {
  await plugboard.stop();
}
process.exit(0);
