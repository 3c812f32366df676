import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connected, disconnected } from '../state/connection';
import { FakeWorker, fakeReservation } from '../state/fakes';
import { createStore } from '../state/store';
import { Task } from '../state/task';
import { workerReady } from '../state/worker';
import { ActionsManager } from './framework';
import type { Manager } from './manager';
import { registerNativeActions } from './native';
import { shortcutOf, shortcuts } from './shortcuts';

function setUp() {
  const store = createStore();
  const worker = new FakeWorker('t');
  const reservation = fakeReservation('WR1');
  const renewNow = vi.fn();
  const live = { worker: worker.asWorker(), renewNow, stop: vi.fn() };
  const actions = new ActionsManager();
  registerNativeActions(actions, { store, live } as unknown as Manager);
  store.dispatch(workerReady({ worker: worker.asWorker(), tasks: [new Task(reservation)] }));
  store.dispatch(connected(1));
  return { store, worker, reservation, actions, renewNow };
}

describe('native actions', () => {
  let all: ReturnType<typeof setUp>;
  beforeEach(() => {
    all = setUp();
  });

  it('accepts, shows it at once, and selects the task', async () => {
    const before = vi.fn();
    all.actions.addListener('beforeAcceptTask', (payload) => {
      before(Object.keys(payload), payload.conferenceOptions);
    });
    await all.actions.invokeAction('AcceptTask', { sid: 'WR1' });
    expect(before).toHaveBeenCalledWith(['sid', 'task', 'conferenceOptions'], {});
    const { worker, view } = all.store.getState().flex;
    expect(worker.tasks.get('WR1')?.status).toBe('accepted');
    expect(view.selectedTaskSid).toBe('WR1');
  });

  it('rejects, and the offer is gone', async () => {
    const task = all.store.getState().flex.worker.tasks.get('WR1');
    await all.actions.invokeAction('RejectTask', { task });
    expect(all.store.getState().flex.worker.tasks.size).toBe(0);
  });

  it('completes with the reason given, or with the usual one', async () => {
    await all.actions.invokeAction('WrapupTask', { sid: 'WR1' });
    await all.actions.invokeAction('CompleteTask', { sid: 'WR1', reason: ' solved ' });
    await all.actions.invokeAction('CompleteTask', { sid: 'WR1' });
    expect(all.reservation.task.completions).toEqual([{ reason: '' }, 'solved', 'Task completed']);
  });

  it('refuses what cannot be', async () => {
    await expect(all.actions.invokeAction('AcceptTask', { sid: 'WR404' })).rejects.toThrow(
      'no longer with you',
    );
    await expect(all.actions.invokeAction('SetActivity', { activityName: 'X' })).rejects.toThrow(
      'no such activity',
    );
    all.store.dispatch(disconnected({ at: 1, nextAttemptAt: 2 }));
    await expect(all.actions.invokeAction('AcceptTask', { sid: 'WR1' })).rejects.toThrow(
      'not connected',
    );
  });

  it('fetches a new token when the server refuses the old one', async () => {
    all.reservation.accept = async () => {
      throw new Error('Request failed with status code 401. Token expired');
    };
    await expect(all.actions.invokeAction('AcceptTask', { sid: 'WR1' })).rejects.toThrow('401');
    expect(all.renewNow).toHaveBeenCalledOnce();
  });

  it('sets an activity by name or by sid', async () => {
    await all.actions.invokeAction('SetActivity', { activityName: 'Available' });
    expect(all.store.getState().flex.worker.activity?.name).toBe('Available');
    await all.actions.invokeAction('SetActivity', {
      activitySid: 'WA1',
      options: { rejectPendingReservations: true },
    });
    expect(all.worker.changes).toEqual([
      ['Available', {}],
      ['Offline', { rejectPendingReservations: true }],
    ]);
  });

  it('selects only tasks that are there', async () => {
    await all.actions.invokeAction('SelectTask', { sid: 'WR1' });
    expect(all.store.getState().flex.view.selectedTaskSid).toBe('WR1');
    await all.actions.invokeAction('SelectTask', { sid: 'WR2' });
    expect(all.store.getState().flex.view.selectedTaskSid).toBeUndefined();
  });
});

describe('shortcuts', () => {
  const key = (code: string, over = {}) => ({
    code,
    ctrlKey: true,
    shiftKey: true,
    metaKey: false,
    altKey: false,
    repeat: false,
    ...over,
  });

  it('are found by their keys, and not repeated by a held key', () => {
    expect(shortcutOf(key('KeyA'))?.name).toBe('AcceptTask');
    expect(shortcutOf(key('KeyA', { ctrlKey: false, metaKey: true }))?.name).toBe('AcceptTask');
    expect(shortcutOf(key('KeyA', { repeat: true }))).toBeUndefined();
    expect(shortcutOf(key('KeyA', { altKey: true }))).toBeUndefined();
    expect(new Set(shortcuts.map((s) => s.code)).size).toBe(shortcuts.length);
  });

  it('act on the offer, and on nothing when there is none', () => {
    const { store, reservation } = setUp();
    expect(shortcutOf(key('KeyX'))?.when(store.getState())).toEqual({ sid: 'WR1' });
    expect(shortcutOf(key('KeyL'))?.when(store.getState())).toBeUndefined();
    expect(shortcutOf(key('ArrowDown'))?.when(store.getState())).toEqual({ sid: 'WR1' });
    reservation.status = 'accepted';
    store.dispatch(
      workerReady({ worker: new FakeWorker('t').asWorker(), tasks: [new Task(reservation)] }),
    );
    expect(shortcutOf(key('KeyA'))?.when(store.getState())).toBeUndefined();
  });
});
