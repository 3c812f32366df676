// Why is my customer still waiting? Asked by a supervisor, answered by the server.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

const pathOf = (centre, sid) => `/taskrouter/v1/Workspaces/${centre.sid}/Tasks/${sid}/Explanation`;

async function explain(centre, sid) {
  const answer = await server.fetch(pathOf(centre, sid));
  const body = await answer.text();
  assert.equal(answer.status, 200, body);
  return JSON.parse(body);
}

test('everybody who could is busy, and each of the others has a reason', async () => {
  const centre = await makeCentre(server);
  for (const name of ['Alice', 'Amy']) await centre.agent(name, ['billing']);
  await centre.agent('Bob', ['support']);
  await centre.agent('Carl', ['billing'], { activity: 'Offline' });
  for (let i = 0; i < 2; i++) {
    const { sid } = await centre.task({ skill: 'billing' });
    await centre.move(sid, (await centre.offers(sid))[0].sid, 'accepted');
  }
  await server.turnClock(5_000);
  const task = await centre.task({ skill: 'billing' });
  await server.turnClock(12_000);

  const why = await explain(centre, task.sid);
  assert.equal(
    why.summary,
    'Waiting in billing since 12 s: 3 workers match: 2 busy, 1 not available',
  );
  assert.equal(why.assignment_status, 'pending');
  assert.match(why.url, new RegExp(`${pathOf(centre, task.sid)}$`));
  assert.deepEqual(
    why.routing.filters.map((f) => [f.name, f.outcome, f.because]),
    [
      ['billing', 'taken', 'task.skill == "billing" is true (task.skill is "billing")'],
      ['support', 'not_matched', 'task.skill == "support" is false (task.skill is "billing")'],
    ],
  );
  assert.deepEqual(why.routing.filters[1].clauses, [
    { clause: 'task.skill == "support"', holds: false, values: { 'task.skill': 'billing' } },
  ]);
  const outcomes = Object.fromEntries(why.workers.list.map((w) => [w.worker_name, w.outcome]));
  assert.deepEqual(outcomes, {
    Alice: 'capacity',
    Amy: 'capacity',
    Carl: 'activity',
    Bob: 'not_in_queue',
  });
  const bob = why.workers.list.find((w) => w.worker_name === 'Bob');
  assert.equal(
    bob.words,
    'is not in billing: worker.skills HAS "billing" is false (worker.skills is ["support"])',
  );
  assert.deepEqual(bob.obstacles[0].clauses[0].values, { 'worker.skills': ['support'] });
  assert.equal(why.workers.busy, 2);
  assert.equal(why.waits_for.then, 'it is canceled, for its own time is over');
});

test('a rejected offer, the next one and the history of it all', async () => {
  const centre = await makeCentre(server, { reservationTimeout: 30 });
  await centre.agent('Alice', ['billing']);
  await server.turnClock(20_000);
  await centre.agent('Amy', ['billing']);
  await server.turnClock(10_000);
  const task = await centre.task({ skill: 'billing', note: 'an attribute with other words' });
  await server.turnClock(2_000);
  await centre.move(task.sid, (await centre.offers(task.sid))[0].sid, 'rejected');

  let why = await explain(centre, task.sid);
  assert.equal(why.summary, 'Offered to Amy; 30 s left to answer');
  assert.deepEqual(
    why.offers.map((o) => [o.worker_name, o.status, o.chosen_as]),
    [
      [
        'Alice',
        'rejected',
        'the longest idle (for 30 s) whom the step admits, of 2 who were free in the queue',
      ],
      [
        'Amy',
        'pending',
        'the longest idle (for 12 s) whom the step admits, of 2 who were free in the queue',
      ],
    ],
  );
  await centre.move(task.sid, why.offers[1].reservation_sid, 'accepted');
  await server.turnClock(60_000);
  await centre.workspace
    .tasks(task.sid)
    .update({ assignmentStatus: 'completed', reason: 'solved' });

  why = await explain(centre, task.sid);
  assert.equal(why.summary, 'Completed: solved');
  assert.equal(why.workers, null);
  assert.equal(why.waits_for, null);
  assert.deepEqual(
    why.history.map((e) => [e.event, e.age_ms, e.worker_name]),
    [
      ['workflow.entered', 0, undefined],
      ['task-queue.entered', 0, undefined],
      ['task.created', 0, undefined],
      ['workflow.target-matched', 0, undefined],
      ['reservation.created', 0, 'Alice'],
      ['reservation.rejected', 2_000, 'Alice'],
      ['reservation.created', 2_000, 'Amy'],
      ['reservation.accepted', 2_000, 'Amy'],
      ['task.updated', 2_000, undefined],
      ['task.completed', 62_000, undefined],
      ['reservation.completed', 62_000, 'Amy'],
      ['task.updated', 62_000, undefined],
    ],
  );
  assert.equal(why.history_complete, true);
});

test('what is not there cannot be explained', async () => {
  const centre = await makeCentre(server);
  const other = await makeCentre(server);
  const task = await centre.task({});
  for (const path of [
    pathOf(centre, `WT${'0'.repeat(32)}`),
    pathOf(other, task.sid),
    pathOf({ sid: `WS${'0'.repeat(32)}` }, task.sid),
  ])
    assert.equal((await server.fetch(path)).status, 404, path);
  assert.equal((await server.fetch(pathOf(centre, task.sid), { auth: null })).status, 401);
});
