// A task is handed on, through the official worker SDK: what each of the two agents hears, and what becomes of the task.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from './support/server.mjs';
import { makeCentre } from './support/centre.mjs';
import { nextEvent } from './support/worker.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

/** A centre with Alice, who has accepted a task, and Bob, who is free and serves the queue of billing. */
async function handover() {
  const centre = await makeCentre(server);
  const open = async (workerSid) => server.worker({ workspaceSid: centre.sid, workerSid });
  const aliceSid = await centre.agent('alice');
  const alice = await open(aliceSid);
  const ringing = nextEvent(alice, 'reservationCreated');
  const { sid: taskSid } = await centre.task({ name: 'Ms Grey' });
  const mine = await ringing;
  const accepted = nextEvent(mine.task, 'updated');
  await mine.accept();
  await accepted;
  const bobSid = await centre.agent('bob', ['billing']);
  const bob = await open(bobSid);
  return { centre, alice, aliceSid, bob, bobSid, mine, task: mine.task, taskSid };
}

test('a warm transfer: both have the task, and it ends with the last of them', async () => {
  const { centre, aliceSid, bob, bobSid, mine, task, taskSid } = await handover();
  const ringing = nextEvent(bob, 'reservationCreated');
  const initiated = nextEvent(task, 'transferInitiated');
  await task.transfer(bobSid, { attributes: { name: 'Ms Grey', angry: true }, priority: 7 });
  assert.equal(task.transfers.outgoing.status, 'initiated');
  assert.equal((await initiated).mode, 'WARM');

  const his = await ringing;
  assert.equal(his.task.status, 'reserved');
  assert.deepEqual(his.task.attributes, { name: 'Ms Grey', angry: true });
  assert.equal(his.task.priority, 7);
  const { incoming } = his.task.transfers;
  for (const transfer of [his.transfer, incoming]) {
    assert.match(transfer.sid, /^TT[0-9a-f]{32}$/);
    assert.equal(transfer.type, 'WORKER');
    assert.equal(transfer.mode, 'WARM');
    assert.equal(transfer.status, 'initiated');
    assert.equal(transfer.to, bobSid);
    assert.equal(transfer.workerSid, aliceSid);
    assert.equal(transfer.reservationSid, mine.sid);
    assert.equal(transfer.queueSid, centre.queues.everyone);
    assert.equal(transfer.workflowSid, centre.workflowSid);
  }
  await assert.rejects(task.complete('too early'), /400.*not currently assigned/);

  const completed = nextEvent(task.transfers.outgoing, 'completed');
  const taken = nextEvent(his, 'accepted');
  await his.accept();
  assert.equal((await completed).status, 'complete');
  await taken;
  assert.equal(his.transfer.status, 'complete');
  assert.equal(await centre.status(taskSid), 'assigned');
  await assert.rejects(task.transfers.outgoing.cancel(), /is already complete \. Cannot cancel/);

  await mine.complete();
  assert.equal(await centre.status(taskSid), 'assigned');
  await his.complete();
  assert.equal(await centre.status(taskSid), 'completed');
});

test('a cold transfer: the first one wraps up at once, and the task stays open', async () => {
  const { centre, bob, bobSid, mine, task, taskSid } = await handover();
  const ringing = nextEvent(bob, 'reservationCreated');
  const wrapping = nextEvent(mine, 'wrapup');
  await task.transfer(bobSid, { mode: 'COLD' });
  await wrapping;
  assert.equal(mine.status, 'wrapping');
  assert.equal(mine.task.status, 'reserved');
  await mine.complete();
  assert.equal(await centre.status(taskSid), 'reserved');
  await (await ringing).accept();
  assert.equal(await centre.status(taskSid), 'assigned');
});

test('who rejects gives it back, and who does not answer as well', async () => {
  const { centre, bob, bobSid, task, taskSid } = await handover();
  let ringing = nextEvent(bob, 'reservationCreated');
  await task.transfer(bobSid);
  let his = await ringing;
  let failed = nextEvent(task.transfers.outgoing, 'failed');
  const rejected = nextEvent(his, 'rejected');
  const back = nextEvent(task, 'updated');
  await his.reject();
  assert.match((await failed).transferFailedReason, /because the reservation was rejected/);
  assert.equal((await rejected).transfer.status, 'failed');
  await back;
  assert.equal(await centre.status(taskSid), 'assigned');

  ringing = nextEvent(bob, 'reservationCreated');
  await task.transfer(bobSid);
  his = await ringing;
  failed = nextEvent(task.transfers.outgoing, 'failed');
  const late = nextEvent(his, 'timeout');
  await server.turnClock(30_000);
  assert.match((await failed).transferFailedReason, /because the reservation timed out/);
  assert.equal((await late).transfer.status, 'failed');
  assert.equal(await centre.status(taskSid), 'assigned');

  await assert.rejects(task.transfer(bobSid), /400.*not available/);
});

test('the transferor thinks better of it', async () => {
  const { centre, bob, bobSid, task, taskSid } = await handover();
  let ringing = nextEvent(bob, 'reservationCreated');
  await task.transfer(bobSid);
  const his = await ringing;
  const gone = nextEvent(his, 'canceled');
  const { outgoing } = task.transfers;
  const canceled = nextEvent(outgoing, 'canceled');
  await outgoing.cancel();
  assert.equal(outgoing.status, 'canceled');
  await canceled;
  assert.equal((await gone).transfer.status, 'canceled');
  assert.equal(his.task.status, 'assigned');
  await assert.rejects(outgoing.cancel(), {
    message: new RegExp(
      `Transfer ${outgoing.sid} is already canceled \\. Cannot cancel transfer\\.`,
    ),
  });
  assert.equal(await centre.status(taskSid), 'assigned');

  ringing = nextEvent(bob, 'reservationCreated');
  await task.transfer(bobSid);
  await (await ringing).accept();
  assert.equal(await centre.status(taskSid), 'assigned');
});

test('in a queue one rejection is an attempt, and the next one is tried', async () => {
  const { centre, bob, task, taskSid } = await handover();
  const ringing = nextEvent(bob, 'reservationCreated');
  await task.transfer(centre.queues.billing);
  const his = await ringing;
  assert.equal(his.transfer.type, 'QUEUE');
  assert.equal(his.transfer.to, centre.queues.billing);
  assert.equal(his.task.queueSid, centre.queues.billing);
  const attempt = nextEvent(task.transfers.outgoing, 'attemptFailed');
  const rejected = nextEvent(his, 'rejected');
  await his.reject({ activitySid: centre.activities.Offline });
  assert.equal((await attempt).status, 'initiated');
  assert.match(task.transfers.outgoing.transferFailedReason, /Transfer attempt failed/);
  assert.equal((await rejected).transfer.status, 'initiated');
  assert.equal(await centre.status(taskSid), 'pending');

  await centre.agent('carol', ['billing']);
  const completed = nextEvent(task.transfers.outgoing, 'completed');
  const [offer] = (await centre.offers(taskSid)).filter((o) => o.status === 'pending');
  assert.equal(offer.worker, 'carol');
  await centre.move(taskSid, offer.sid, 'accepted');
  await completed;
});

test('a client that starts anew finds both sides of a transfer in its lists', async () => {
  const { centre, aliceSid, bobSid, task } = await handover();
  await task.transfer(bobSid);
  const again = async (workerSid) => {
    const worker = await server.worker({ workspaceSid: centre.sid, workerSid });
    return [...worker.reservations.values()][0];
  };
  const his = await again(bobSid);
  assert.equal(his.transfer.sid, task.transfers.outgoing.sid);
  assert.equal(his.task.transfers.outgoing, null);
  const hers = await again(aliceSid);
  assert.equal(hers.task.transfers.outgoing.sid, task.transfers.outgoing.sid);
  assert.equal(hers.transfer, undefined);
  await hers.task.transfers.outgoing.cancel();
});

test('what is handed on wrongly is refused, and nothing changes', async () => {
  const { centre, bobSid, task, taskSid } = await handover();
  await assert.rejects(task.transfer('WKnobody'), /400/);
  await assert.rejects(task.transfer(centre.workflowSid), /400/);
  await assert.rejects(task.transfer(bobSid, { priority: -1 }), /400.*Priority/);
  await assert.rejects(task.transfer(bobSid, { mode: 'TEPID' }), /400.*Mode/);
  assert.equal(await centre.status(taskSid), 'assigned');
  await task.transfer(bobSid);
  await assert.rejects(task.transfer(bobSid), /400.*not currently assigned/);
});
