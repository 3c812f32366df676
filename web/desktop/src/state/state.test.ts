import { describe, expect, it } from 'vitest';
import { connected, disconnected } from './connection';
import { AVAILABLE, FakeWorker, fakeReservation } from './fakes';
import { selectActivities, selectIncoming, selectSelectedTask, selectTaskList } from './selectors';
import { sessionEnded, sessionStarted } from './session';
import { createStore } from './store';
import { Task } from './task';
import { taskSelected } from './view';
import { taskChanged, workerReady, workerUpdated } from './worker';

const at = (ms: number, status = 'pending') => ({ status, dateCreated: new Date(ms) });

function readyStore(...tasks: Task[]) {
  const store = createStore();
  const worker = new FakeWorker('t');
  store.dispatch(workerReady({ worker: worker.asWorker(), tasks }));
  return { store, worker };
}

describe('Task', () => {
  it('finds the customer wherever the channel wrote it', () => {
    const customer = (attributes: unknown) =>
      new Task(fakeReservation('WR1', { attributes })).customer;
    expect(customer({ customers: { name: 'A', phone: '1' }, name: 'B' })).toEqual({
      name: 'A',
      phone: '1',
    });
    expect(customer({ customerName: 'C', customerAddress: '+44' })).toEqual({
      name: 'C',
      phone: '+44',
    });
    expect(customer({ from: '+1' }).name).toBe('+1');
    expect(customer({ name: 7, customers: [] }).name).toBe('Unknown customer');
    expect(customer(null).name).toBe('Unknown customer');
  });

  it('does not take an identity for a telephone number', () => {
    const attributes = { customerAddress: 'ef05fde29283', customerName: 'Ada' };
    expect(new Task(fakeReservation('WR1', { attributes })).customer).toEqual({ name: 'Ada' });
  });

  it('counts down the offer and up the age, never outside their bounds', () => {
    const task = new Task(fakeReservation('WR1', at(100_000)));
    expect(task.offerLeftAt(130_000)).toBe(30_000);
    expect(task.offerLeftAt(90_000)).toBe(60_000);
    expect(task.offerLeftAt(999_000)).toBe(0);
    expect(task.ageAt(0)).toBe(0);
    expect(task.ageAt(1_004_900)).toBe(4);
  });
});

describe('the store', () => {
  it('lists offers first, then work, then wrap-up, each oldest first', () => {
    const { store } = readyStore(
      new Task(fakeReservation('WR1', at(5, 'wrapping'))),
      new Task(fakeReservation('WR2', at(9, 'pending'))),
      new Task(fakeReservation('WR3', at(1, 'accepted'))),
      new Task(fakeReservation('WR4', at(8, 'pending'))),
      new Task(fakeReservation('WR5', at(8, 'completed'))),
    );
    const sids = selectTaskList(store.getState()).map((t) => t.sid);
    expect(sids).toEqual(['WR4', 'WR2', 'WR3', 'WR1']);
    expect(selectIncoming(store.getState())).toHaveLength(2);
    expect(selectActivities(store.getState()).map((a) => a.name)).toEqual(['Offline', 'Available']);
  });

  it('replaces the map of tasks, so that nobody sees it change under them', () => {
    const reservation = fakeReservation('WR1');
    const { store } = readyStore();
    const before = store.getState().flex.worker.tasks;
    store.dispatch(taskChanged(new Task(reservation)));
    expect(before.size).toBe(0);
    expect(store.getState().flex.worker.tasks.get('WR1')?.status).toBe('pending');
  });

  it('lets a task go when it is over, and its place on the canvas with it', () => {
    const reservation = fakeReservation('WR1');
    const { store } = readyStore(new Task(reservation), new Task(fakeReservation('WR2')));
    store.dispatch(taskSelected('WR1'));
    expect(selectSelectedTask(store.getState())?.sid).toBe('WR1');
    reservation.status = 'timeout';
    store.dispatch(taskChanged(new Task(reservation)));
    expect(store.getState().flex.view.selectedTaskSid).toBeUndefined();
    expect([...store.getState().flex.worker.tasks.keys()]).toEqual(['WR2']);
  });

  it('keeps the selection over a reconnection if the task is still there', () => {
    const { store, worker } = readyStore(new Task(fakeReservation('WR1')));
    store.dispatch(taskSelected('WR1'));
    const tasks = [new Task(fakeReservation('WR1')), new Task(fakeReservation('WR2'))];
    store.dispatch(workerReady({ worker: worker.asWorker(), tasks }));
    expect(store.getState().flex.view.selectedTaskSid).toBe('WR1');
    store.dispatch(workerReady({ worker: worker.asWorker(), tasks: [] }));
    expect(store.getState().flex.view.selectedTaskSid).toBeUndefined();
  });

  it('follows the worker', () => {
    const { store, worker } = readyStore();
    worker.activity = AVAILABLE;
    store.dispatch(workerUpdated(worker.asWorker()));
    const state = store.getState().flex.worker;
    expect(state.activity).toEqual(AVAILABLE);
    expect(state.worker).toMatchObject({ fullName: 'Alice Moreau', isAvailable: true });
  });

  it('remembers since when the connection is lost over several attempts', () => {
    const { store } = readyStore();
    store.dispatch(connected(1));
    store.dispatch(disconnected({ at: 10, nextAttemptAt: 12 }));
    store.dispatch(disconnected({ at: 12, nextAttemptAt: 16 }));
    expect(store.getState().flex.connectionStatus).toEqual({
      connectionState: 'disconnected',
      timestampLastConnected: 1,
      lostAt: 10,
      nextAttemptAt: 16,
    });
  });

  it('forgets all of the last agent but the name', () => {
    const { store } = readyStore(new Task(fakeReservation('WR1')));
    store.dispatch(
      sessionStarted({
        identity: 'alice',
        fullName: 'Alice Moreau',
        roles: ['agent'],
        accountSid: 'AC1',
        workspaceSid: 'WS1',
        workerSid: 'WK1',
        expiration: '2030-01-01T00:00:00Z',
      }),
    );
    store.dispatch(taskSelected('WR1'));
    store.dispatch(sessionEnded('Bye.'));
    const { session, worker, view } = store.getState().flex;
    expect(session).toMatchObject({
      status: 'signedOut',
      ssoTokenPayload: null,
      notice: 'Bye.',
      lastIdentity: 'alice',
    });
    expect(worker.tasks.size).toBe(0);
    expect(worker.source).toBeNull();
    expect(view.selectedTaskSid).toBeUndefined();
  });
});
