// Requests a second: durable writes (a task is created: form in, routed, on disk, JSON out) and reads, beside nginx that
// answers the same requests with as many bytes from memory. Usage: ./dev bench, or node bench/http.mjs [seconds] [part of a row's name]
//
// Each row is a server of its own on an empty folder, then nginx, one after the other, under the same wrk.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { begin, makeFolder, printJson, printTable, seconds, which } from './support/machine.mjs';
import { makeCentre, startPlugboard } from './support/centre.mjs';
import { startNginx } from './support/peers.mjs';

const CONNECTIONS = [64, 256];
const LUA = fileURLToPath(new URL('support/wrk.lua', import.meta.url));

const creates = (centre) => ({ method: 'POST', path: centre.tasksPath, body: centre.task(0) });

const STORIES = [
  {
    name: 'create a task; it waits',
    centre: { workers: 3, queues: 1, available: false },
    request: creates,
  },
  {
    // A task of wrk's is never accepted: with 50 offers for each worker the first 50,000 find one.
    name: 'create a task; 1,000 workers',
    centre: { workers: 1000, queues: 1, capacity: 50 },
    request: creates,
  },
  {
    name: 'fetch a task',
    centre: { workers: 3, queues: 1, available: false },
    async request(centre, pool) {
      const { sid } = JSON.parse(
        (await pool.request('POST', centre.tasksPath, centre.task(0))).body,
      );
      return { method: 'GET', path: `${centre.tasksPath}/${sid}` };
    },
  },
  {
    name: 'list fifty tasks',
    centre: { workers: 3, queues: 1, available: false },
    async request(centre, pool) {
      for (let i = 0; i < 60; i++) await pool.request('POST', centre.tasksPath, centre.task(i));
      return { method: 'GET', path: `${centre.tasksPath}?PageSize=50` };
    },
  },
];

const [folder] = makeFolder('wrk');

/** How fast `url` answers the request, by wrk: {rate, p50, p99, wrong}. */
async function wrk(url, { method, path: target, body = '' }, auth, connections) {
  const file = path.join(folder, 'request');
  const credentials = Buffer.from(auth.join(':')).toString('base64');
  const type = body ? 'Content-Type: application/x-www-form-urlencoded\n' : '';
  fs.writeFileSync(
    file,
    `${method}\n${target}\nAuthorization: Basic ${credentials}\n${type}\n${body}`,
  );
  const args = ['-t1', `-c${connections}`, `-d${Math.ceil(seconds)}s`, '-s', LUA, url];
  const { stdout } = await promisify(execFile)('wrk', args, {
    env: { ...process.env, REQUEST: file },
  });
  const counted = JSON.parse(stdout.trim().split('\n').at(-1));
  return {
    rate: Math.round((counted.requests * 1e6) / counted.us),
    p50: counted.p50,
    p99: counted.p99,
    wrong: counted.refused + counted.broken,
  };
}

async function measure(story, connections) {
  const plugboard = await startPlugboard();
  let ours, request, bytes;
  try {
    const centre = await makeCentre(plugboard, story.centre);
    request = await story.request(centre, plugboard.pool);
    const once = await plugboard.pool.request(request.method, request.path, request.body);
    if (once.status > 299) throw new Error(`${story.name}: ${once.status} ${once.body}`);
    bytes = once.body.length;
    ours = await wrk(plugboard.server.url, request, plugboard.auth, connections);
  } finally {
    await plugboard.stop();
  }
  const nginx = await startNginx(bytes);
  const theirs = nginx && (await wrk(nginx.url, request, plugboard.auth, connections));
  await nginx?.stop();
  const ratio = theirs && Number((ours.rate / theirs.rate).toFixed(3));
  return { name: story.name, connections, bytes, ours, nginx: theirs, ratio };
}

const machine = begin('http: requests a second');
if (!which('wrk')) {
  console.log('NOTE: nothing is measured: wrk is not installed (Debian: wrk)');
  process.exit(0);
}
const rows = [];
const wanted = STORIES.filter((story) => story.name.includes(process.argv[3] ?? ''));
for (const story of wanted)
  for (const connections of CONNECTIONS) rows.push(await measure(story, connections));

const ms = (n) => n?.toFixed(1);
printTable(
  {
    '': (r) => r.name,
    connections: (r) => r.connections,
    bytes: (r) => r.bytes,
    '/s': (r) => r.ours.rate,
    'p50 ms': (r) => ms(r.ours.p50),
    'p99 ms': (r) => ms(r.ours.p99),
    refused: (r) => r.ours.wrong,
    'nginx /s': (r) => r.nginx?.rate,
    'nginx p99': (r) => ms(r.nginx?.p99),
    'of nginx': (r) => r.ratio?.toFixed(2),
  },
  rows,
);
printJson('http', machine, rows);
