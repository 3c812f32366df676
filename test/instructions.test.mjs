// Instructions of a reservation: what rows can tell is checked as the contract says; an account without a telephone ends there.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCentre } from './support/centre.mjs';
import { startServer } from './support/server.mjs';

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

const phone = { contact_uri: 'client:alice' };
const anyone = { filters: () => [] };

/** [what is asked, of a task with these attributes, of a worker with those, the code of the refusal] */
const cases = [
  [{ instruction: 'dequeue' }, {}, phone, 40140],
  [{ instruction: 'dequeue' }, { call_sid: 'CA1' }, {}, 40131],
  [{ instruction: 'dequeue' }, { call_sid: 'CA1' }, phone, 40133],
  [{ instruction: 'call', callUrl: 'https://example.com' }, {}, phone, 40111],
  [{ instruction: 'call', callFrom: '+1555' }, {}, phone, 40112],
  [{ instruction: 'call', callFrom: '+1555', callUrl: 'https://example.com' }, {}, {}, 40110],
  [{ instruction: 'call', callFrom: '+1555', callUrl: 'https://example.com' }, {}, phone, 40113],
  [{ instruction: 'redirect', redirectUrl: 'https://example.com' }, {}, phone, 40121],
  [{ instruction: 'redirect', redirectCallSid: `CA${'0'.repeat(32)}` }, {}, phone, 40120],
  [{ instruction: 'conference' }, {}, phone, 40142],
  [{ instruction: 'conference' }, { outbound_to: '+1555' }, {}, 40137],
  [{ instruction: 'conference', to: '+1555' }, { outbound_to: '+1555' }, {}, 40145],
  [{ instruction: 'supervise' }, {}, phone, 40146],
  [{ instruction: 'juggle' }, {}, phone, 55555],
  [{ instruction: 'dequeue', dequeueTimeout: 1000 }, {}, phone, 20001],
  [{ instruction: 'call', callUrl: 'no url' }, {}, phone, 40112],
  [{ instruction: 'call', callStatusCallbackUrl: 'no url' }, {}, phone, 40158],
  [{ instruction: 'call', callFrom: 'x' }, {}, phone, 40111],
  [{ instruction: 'dequeue', dequeueStatusCallbackEvent: ['ringing', 'x'] }, {}, phone, 40134],
  [{ instruction: 'dequeue', dequeuePostWorkActivitySid: 'WA1' }, {}, phone, 40130],
  [{ instruction: 'conference', statusCallback: 'no url' }, {}, phone, 40159],
  [{ instruction: 'conference', postWorkActivitySid: 'WA1' }, {}, phone, 40139],
  [{ instruction: 'reject', workerActivitySid: `WA${'0'.repeat(32)}` }, {}, phone, 40100],
];

for (const [asked, attributes, worker, code] of cases)
  test(`${JSON.stringify(asked)} of ${JSON.stringify(attributes)}: ${code}`, async () => {
    const centre = await makeCentre(server, anyone);
    await centre.agent('Alice', [], worker);
    const task = await centre.task(attributes);
    const [offer] = await centre.offers(task.sid);
    const reservation = centre.workspace.tasks(task.sid).reservations(offer.sid);
    await assert.rejects(reservation.update(asked), (error) => {
      assert.deepEqual([error.status, error.code], [400, code], error.message);
      return true;
    });
    assert.equal((await centre.offers(task.sid))[0].status, 'pending');
  });

test('accept and reject are instructions, too; what wants a pending reservation says so', async () => {
  const centre = await makeCentre(server, anyone);
  const alice = await centre.agent('Alice', [], phone);
  const task = await centre.task({ from: '+1555' });
  const [offer] = await centre.offers(task.sid);
  const reservation = centre.workspace.workers(alice).reservations(offer.sid);
  assert.equal((await reservation.update({ instruction: 'accept' })).reservationStatus, 'accepted');
  await assert.rejects(
    reservation.update({ instruction: 'call' }),
    (error) => error.code === 40114,
  );
  const ofTask = centre.workspace.tasks(task.sid).reservations(offer.sid);
  await assert.rejects(
    ofTask.update({ instruction: 'supervise', supervisor: alice }),
    (error) => error.code === 40145,
  );
  const other = await centre.workspace.workers.create({ friendlyName: 'No phone' });
  await assert.rejects(
    ofTask.update({ instruction: 'supervise', supervisor: other.sid }),
    (error) => error.code === 40147,
  );
});
