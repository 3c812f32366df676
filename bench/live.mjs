// What supervisors see, and how late: the figures of queues on two hundred screens while tasks flow, and a view of fifteen thousand
// workers that opens once and then hears differences.
//
//     node bench/live.mjs [seconds] [tasks a second] [screens] [queues on a screen]
//
// Staleness: from the acknowledgement of a change (a task was accepted, or completed) to the arrival of the first figures of its queue that
// were made after it, for every change and every screen that shows the queue. A thousand workers in fifty queues accept and complete the tasks; sender, workers, screens and server share
// the two cores. Beside it nothing: what others push is made by asking, and Twilio's own statistics are documented as seconds old.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import {
  begin,
  cpuOfPrograms,
  now,
  printJson,
  printTable,
  seconds,
  sleep,
} from './support/machine.mjs';
import { screenToken } from '../test/support/insights.mjs';
import { openAgents } from './support/agents.mjs';
import { makeCentre, startPlugboard } from './support/centre.mjs';

const [RATE, SCREENS, SHOWN] = [
  [3, 1000],
  [4, 200],
  [5, 10],
].map(([i, usual]) => Number(process.argv[i] ?? usual));
const QUEUES = 50;
const WORKERS = 1000;
const VIEW = 15_000;
const TICK_MS = 1;

const mapOf = (sid) => `MP${sid.slice(2)}`;
// --- figures -------------------------------------------------------------------------------------------------------

async function queueSids(plugboard, centre) {
  const path = `/taskrouter/v1/Workspaces/${centre.sid}/TaskQueues?PageSize=100`;
  const { task_queues: queues } = await plugboard.pool.json('GET', path);
  const found = Array.from({ length: QUEUES });
  for (const queue of queues)
    if (/^s\d+$/.test(queue.friendly_name)) found[Number(queue.friendly_name.slice(1))] = queue.sid;
  return found;
}

/** How late each change was on each screen, from what came and what was acknowledged, in ms: [how often 0 ms, 1 ms, …]. */
function staleness(came, acked) {
  const late = new Map();
  let n = 0;
  for (const [map, events] of came) {
    const changes = acked.get(map) ?? [];
    const seen = new Map(); // screen -> how many of the changes
    for (let i = 0; i < events.length; i += 3) {
      const [screen, id, at] = [events[i], events[i + 1] / 1000, events[i + 2]];
      let next = seen.get(screen) ?? 0;
      for (; next < changes.length && changes[next] < id; next++, n++) {
        const ms = Math.max(0, at - changes[next]);
        late.set(ms, (late.get(ms) ?? 0) + 1);
      }
      seen.set(screen, next);
    }
  }
  const sorted = [...late].sort(([a], [b]) => a - b);
  const quantile = (q) => {
    let left = q * n;
    return sorted.find(([, count]) => (left -= count) <= 0)?.[0];
  };
  return { n, p50: quantile(0.5), p99: quantile(0.99), max: sorted.at(-1)?.[0] };
}

async function figures() {
  const plugboard = await startPlugboard();
  const { server, pool } = plugboard;
  const centre = await makeCentre(plugboard, { workers: WORKERS, queues: QUEUES });
  const queues = await queueSids(plugboard, centre);
  plugboard.key = await server.client.newSigningKeys.create({ friendlyName: 'bench' });
  const acked = new Map(queues.map((sid) => [mapOf(sid), []]));
  const run = { made: 0, done: 0, failed: null };

  const work = async (agent, reservation) => {
    const { n } = JSON.parse(reservation.task.attributes);
    const changes = acked.get(mapOf(queues[n % QUEUES]));
    const own = `Workers/${agent.workerSid}/Reservations/${reservation.sid}`;
    await agent.ask('POST', own, { ReservationStatus: 'accepted' });
    changes.push(Date.now());
    await agent.ask('POST', `Tasks/${reservation.task.sid}`, { AssignmentStatus: 'completed' });
    changes.push(Date.now());
    run.done++;
  };
  const agents = await openAgents(plugboard, centre, centre.workerSids, (agent, text) => {
    if (text.includes('"reservation.created"'))
      work(agent, JSON.parse(text).payload).catch((error) => (run.failed ??= error));
  });

  const watchers = fork(fileURLToPath(new URL('support/watchers.mjs', import.meta.url)));
  const ended = once(watchers, 'exit').then(() => {
    throw new Error('the screens have gone');
  });
  ended.catch(() => {});
  const ask = async (message) => {
    watchers.send(message);
    return (await Promise.race([once(watchers, 'message'), ended]))[0];
  };
  await ask({
    what: 'open',
    uri: `${server.url.replace('http', 'ws')}/tsock/v3/wsconnect`,
    tokens: Array.from({ length: SCREENS }, (_, i) =>
      screenToken(server.accountSid, plugboard.key, centre.sid, `s${i}`),
    ),
    maps: Array.from({ length: SCREENS }, (_, i) =>
      Array.from({ length: SHOWN }, (__, q) => mapOf(queues[(i + q) % QUEUES])),
    ),
  });

  const cpu = cpuOfPrograms();
  const own = process.cpuUsage();
  const start = now();
  for (; now() < start + seconds * 1000; await sleep(TICK_MS))
    for (; start + (run.made * 1000) / RATE <= now(); run.made++) {
      const n = run.made;
      pool.request('POST', centre.tasksPath, centre.task(n)).then(
        ({ status }) => {
          if (status !== 201) run.failed ??= new Error(`a task was answered by ${status}`);
        },
        (error) => (run.failed ??= error),
      );
    }
  for (const late = now() + 3000; run.done < run.made && now() < late;) await sleep(5);
  const took = now() - start;
  await sleep(500);
  const { came, bytes, cpu: theirs } = await ask({ what: 'came' });
  const used = cpuOfPrograms() - cpu - (theirs.user + theirs.system) / 1e6;
  const ours = process.cpuUsage(own);
  for (const changes of acked.values()) changes.sort((a, b) => a - b);
  const events = came.reduce((sum, [, list]) => sum + list.length / 3, 0);
  if (run.failed) console.log(`NOTE: ${run.failed.message}`);
  watchers.removeAllListeners('exit').disconnect();
  agents.forEach((agent) => agent.close());
  await plugboard.stop();
  return {
    name: `${SCREENS} screens of ${SHOWN} queues`,
    asked: RATE,
    done: Math.round((run.done * 1000) / took),
    pushed: Math.round((events * 1000) / took),
    mb: bytes / took / 1000,
    ...staleness(came, acked),
    serverCores: used / (took / 1000),
    clientCores: (ours.user + ours.system + theirs.user + theirs.system) / 1e3 / took,
  };
}

// --- a view of all workers ---------------------------------------------------------------------------------------------

async function view() {
  const plugboard = await startPlugboard();
  const { server, pool } = plugboard;
  const centre = await makeCentre(plugboard, { workers: VIEW, queues: QUEUES, available: false });
  const key = await server.client.newSigningKeys.create({ friendlyName: 'bench' });
  const token = screenToken(server.accountSid, key, centre.sid, 'sue');
  const post = async (type) => {
    const start = now();
    const answer = await fetch(`${server.url}/cds/v3/Insights/tr-worker/Items`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`token:${token}`).toString('base64')}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ query_string: 'data.worker_sid != ""', type }),
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${answer.status} ${text.slice(0, 200)}`);
    return { ms: now() - start, text };
  };
  /* how long another change waits meanwhile */
  const path = `/taskrouter/v1/Workspaces/${centre.sid}/Workers/`;
  const change = async (n) => {
    const start = now();
    const FriendlyName = `renamed ${n} ${start}`;
    await pool.json('POST', `${path}${centre.workerSids[n]}`, { FriendlyName });
    return now() - start;
  };
  const quiet = await change(0);
  let beside = 0;
  let opening = true;
  const [first] = await Promise.all([
    post('live_query').finally(() => (opening = false)),
    (async () => {
      while (opening) beside = Math.max(beside, await change(1));
    })(),
  ]);
  const again = await post('live_query');
  const { query_id: id, last_event_id: last, items } = JSON.parse(again.text);

  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/tsock/v3/wsconnect`, {
    perMessageDeflate: false,
  });
  const frames = [];
  socket.on('message', (data) => frames.push([now(), data]));
  const frame = (header, payload = '') => {
    const text = JSON.stringify({ payload_size: Buffer.byteLength(payload), ...header });
    socket.send(Buffer.from(`TWILSOCK V3.0 ${Buffer.byteLength(text)}\r\n${text}\r\n${payload}`));
  };
  const until = async (text) => {
    for (;;) {
      const found = frames.find(([, data]) => data.includes(text));
      if (found) return found;
      await sleep(1);
    }
  };
  await once(socket, 'open');
  frame({ method: 'init', id: 'TM1', token, capabilities: [] });
  await until('"id":"TM1"');
  const request = { object_sid: id, object_type: 'live_query', last_event_id: last };
  frame(
    {
      method: 'message',
      id: 'TM2',
      active_grant: 'flex_insights',
      http_request: { host: 'cds', path: '/v4/Subscriptions', method: 'POST' },
      payload_type: 'application/json',
    },
    JSON.stringify({ action: 'establish', correlation_id: 1, requests: [request] }),
  );
  await until('subscription_established');
  const waits = [];
  const sizes = [];
  for (let i = 0; i < 200; i++) {
    const start = now();
    await pool.json('POST', `${path}${centre.workerSids[i]}`, { FriendlyName: `new ${i}` });
    const [at, data] = await until(`"new ${i}"`);
    waits.push(at - start);
    sizes.push(data.length);
    frames.length = 0;
  }
  waits.sort((a, b) => a - b);
  socket.terminate();
  await plugboard.stop();
  return {
    name: `a view of ${items.length} workers`,
    first: first.ms,
    again: again.ms,
    mb: first.text.length / 1e6,
    quiet,
    beside,
    p50: waits[100],
    p99: waits[197],
    bytes: sizes[0],
  };
}

const machine = begin('live: what supervisors see');
const ms = (n) => n?.toFixed(1);
const pushed = await figures();
printTable(
  {
    '': (r) => r.name,
    'tasks /s asked': (r) => r.asked,
    'done /s': (r) => r.done,
    'figures /s': (r) => r.pushed,
    'MB/s': (r) => r.mb.toFixed(1),
    'staleness p50 ms': (r) => ms(r.p50),
    'p99 ms': (r) => ms(r.p99),
    'max ms': (r) => ms(r.max),
    'server cores': (r) => r.serverCores.toFixed(2),
    'client cores': (r) => r.clientCores.toFixed(2),
  },
  [pushed],
);
const viewed = await view();
printTable(
  {
    '': (r) => r.name,
    'opens in ms': (r) => ms(r.first),
    again: (r) => ms(r.again),
    MB: (r) => r.mb.toFixed(1),
    'a change, quiet ms': (r) => ms(r.quiet),
    'at most, while it opens': (r) => ms(r.beside),
    'a difference p50 ms': (r) => ms(r.p50),
    'p99 ms': (r) => ms(r.p99),
    'of bytes': (r) => r.bytes,
  },
  [viewed],
);
printJson('live', machine, [pushed, viewed]);
process.exit(0);
