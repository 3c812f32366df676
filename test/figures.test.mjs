// The figures of queues, pushed to who looks at them, as maps of the official client of Sync.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { heard } from './support/chat.mjs';
import { startScreens } from './support/insights.mjs';
import { startServer } from './support/server.mjs';

let server;
let screens;
before(async () => {
  server = await startServer();
  screens = await startScreens(server);
});
after(() => server?.stop());
afterEach(() => screens.close());

test('figures of a queue are pushed when they change', async () => {
  const centre = await makeCentre(server, { reservationTimeout: 600 });
  const ann = await centre.agent('Ann', ['billing']);
  const client = screens.open(centre);
  const map = await client.map(`${centre.queues.billing}.realtime_statistics.v1`);
  const whole = await client.map('realtime_statistics_v1');
  const next = (name, wanted) =>
    heard(map, 'itemUpdated', ({ item }) => item.key === name && wanted(item.data));

  assert.deepEqual((await map.getItems()).items.map((item) => item.key).sort(), [
    'tasks_now',
    'tasks_thirty_minutes',
    'tasks_today',
    'worker_activities_statistics',
  ]);
  assert.equal((await map.get('tasks_now')).data.queue.total_tasks, 0);
  const workers = (await map.get('worker_activities_statistics')).data;
  assert.equal(workers.total_eligible_workers, 1);
  assert.equal(workers.total_available_workers, 1);

  const offered = next('tasks_now', (data) => data.queue.reserved_tasks === 1);
  const total = heard(
    whole,
    'itemUpdated',
    ({ item }) => item.data.tasks_now.workspace.total_tasks === 1,
  );
  const task = await centre.task({ skill: 'billing' });
  await Promise.all([offered, total]);

  await screens.turn(10);
  const handled = next('tasks_today', (data) => data.queue.handled_tasks_count === 1);
  const [reservation] = await centre.offers(task.sid);
  await centre.move(task.sid, reservation.sid, 'accepted');
  const { queue } = (await handled).item.data;
  assert.equal(queue.sla_percentage, 100);
  assert.equal(queue.average_acceptance_time, 10);

  const away = next('worker_activities_statistics', (data) => data.total_available_workers === 0);
  await centre.workspace.workers(ann).update({ activitySid: centre.activities.Offline });
  await away;
  await centre.workspace.tasks(task.sid).update({ assignmentStatus: 'completed' });

  const quiet = next('tasks_thirty_minutes', (data) => data.queue.handled_tasks_count === 0);
  await screens.turn(1800);
  await quiet;
  assert.equal((await map.get('tasks_today')).data.queue.handled_tasks_count, 1);
  /* they are the server's to write */
  await assert.rejects(map.set('tasks_now', {}), { status: 403 });
  await assert.rejects(map.removeMap(), { status: 403 });
  await assert.rejects(
    client.map({
      id: 'WQ00000000000000000000000000000000.realtime_statistics.v1',
      mode: 'open_existing',
    }),
    { status: 404 },
  );
});
