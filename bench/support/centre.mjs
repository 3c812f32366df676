// A server with a centre in it: so many workers, spread over so many queues by a skill each.

import { startServer } from '../../test/support/server.mjs';
import { Pool, form, many } from './client.mjs';
import { descendants, sleep } from './machine.mjs';

const CONNECTIONS = 64;
const OFFER_SECONDS = 600; // longer than any measurement: no offer runs out in one

/** The release build on a new folder, with the real clock, and a client that costs little. */
export async function startPlugboard(args = []) {
  const others = new Set(descendants());
  const server = await startServer({ clock: null, args: ['--log-level', 'warn', ...args] });
  const pid = descendants().find((child) => !others.has(child));
  const auth = [server.accountSid, server.authToken];
  const pool = new Pool(server.url, { connections: CONNECTIONS, auth });
  return {
    server,
    pool,
    pid,
    auth,
    async stop() {
      pool.close();
      await server.stop();
    },
  };
}

/**
 * available: whether the workers take tasks, else tasks wait. capacity: of each worker. Skills are s0, s1, …; worker i has
 * skill i modulo the number of queues.
 */
export async function makeCentre(plugboard, { workers, queues, available = true, capacity = 1 }) {
  const { pool } = plugboard;
  const post = (path, params) => pool.json('POST', `/taskrouter/v1${path}`, params);
  const { sid } = await post('/Workspaces', { FriendlyName: 'bench', MultiTaskEnabled: 'true' });
  const ws = `/Workspaces/${sid}`;
  const { activities } = await pool.json('GET', `/taskrouter/v1${ws}/Activities`);
  const activity = activities.find((a) => a.available === available).sid;
  const queueSids = await many(queues, 8, async (i) => {
    const target = { FriendlyName: `s${i}`, TargetWorkers: `skill == "s${i}"` };
    return (await post(`${ws}/TaskQueues`, target)).sid;
  });
  const filters = queueSids.map((queue, i) => ({
    filter_friendly_name: `s${i}`,
    expression: `skill == "s${i}"`,
    targets: [{ queue }],
  }));
  const workflow = await post(`${ws}/Workflows`, {
    FriendlyName: 'by skill',
    TaskReservationTimeout: OFFER_SECONDS,
    Configuration: JSON.stringify({
      task_routing: { filters, default_filter: { queue: queueSids[0] } },
    }),
  });
  const workerSids = await many(workers, CONNECTIONS, async (i) => {
    const made = await post(`${ws}/Workers`, {
      FriendlyName: `worker ${i}`,
      ActivitySid: activity,
      Attributes: JSON.stringify({ skill: `s${i % queues}` }),
    });
    if (capacity !== 1)
      await setCapacity(pool, `/taskrouter/v1${ws}/Workers/${made.sid}`, capacity);
    return made.sid;
  });
  await sleep(50); // what the making of workers started
  return {
    sid,
    workerSids,
    tasksPath: `/taskrouter/v1${ws}/Tasks`,
    /** The form of a task; about what a call's attributes take. */
    task: (n) =>
      form({ WorkflowSid: workflow.sid, Attributes: taskAttributes(`s${n % queues}`, n) }),
  };
}

async function setCapacity(pool, worker, capacity) {
  const { channels } = await pool.json('GET', `${worker}/Channels`);
  const channel = channels.find((c) => c.task_channel_unique_name === 'default');
  await pool.json('POST', `${worker}/Channels/${channel.sid}`, { Capacity: capacity });
}

export const taskAttributes = (skill, n) =>
  JSON.stringify({ n, skill, from: '+4930901820', name: 'Ada Lovelace', language: 'de' });
