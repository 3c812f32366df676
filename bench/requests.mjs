// How many requests a second one server answers, and how long each takes: durable writes (a task is created: on disk before
// it is answered, offered to the routing), reads, and pages of fifty. Usage: ./dev bench [seconds] [connections]
//
// The client is one Node process on the same machine and is itself the limit at some twenty thousand requests a second; the
// numbers are a floor, good for comparing one commit with another.

import http from 'node:http';
import { cpus } from 'node:os';
import { startServer } from '../test/support/server.mjs';

const seconds = Number(process.argv[2] ?? 5);
const connections = Number(process.argv[3] ?? 64);

const server = await startServer({ clock: null });
const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
const headers = {
  Authorization: `Basic ${Buffer.from(`${server.accountSid}:${server.authToken}`).toString('base64')}`,
  'Content-Type': 'application/x-www-form-urlencoded',
};

function request(method, path, body) {
  return new Promise((resolve, reject) => {
    const sent = http.request(server.url + path, { method, agent, headers }, (answer) => {
      answer.on('end', () =>
        answer.statusCode < 300
          ? resolve()
          : reject(new Error(`${method} ${path}: ${answer.statusCode}`)),
      );
      answer.resume();
    });
    sent.on('error', reject).end(body);
  });
}

/** Keeps every connection busy with `once` for the given seconds. */
async function measure(name, once) {
  const times = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  const client = async () => {
    for (let before = performance.now(); before < end; before = times.at(-1).after) {
      await once();
      const after = performance.now();
      times.push({ after, took: after - before });
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  const took = times.map((t) => t.took).sort((a, b) => a - b);
  const at = (part) => took[Math.min(took.length - 1, Math.floor(took.length * part))].toFixed(1);
  const rate = Math.round((took.length * 1000) / (performance.now() - start));
  console.log(
    `${name.padEnd(28)} ${String(rate).padStart(7)}/s   p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   max ${at(1)} ms`,
  );
}

const workspace = await server.client.taskrouter.v1.workspaces.create({
  friendlyName: 'bench',
  template: 'FIFO',
});
const tasks = `/taskrouter/v1/Workspaces/${workspace.sid}/Tasks`;
const workspaceTasks = server.client.taskrouter.v1.workspaces(workspace.sid).tasks;
const body = new URLSearchParams({ Attributes: '{"skill":"billing"}' }).toString();
const task = await workspaceTasks.create({ attributes: '{"skill":"billing"}' });

console.log(
  `${connections} connections, ${seconds} s each, ${cpus().length} cores (${cpus()[0].model})`,
);
await measure('create a task (durable)', () => request('POST', tasks, body));
await measure('fetch a task', () => request('GET', `${tasks}/${task.sid}`));
await measure('list fifty tasks', () => request('GET', `${tasks}?PageSize=50`));

agent.destroy();
await server.stop();
