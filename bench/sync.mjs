// One map that a thousand watch while it is written: how many deliveries a second, and how late each is.
//
//     node bench/sync.mjs [seconds] [subscribers]
//
// Open loop: writes are sent at a fixed rate whether or not the last was answered, and a delivery's delay counts from the moment at which
// its write was sent until a subscriber has it. Beside it nchan, nginx's own module for this, in the same run: it gets messages
// of as many bytes as our events have, and passes them on from memory. It keeps nothing, numbers nothing, asks nobody for a
// token and has no replay: what it does is the floor. Our write is on disk before anybody hears of it.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  begin,
  cpuOfPrograms,
  now,
  printJson,
  printTable,
  seconds,
  sleep,
} from './support/machine.mjs';
import { syncToken } from '../test/support/sync.mjs';
import { Pool, form } from './support/client.mjs';
import { startPlugboard } from './support/centre.mjs';
import { startNchan } from './support/peers.mjs';

const SUBSCRIBERS = Number(process.argv[3] ?? 1000);
const RATES = [20, 50, 100, 200, 400];
const KEYS = 100;
const TICK_MS = 1;

const clock = () => Number(process.hrtime.bigint() / 1000n);

// --- who watches ---------------------------------------------------------------------------------------------------

async function watchers(list) {
  const child = fork(fileURLToPath(new URL('support/subscribers.mjs', import.meta.url)));
  const ended = once(child, 'exit').then(() => {
    throw new Error('the subscribers have gone');
  });
  ended.catch(() => {});
  const ask = async (message) => {
    const answer = new Promise((resolve) => child.once('message', resolve));
    child.send(message);
    return Promise.race([answer, ended]);
  };
  await ask({ what: 'open', list });
  return {
    begin: () => ask({ what: 'begin' }),
    end: () => ask({ what: 'end' }),
    close: () => child.disconnect(),
  };
}

function quantiles(late) {
  const sorted = [...late].sort(([a], [b]) => a - b);
  const n = sorted.reduce((sum, [, count]) => sum + count, 0);
  const of = (q) => {
    let left = q * n;
    return sorted.find(([, count]) => (left -= count) <= 0)?.[0] / 10;
  };
  return { p50: of(0.5), p99: of(0.99), max: sorted.at(-1)?.[0] / 10 };
}

// --- one measurement -------------------------------------------------------------------------------------------------

async function measure(name, { write, seen }, rate) {
  await seen.begin();
  const [cpu, start, begun] = [cpuOfPrograms(), now(), clock()];
  let [sent, failed] = [0, 0];
  for (; now() < start + seconds * 1000; await sleep(TICK_MS))
    for (; start + (sent * 1000) / rate <= now(); sent++)
      write(sent).then(
        (status) => (failed += status >= 300),
        () => failed++,
      );
  const wanted = sent * SUBSCRIBERS;
  for (let last = -1, at = await seen.end(); at.came > last && at.came < wanted;) {
    last = at.came;
    await sleep(200);
    at = await seen.end();
  }
  const { came, bytes, late, last } = await seen.end();
  const took = (last - begun) / 1e6; // until the last of them was there
  return {
    name,
    rate,
    deliveries: Math.round(came / Math.max(seconds, took)),
    lost: wanted - failed * SUBSCRIBERS - came,
    failed,
    bytes: Math.round(bytes / came),
    cpu: (cpuOfPrograms() - cpu) / took, // the subscribers' among them
    ...quantiles(late),
  };
}

// --- ours, and nchan -------------------------------------------------------------------------------------------------

async function ours() {
  const plugboard = await startPlugboard();
  const { server, pool } = plugboard;
  const key = await server.client.newSigningKeys.create({ friendlyName: 'bench' });
  const map = await server.client.sync.v1.services('default').syncMaps.create({});
  const items = `/sync/v1/Services/default/Maps/${map.sid}/Items`;
  const data = (n) => JSON.stringify({ at: clock(), n, text: 'x'.repeat(100) });
  for (let k = 0; k < KEYS; k++) await pool.json('POST', items, { Key: `k${k}`, Data: data(k) });
  const seen = await watchers(
    Array.from({ length: SUBSCRIBERS }, (_, i) => {
      const token = syncToken(server.accountSid, key, `s${i % 50}`);
      const url = `${server.url}/tsock/v3/wsconnect`;
      return { url, token, map: map.sid };
    }),
  );
  const write = (n) =>
    pool
      .request('POST', `${items}/k${n % KEYS}`, form({ Data: data(n) }))
      .then(({ status }) => status);
  return {
    write,
    seen,
    async stop() {
      seen.close();
      await plugboard.stop();
    },
  };
}

async function nchans(bytes) {
  const nchan = await startNchan();
  if (!nchan) return null;
  const pool = new Pool(nchan.url, { connections: 16 });
  const list = Array.from({ length: SUBSCRIBERS }, () => ({ url: `${nchan.url}/hear` }));
  const seen = await watchers(list);
  const filler = 'x'.repeat(Math.max(0, bytes - 40));
  const write = (n) =>
    pool
      .request('POST', '/tell', JSON.stringify({ at: clock(), n, text: filler }))
      .then(({ status }) => status);
  return {
    write,
    seen,
    async stop() {
      seen.close();
      pool.close();
      await nchan.stop();
    },
  };
}

async function main() {
  const machine = begin(`sync: one map, ${SUBSCRIBERS} subscribers`);
  const rows = [];
  const ourSide = await ours();
  const { bytes } = await measure('warm', ourSide, RATES[0]);
  const peer = await nchans(bytes);
  for (const rate of RATES)
    for (const [name, side] of [
      ['Plugboard', ourSide],
      ['nchan', peer],
    ]) {
      if (side) rows.push(await measure(name, side, rate));
      await sleep(500);
    }
  await ourSide.stop();
  await peer?.stop();
  printTable(
    {
      '': (r) => r.name,
      'writes/s': (r) => r.rate,
      'deliveries/s': (r) => r.deliveries,
      'bytes each': (r) => r.bytes,
      'p50, ms': (r) => r.p50?.toFixed(1),
      'p99, ms': (r) => r.p99?.toFixed(1),
      'max, ms': (r) => r.max?.toFixed(1),
      lost: (r) => r.lost,
      refused: (r) => r.failed,
      'CPUs, all': (r) => r.cpu.toFixed(2),
    },
    rows,
  );
  printJson('sync', machine, rows);
  process.exit(0);
}

await main();
