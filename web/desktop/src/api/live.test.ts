import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AVAILABLE, FakeWorker, OFFLINE, fakeReservation } from '../state/fakes';
import { createStore } from '../state/store';
import { ApiError } from './client';
import { FlexEventBus } from './events';
import { LiveWorker } from './live';

const LIFE_MS = 3_600_000;

/** A live worker over fakes; the clock moves only when a test moves it. */
function setUp() {
  const store = createStore();
  const events = new FlexEventBus();
  const workers: FakeWorker[] = [];
  let issued = 0;
  const createToken = vi.fn(async () => {
    issued++;
    return { token: `token ${issued}`, workerSid: 'WK1', expiresAt: Date.now() + LIFE_MS };
  });
  const onSessionEnded = vi.fn();
  const live = new LiveWorker({
    store,
    events,
    createToken,
    onSessionEnded,
    createWorker: (token) => {
      const worker = new FakeWorker(token);
      workers.push(worker);
      return worker.asWorker();
    },
    now: Date.now,
  });
  const told: string[] = [];
  for (const name of ['taskReceived', 'taskAccepted', 'taskTimeout', 'taskUpdated'] as const) {
    events.on(name, (task) => told.push(`${name} ${task.sid}`));
  }
  events.on('workerActivityChangedWhileAway', (a, b) => told.push(`${b.name} to ${a.name}`));
  const connection = () => store.getState().flex.connectionStatus.connectionState;
  const only = () => workers[0] as FakeWorker;
  return { store, events, live, workers, createToken, onSessionEnded, told, connection, only };
}

async function started() {
  const all = setUp();
  all.live.start();
  await vi.advanceTimersByTimeAsync(0);
  return all;
}

async function ready() {
  const all = await started();
  all.only().emit('ready', all.only());
  return all;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('LiveWorker', () => {
  it('is connected only when the SDK has everything', async () => {
    const { connection, only } = await started();
    expect(only().tokens).toEqual(['token 1']);
    expect(connection()).toBe('connecting');
    only().emit('ready', only());
    expect(connection()).toBe('connected');
  });

  it('tells of offers and of what becomes of them', async () => {
    const { only, told, store } = await ready();
    const reservation = fakeReservation('WR1');
    only().offer(reservation);
    reservation.task.emit('updated');
    reservation.status = 'timeout';
    reservation.emit('timeout', reservation);
    expect(told).toEqual(['taskReceived WR1', 'taskUpdated WR1', 'taskTimeout WR1']);
    expect(store.getState().flex.worker.tasks.size).toBe(0);
  });

  it('comes back after a loss with one socket and the same worker', async () => {
    const { connection, only, workers, store } = await ready();
    only().emit('disconnected', { message: 'gone' });
    expect(connection()).toBe('disconnected');
    // Ours replaces the reconnection of the SDK, so that one is switched off.
    expect(only().disconnects).toBe(1);
    await vi.advanceTimersByTimeAsync(1199);
    expect(only().tokens).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(only().tokens).toEqual(['token 1', 'token 1']);
    only().reservations.set('WR9', fakeReservation('WR9'));
    only().emit('ready', only());
    expect(connection()).toBe('connected');
    expect(workers).toHaveLength(1);
    expect([...store.getState().flex.worker.tasks.keys()]).toEqual(['WR9']);
  });

  it('waits longer each time, and from the start again after a success', async () => {
    const { only, store } = await ready();
    const waits: number[] = [];
    const fail = async () => {
      only().emit('disconnected', { message: 'gone' });
      const { nextAttemptAt } = store.getState().flex.connectionStatus;
      waits.push((nextAttemptAt ?? 0) - Date.now());
      await vi.advanceTimersByTimeAsync(waits.at(-1) ?? 0);
    };
    for (let i = 0; i < 5; i++) await fail();
    only().emit('ready', only());
    await fail();
    expect(waits).toEqual([1200, 1500, 3000, 6000, 10_000, 1200]);
  });

  it('does not take its own closing of the socket for a loss', async () => {
    const { only, connection, live } = await ready();
    live.stop();
    expect(only().disconnects).toBe(1);
    expect(connection()).toBe('connected');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(only().tokens).toHaveLength(1);
  });

  it('renews the token before it ends and moves the socket to it', async () => {
    const { only, createToken, connection } = await ready();
    await vi.advanceTimersByTimeAsync(LIFE_MS * 0.9 - 1);
    expect(createToken).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(createToken).toHaveBeenCalledTimes(2);
    expect(only().tokens).toEqual(['token 1', 'token 2']);
    expect(only().disconnects).toBe(1);
    expect(connection()).toBe('connected');
  });

  it('keeps the socket when the renewal has no answer, and asks again', async () => {
    const { only, createToken } = await ready();
    createToken.mockRejectedValueOnce(new ApiError(0, 'unreachable'));
    await vi.advanceTimersByTimeAsync(LIFE_MS * 0.9);
    expect(only().disconnects).toBe(0);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(only().tokens.at(-1)).toBe('token 2');
  });

  it('reconnects with a new token when the old one has ended meanwhile', async () => {
    const { only } = await ready();
    only().emit('tokenExpired');
    await vi.advanceTimersByTimeAsync(1200);
    expect(only().tokens).toEqual(['token 1', 'token 2']);
  });

  it('ends the session when the server no longer knows it', async () => {
    const { only, createToken, onSessionEnded, live } = await ready();
    createToken.mockRejectedValueOnce(new ApiError(401, 'no'));
    only().emit('tokenExpired');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(onSessionEnded).toHaveBeenCalledOnce();
    expect(live.worker).toBeNull();
  });

  it('tries again when the start-up half fails or never ends', async () => {
    const { only, connection } = await started();
    only().emit('error', new Error('Failed to initialize Worker WK1'));
    expect(connection()).toBe('disconnected');
    await vi.advanceTimersByTimeAsync(1200);
    expect(only().tokens).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(20_000 + 1500);
    expect(only().tokens).toHaveLength(3);
  });

  it('asks for the first token until it gets one', async () => {
    const all = setUp();
    all.createToken.mockRejectedValueOnce(new ApiError(503, 'busy'));
    all.live.start();
    await vi.advanceTimersByTimeAsync(1200);
    expect(all.workers).toHaveLength(1);
  });

  it('reports offers and activities that changed while it was away', async () => {
    const { only, told } = await ready();
    only().activity = AVAILABLE;
    only().emit('activityUpdated', only());
    only().reservations.set('WR1', fakeReservation('WR1'));
    only().emit('disconnected', { message: 'gone' });
    only().activity = OFFLINE;
    only().emit('ready', only());
    expect(told).toEqual(['taskReceived WR1', 'Available to Offline']);
    // Known by now: no news a second time.
    only().emit('ready', only());
    expect(told).toHaveLength(2);
  });

  it('does not listen to the twin of a reservation from before a reconnection', async () => {
    const { only, told, store } = await ready();
    const old = fakeReservation('WR1');
    only().offer(old);
    only().reservations.set('WR1', fakeReservation('WR1', { status: 'accepted' }));
    only().emit('ready', only());
    old.status = 'timeout';
    old.emit('timeout', old);
    expect(told).toEqual(['taskReceived WR1']);
    expect(store.getState().flex.worker.tasks.get('WR1')?.status).toBe('accepted');
  });
});
