// What the server holds in memory for an idle agent's socket, for a client of Conversations and for a task that waits,
// beside a bare WebSocket server in Node (npm ws) and BullMQ's waiting jobs in Redis. Usage: node bench/memory.mjs [ignored] [sockets] [tasks]
//
// Bytes of resident memory after, less before, through their number. What a server takes once (pools, threads, caches) is in
// neither: a tenth is opened, or made, before the first look. The kernel's own memory for a socket is not counted.

import { execFileSync, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { begin, printJson, printTable, residentBytes, skip, sleep } from './support/machine.mjs';
import { chatTokens, Client, makeConversations, objectsOf } from './support/clients.mjs';
import { openAgents } from './support/agents.mjs';
import { makeCentre, startPlugboard, taskAttributes } from './support/centre.mjs';
import { many } from './support/client.mjs';
import { startRedis } from './support/peers.mjs';

const SETTLE_MS = 1000;

/** Bytes a piece: open(n) is called for the warm-up and then for the rest. */
async function weigh(pid, n, open) {
  await open(Math.ceil(n / 10));
  await sleep(SETTLE_MS);
  const before = residentBytes(pid);
  await open(n);
  await sleep(SETTLE_MS);
  return Math.round((residentBytes(pid) - before) / n);
}

async function ourSockets(n) {
  const plugboard = await startPlugboard(['--connections-max', String(n * 2)]);
  const warm = Math.ceil(n / 10);
  const centre = await makeCentre(plugboard, { workers: n + warm, queues: 50, available: false });
  let next = 0;
  const agents = [];
  const bytes = await weigh(plugboard.pid, n, async (count) => {
    const sids = centre.workerSids.slice(next, (next += count));
    agents.push(...(await openAgents(plugboard, centre, sids)));
  });
  const left = agents.filter((agent) => agent.socket.readyState !== WebSocket.OPEN).length;
  if (left) console.log(`NOTE: ${left} sockets were closed during the measurement`);
  agents.forEach((agent) => agent.close());
  await plugboard.stop();
  return bytes;
}

/** Clients of Conversations, twenty to a conversation, each with its three subscriptions. */
async function ourClients(n) {
  const plugboard = await startPlugboard(['--connections-max', String(n * 2)]);
  const each = 20;
  const conversations = Math.ceil((n * 1.1) / each) + 1;
  const { sids, service } = await makeConversations(plugboard, { conversations, each });
  const tokenOf = await chatTokens(plugboard, service);
  const clients = [];
  let next = 0;
  const bytes = await weigh(plugboard.pid, n, (count) =>
    many(count, 32, async () => {
      const i = next++;
      const client = await new Client(plugboard.server.url, tokenOf(`user ${i}`)).open();
      clients.push(client);
      await client.subscribe(objectsOf(sids[Math.floor(i / each)]));
    }),
  );
  const left = clients.filter((client) => client.socket.readyState !== WebSocket.OPEN).length;
  if (left) console.log(`NOTE: ${left} clients were closed during the measurement`);
  clients.forEach((client) => client.close());
  await plugboard.stop();
  return bytes;
}

async function ourTasks(n) {
  const plugboard = await startPlugboard();
  const centre = await makeCentre(plugboard, { workers: 10, queues: 50, available: false });
  let next = 0;
  const bytes = await weigh(plugboard.pid, n, (count) =>
    many(count, 64, async () => {
      const answer = await plugboard.pool.request('POST', centre.tasksPath, centre.task(next++));
      if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`);
    }),
  );
  await plugboard.stop();
  return bytes;
}

async function nodeSockets(n) {
  const child = fork(fileURLToPath(new URL('support/sockets.mjs', import.meta.url)));
  const port = await new Promise((resolve) => child.once('message', resolve));
  const sockets = [];
  const bytes = await weigh(child.pid, n, (count) =>
    many(count, 32, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
      sockets.push(socket);
      await new Promise((resolve, reject) => socket.on('error', reject).once('message', resolve));
    }),
  );
  sockets.forEach((socket) => socket.terminate());
  child.kill();
  return bytes;
}

async function redisJobs(n) {
  const redis = await startRedis();
  if (!redis) return null;
  const { Queue } = await import('bullmq');
  const queue = new Queue('tasks', { connection: { path: redis.path } });
  let next = 0;
  const bytes = await weigh(redis.pid, n, (count) =>
    many(Math.ceil(count / 100), 8, () =>
      queue.addBulk(
        Array.from({ length: 100 }, () => ({
          name: 'task',
          data: JSON.parse(taskAttributes(`s${next % 50}`, next++)),
        })),
      ),
    ),
  );
  await queue.close();
  await redis.stop();
  return bytes;
}

async function main() {
  const machine = begin('memory: bytes for a socket and for a task');
  let sockets = Number(process.argv[3] ?? 10_000);
  const tasks = Number(process.argv[4] ?? 100_000);
  const files = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' })) || Infinity;
  if (files < sockets * 1.1 + 500) {
    sockets = Math.floor((files - 500) / 1.1);
    console.log(`NOTE: only ${sockets} sockets: ulimit -Hn is ${files}`);
  }
  const rows = [
    { name: `idle socket (${sockets})`, ours: await ourSockets(sockets), peer: 'Node, npm ws' },
    {
      name: `client with 3 subscriptions (${sockets})`,
      ours: await ourClients(sockets),
      peer: 'Node, npm ws',
    },
    { name: `waiting task (${tasks})`, ours: await ourTasks(tasks), peer: 'BullMQ in Redis' },
  ];
  rows[0].theirs = rows[1].theirs = await nodeSockets(sockets);
  try {
    rows[2].theirs = await redisJobs(tasks);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    rows[2].theirs = skip('BullMQ', 'the npm package bullmq is not installed (npm ci in bench)');
  }
  for (const row of rows) row.ratio = row.theirs && Number((row.ours / row.theirs).toFixed(3));
  printTable(
    {
      '': (r) => r.name,
      'ours, bytes': (r) => r.ours,
      peer: (r) => r.peer,
      'its bytes': (r) => r.theirs,
      'of its': (r) => r.ratio?.toFixed(2),
    },
    rows,
  );
  printJson('memory', machine, rows);
  process.exit(0);
}

await main();
