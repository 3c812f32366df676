// What was acknowledged is there after the power fails; what was not, left no half behind.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';

const binary = process.env.PLUGBOARD_BIN ?? 'build/test/src/plugboard';
const servers = [];
const start = async (options) => {
  const server = await startServer(options);
  servers.push(server);
  return server;
};
after(() => Promise.all(servers.map((server) => server.stop())));

test('reservations and their timers survive kill -9', async () => {
  const server = await start({ clock: null });
  const centre = await makeCentre(server, { reservationTimeout: 2 });
  await centre.agent('Alice', ['billing']);
  const task = await centre.task({ skill: 'billing' });
  const [before] = await centre.offers(task.sid);
  assert.equal(before.status, 'pending');
  await server.kill9();
  await server.restart();
  const [again] = await centre.offers(task.sid);
  assert.equal(again.sid, before.sid);
  // The timer is real here: it rings by itself, and no later than two seconds after the reservation was made.
  const deadline = Date.now() + 20_000;
  let status = again.status;
  while (status === 'pending' && Date.now() < deadline)
    [{ status }] = await centre.offers(task.sid);
  assert.equal(status, 'timeout');
});

test('after kill -9 in mid-load every acknowledged command is there, and no half of another', async () => {
  const server = await start({ clock: null });
  const centre = await makeCentre(server);
  for (let n = 0; n < 20; n++) await centre.agent(`Agent ${n}`, ['billing']);
  const acknowledged = new Map();
  let going = true;
  const client = async (n) => {
    for (let i = 0; going; i++) {
      const attributes = { skill: 'billing', n, i };
      try {
        const task = await centre.task(attributes);
        acknowledged.set(task.sid, attributes);
      } catch {
        return;
      }
    }
  };
  const clients = Array.from({ length: 32 }, (_, n) => client(n));
  while (acknowledged.size < 300) await new Promise((resolve) => setImmediate(resolve));
  await server.kill9();
  going = false;
  await Promise.all(clients);
  await server.restart();
  const tasks = new Map(
    (await centre.workspace.tasks.list({ pageSize: 1000 })).map((task) => [task.sid, task]),
  );
  for (const [sid, attributes] of acknowledged) {
    assert.ok(tasks.has(sid), `${sid} was acknowledged and is lost`);
    assert.deepEqual(JSON.parse(tasks.get(sid).attributes), attributes);
  }
  // A reserved task has its reservation, and a reservation its task: written together or not at all.
  const reserved = [...tasks.values()].filter((task) => task.assignmentStatus === 'reserved');
  assert.equal(reserved.length, 20);
  for (const task of reserved)
    assert.equal((await centre.offers(task.sid)).filter((o) => o.status === 'pending').length, 1);
});

test('SIGTERM in mid-load: what was taken is answered, and the server ends well', async () => {
  const server = await start({ clock: null });
  const centre = await makeCentre(server);
  const outcomes = { done: 0, refused: 0, strange: [] };
  const client = async () => {
    for (;;) {
      try {
        await centre.task({ skill: 'billing' });
        outcomes.done++;
      } catch (error) {
        if (error.status && error.status !== 503) outcomes.strange.push(error.message);
        outcomes.refused++;
        return;
      }
    }
  };
  const clients = Array.from({ length: 16 }, client);
  while (outcomes.done < 100) await new Promise((resolve) => setImmediate(resolve));
  await server.restart();
  await Promise.all(clients);
  assert.deepEqual(outcomes.strange, []);
  const kept = (await centre.workspace.tasks.list({ pageSize: 1000, limit: 5000 })).length;
  assert.ok(kept >= outcomes.done, `${outcomes.done} were acknowledged, ${kept} are there`);
});

test('two servers on one data folder: the second refuses, and the first goes on', async () => {
  const server = await start();
  const second = spawnSync(binary, ['serve', '--data', server.data, '--listen', '127.0.0.1:0'], {
    encoding: 'utf8',
  });
  assert.notEqual(second.status, 0);
  assert.match(second.stderr, /in use by another server/);
  assert.equal((await server.fetch('/readyz')).status, 200);
});

test('a port in use is a clear message and an exit code', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const data = await mkdtemp(path.join(tmpdir(), 'plugboard-'));
  const listen = `127.0.0.1:${other.address().port}`;
  const tried = spawnSync(binary, ['serve', '--data', data, '--listen', listen], {
    encoding: 'utf8',
  });
  assert.equal(tried.status, 4, tried.stderr);
  assert.match(tried.stderr, new RegExp(`cannot listen on ${listen}.*in use`, 'i'));
  other.close();
  await rm(data, { recursive: true });
});

test('a file that is not a database is left as it is', async () => {
  const data = await mkdtemp(path.join(tmpdir(), 'plugboard-'));
  const file = path.join(data, 'plugboard.db');
  await writeFile(file, 'this is no database, but somebody may need it\n'.repeat(100));
  const before = await readFile(file);
  const tried = spawnSync(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0'], {
    encoding: 'utf8',
  });
  assert.equal(tried.status, 3, tried.stderr);
  assert.match(tried.stderr, /not a database/);
  assert.deepEqual(await readFile(file), before);
  await rm(data, { recursive: true });
});

test('a full disk: writes answer 503, reads go on, nothing acknowledged is lost', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'plugboard-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    t.skip('needs the right to mount a tmpfs');
    return;
  }
  let server;
  try {
    server = await startServer({ args: ['--data', folder] });
    const centre = await makeCentre(server);
    const acknowledged = [];
    let refusal;
    for (let i = 0; i < 5_000 && !refusal; i++) {
      try {
        acknowledged.push((await centre.task({ text: 'x'.repeat(3000) })).sid);
      } catch (error) {
        refusal = error;
      }
    }
    assert.equal(refusal?.status, 503, refusal?.message);
    assert.equal((await server.fetch('/healthz')).status, 200);
    const there = new Set(
      (await centre.workspace.tasks.list({ pageSize: 1000 })).map((task) => task.sid),
    );
    assert.equal(there.size, acknowledged.length, 'nothing refused left a trace');
    for (const sid of acknowledged) assert.ok(there.has(sid));
  } finally {
    await server?.stop();
    execFileSync('umount', [folder]);
    await rm(folder, { recursive: true, force: true });
  }
});
