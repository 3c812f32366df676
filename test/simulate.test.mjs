// What if? A small history, made with a turned clock; then the workflow, the queue or the team is another, and the
// differences are checked to the millisecond. The server runs on meanwhile.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const binary = process.env.PLUGBOARD_BIN ?? path.join(root, 'build/test/src/plugboard');

let server, folder;
before(async () => {
  server = await startServer();
  folder = await mkdtemp(path.join(tmpdir(), 'simulate-'));
});
after(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Turns the clock to the next full minute, which is the story's second 0; at(5) turns to its second 5. */
async function beginStory() {
  const answer = await server.fetch('/test/clock', { form: { By: 0 } });
  const { now } = await answer.json();
  const zero = Math.floor(now / 60_000) * 60_000 + 120_000;
  await server.turnClock(zero - now);
  let passed = 0;
  return {
    iso: (second) => new Date(zero + second * 1000).toISOString(),
    async at(second) {
      await server.turnClock((second - passed) * 1000);
      passed = second;
    },
  };
}

function simulate(...args) {
  return new Promise((resolve) => {
    execFile(binary, ['simulate', '--data', server.data, ...args], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

async function ask(...args) {
  const { code, stdout, stderr } = await simulate(...args, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function file(name, content) {
  const where = path.join(folder, name);
  await writeFile(where, JSON.stringify(content));
  return where;
}

/** One agent for billing, who takes 5 seconds to accept and a minute to help; four customers in half a minute. */
async function rushHour() {
  const centre = await makeCentre(server);
  await centre.agent('Alice', ['billing']);
  await server.turnClock(1_000);
  await centre.agent('Bob', ['support']);
  const { at, iso } = await beginStory();
  const accept = async ({ sid }) =>
    centre.move(sid, (await centre.offers(sid)).at(-1).sid, 'accepted');
  const finish = ({ sid }) =>
    centre.workspace.tasks(sid).update({ assignmentStatus: 'completed', reason: 'solved' });

  const first = await centre.task({ skill: 'billing' });
  await at(5);
  await accept(first);
  await at(10);
  const second = await centre.task({ skill: 'billing' });
  await at(20);
  const third = await centre.task({ skill: 'billing' });
  await at(30);
  const fourth = await centre.task({ skill: 'billing' });
  await at(65);
  await finish(first);
  await at(70);
  await accept(second);
  await at(90);
  await centre.workspace
    .tasks(fourth.sid)
    .update({ assignmentStatus: 'canceled', reason: 'hung up' });
  await at(130);
  await finish(second);
  await at(135);
  await accept(third);
  await at(195);
  await finish(third);
  await at(300);
  const window = ['--workflow', centre.workflowSid, '--from', iso(0), '--to', iso(300)];
  return { centre, window, iso };
}

const asItWas = {
  tasks: 4,
  answered: 3,
  abandoned: 1,
  canceled: 0,
  waiting: 0,
  wait_avg: 60,
  wait_p50: 60,
  wait_p90: 115,
  wait_max: 115,
  service_level: 0.25,
  occupancy: 0.3,
};
// Bob takes the second at 10 (and needs the mean, 5 s, to accept), Alice the third at 65, Bob the fourth at 75.
const withTwo = {
  tasks: 4,
  answered: 4,
  abandoned: 0,
  canceled: 0,
  waiting: 0,
  wait_avg: 27.5,
  wait_p50: 5,
  wait_p90: 50,
  wait_max: 50,
  service_level: 0.5,
  occupancy: 0.4,
};

test('another configuration: everybody for everything', async () => {
  const { centre, window, iso } = await rushHour();
  const before = (await readdir(server.data)).sort();

  const same = await ask(...window);
  assert.deepEqual(same.totals.history, asItWas);
  assert.deepEqual(same.totals.replay, asItWas);
  assert.deepEqual(same.totals.what_if, asItWas);
  assert.equal(same.changed, false);

  const config = await file('everyone.json', {
    task_routing: { default_filter: { queue: centre.queues.everyone } },
  });
  const said = await ask(...window, '--config', config, '--interval', '1');
  assert.deepEqual(said.totals.replay, asItWas);
  assert.deepEqual(said.totals.what_if, withTwo);
  assert.deepEqual(said.totals.difference, {
    tasks: 0,
    answered: 1,
    abandoned: -1,
    canceled: 0,
    waiting: 0,
    wait_avg: -32.5,
    wait_p50: -55,
    wait_p90: -65,
    wait_max: -65,
    service_level: 0.25,
    occupancy: 0.1,
  });
  assert.deepEqual(
    said.intervals.map((i) => [i.from, i.what_if.tasks, i.replay.occupancy, i.what_if.occupancy]),
    [
      [iso(0).replace('.000', ''), 4, 0.458, 0.833], // Alice 5-60, Bob 15-60
      [iso(60).replace('.000', ''), 0, 0.458, 0.917], // Alice 60-65, 70-120; Bob 60-75, 80-120
      [iso(120).replace('.000', ''), 0, 0.458, 0.25], // Alice 120-130; Bob 120-140
      [iso(180).replace('.000', ''), 0, 0.125, 0],
      [iso(240).replace('.000', ''), 0, 0, 0],
    ],
  );
  assert.ok(said.assumptions.length > 3);
  assert.deepEqual((await readdir(server.data)).sort(), before);

  // The same by another expression of the queue, and with a patience of the service level that all but the last have.
  const wider = await ask(...window, '--queue', `${centre.queues.billing}=1==1`, '--threshold', 50);
  assert.deepEqual(wider.totals.what_if, { ...withTwo, service_level: 1 });
  assert.equal(wider.totals.replay.service_level, 0.25);
});

test('another team: one more like Alice, or nobody', async () => {
  const { window } = await rushHour();
  const more = await file('more.json', { add: [{ friendly_name: 'Temp', like: 'Alice' }] });
  const said = await ask(...window, '--workers', more);
  assert.deepEqual(said.totals.what_if, { ...withTwo, occupancy: 0.267 }); // of three

  const skilled = await file('skilled.json', {
    change: [{ worker: 'Bob', attributes: { skills: ['billing', 'support'] } }],
  });
  assert.deepEqual((await ask(...window, '--workers', skilled)).totals.what_if, withTwo);

  const two = await file('two.json', { change: [{ worker: 'alice', capacity: { default: 2 } }] });
  const atOnce = (await ask(...window, '--workers', two)).totals.what_if;
  assert.deepEqual([atOnce.answered, atOnce.wait_avg, atOnce.wait_max], [4, 27.5, 50]);

  const nobody = await file('nobody.json', { remove: ['Alice'] });
  const alone = await ask(...window, '--workers', nobody);
  assert.deepEqual(
    [alone.totals.what_if.answered, alone.totals.what_if.abandoned, alone.totals.what_if.waiting],
    [0, 1, 3],
  );
  assert.equal(alone.totals.what_if.wait_avg, null);
  assert.equal(alone.totals.difference.wait_avg, null);
});

test('a replay does what was done: rejecting, letting ring, coming, going, changing, and work under way', async () => {
  const centre = await makeCentre(server, { reservationTimeout: 15 });
  const { workspace, activities } = centre;
  const alice = await centre.agent('Alice', ['billing']);
  const story = await beginStory();
  const last = async ({ sid }) => (await centre.offers(sid)).at(-1).sid;
  const move = async (task, to) => centre.move(task.sid, await last(task), to);
  const finish = ({ sid }) => workspace.tasks(sid).update({ assignmentStatus: 'completed' });

  const early = await centre.task({ skill: 'billing' }); // in Alice's hands when the stretch begins
  await story.at(10);
  await move(early, 'accepted');
  const waiting = await centre.task({ skill: 'billing' }); // waits when it begins
  await story.at(60);
  await story.at(70);
  await finish(early);
  await story.at(73);
  await move(waiting, 'rejected'); // and it is offered again
  await story.at(75);
  await move(waiting, 'accepted');
  await story.at(80);
  const bob = await centre.agent('Bob', ['billing']);
  const ringing = await centre.task({ skill: 'billing' }); // Bob lets it ring, and is moved Offline
  await story.at(100);
  await workspace.workers(bob).update({ activitySid: activities.Available });
  await story.at(104);
  await move(ringing, 'accepted');
  const changed = await centre.task({ skill: 'billing' });
  await story.at(110);
  await centre.agent('Carl', ['support']);
  await workspace.tasks(changed.sid).update({ attributes: JSON.stringify({ skill: 'support' }) });
  await story.at(111);
  await move(changed, 'accepted');
  const channels = await workspace.workers(alice).workerChannels.list();
  const channel = channels.find((c) => c.taskChannelUniqueName === 'default');
  await workspace.workers(alice).workerChannels(channel.sid).update({ capacity: 2 });
  const extra = await centre.task({ skill: 'billing' }, { priority: 3 });
  await story.at(113);
  await move(extra, 'accepted');
  await workspace.workers(alice).update({ activitySid: activities.Break });
  const late = await centre.task({ skill: 'billing' }, { timeout: 20 }); // nobody is left
  await story.at(140);
  await finish(waiting);
  await finish(extra);
  await workspace.workers(alice).update({ attributes: JSON.stringify({ skills: [] }) });
  const tail = await centre.task({ skill: 'billing' });
  await story.at(180);

  const said = await ask(
    ...['--workflow', centre.workflowSid, '--from', story.iso(60), '--to', story.iso(180)],
    ...['--interval', '1'],
  );
  assert.deepEqual(said.totals.history, {
    tasks: 5,
    answered: 3,
    abandoned: 0,
    canceled: 1,
    waiting: 1,
    wait_avg: 11,
    wait_p50: 7,
    wait_p90: 24,
    wait_max: 24,
    service_level: 0.4,
    occupancy: said.totals.history.occupancy,
  });
  assert.deepEqual(said.totals.replay, said.totals.history);
  for (const interval of said.intervals) assert.deepEqual(interval.replay, interval.history);
  assert.deepEqual(
    [await centre.status(late.sid), await centre.status(tail.sid)],
    ['canceled', 'pending'],
  );
});

test('a table for a person, and plain words for what is wrong', async () => {
  const { window } = await rushHour();
  const config = await file('gone.json', {
    task_routing: { default_filter: { queue: `WQ${'0'.repeat(32)}` } },
  });
  const table = await simulate(...window);
  assert.equal(table.code, 0, table.stderr);
  assert.match(table.stdout, /wait, average +60\.0 s +60\.0 s +60\.0 s +0\.0 s/);
  assert.match(table.stdout, /service level +25\.0 % +25\.0 % +25\.0 % +0\.0 %/);
  assert.match(table.stdout, /What is assumed:\n\* /);
  const nobody = await file('stranger.json', { remove: ['Zoe'] });
  const wrong = [
    [[...window, '--config', config], 1, /does not exist in this Workspace/],
    [[...window, '--workers', nobody], 1, /nobody is called Zoe/],
    [[...window, '--queue', 'WQ1=1==1'], 1, /there is no queue WQ1/],
    [[...window.slice(0, 4), '--to', window[3]], 1, /--from must be before --to/],
    [['--workflow', `WW${'0'.repeat(32)}`, ...window.slice(2)], 1, /there is no workflow/],
    [[...window, '--colour', 'red'], 2, /--colour is not an option/],
    [window.slice(0, 2), 2, /are needed/],
    [[...window.slice(0, 3), 'yesterday'], 2, /'yesterday' is no time/],
    [[...window, '--data', path.join(folder, 'nowhere')], 1, /is not there/],
  ];
  for (const [args, code, words] of wrong) {
    const said = await simulate(...args);
    assert.equal(said.code, code, said.stderr);
    assert.match(said.stderr, words);
  }
});

test('a workspace where the work moves the workers, and a time that the log has forgotten, are refused', async () => {
  const centre = await makeCentre(server, { multiTaskEnabled: false });
  const window = (from, to) => ['--workflow', centre.workflowSid, '--from', from, '--to', to];
  const { iso } = await beginStory();
  const single = await simulate(...window(iso(-60), iso(0)));
  assert.equal(single.code, 1);
  assert.match(single.stderr, /MultiTaskEnabled=false cannot be simulated/);
  await centre.workspace.update({ multiTaskEnabled: true });
  assert.equal((await simulate(...window(iso(-60), iso(0)))).code, 0);
  await server.turnClock(31 * 24 * 3600_000);
  await centre.workspace.update({ friendlyName: 'Much later' });
  const late = await simulate(...window(iso(-60), iso(60)));
  assert.equal(late.code, 1);
  assert.match(late.stderr, /older events are gone, the log begins at/);
});
