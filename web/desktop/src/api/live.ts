/**
 * The worker's live connection: TaskRouter's own SDK, kept alive.
 *
 * The SDK does the talking: it fetches the worker and its reservations, opens
 * the socket and applies events. This class adds what an agent's day needs:
 *
 * - tokens are renewed before they end, and the socket moves to the new one at
 *   once (the server closes a socket when the token that opened it ends);
 * - after a loss it reconnects with growing, spread-out pauses. The SDK's own
 *   pause never grows beyond a second and it would try an ended token for ever,
 *   so its reconnection is switched off (`disconnect()` does that) and ours is
 *   used: `updateToken()` opens a new socket. The SDK may still hold a timer of
 *   at most a second that was armed before; hence no pause of ours is shorter;
 * - a start-up that half fails is tried again, which the SDK leaves to us;
 * - every 'ready' replaces all tasks: what happened while away is not guessed.
 *
 * The store holds what is known, `events` tells what happened.
 */
import type { Reservation, Worker } from 'twilio-taskrouter';
import { reconnectDelay } from '../lib/backoff';
import { serverNow } from '../lib/clock';
import { connected, disconnected } from '../state/connection';
import type { Store } from '../state/store';
import { Task } from '../state/task';
import { taskChanged, workerReady, workerUpdated, type Activity } from '../state/worker';
import { ApiError } from './client';
import type { FlexEventBus, TaskEvent } from './events';
import type { WorkerToken } from './session';

export interface LiveDeps {
  store: Store;
  events: FlexEventBus;
  createWorker: (token: string) => Worker;
  createToken: () => Promise<WorkerToken>;
  /** The server no longer knows our session. */
  onSessionEnded: () => void;
  now?: () => number;
}

/** A token is renewed when this share of its life is left, but at least a minute before. */
const RENEW_SHARE = 0.1;
const RENEW_MIN_MS = 60_000;
const READY_TIMEOUT_MS = 20_000;
/** Timers beyond this overflow in browsers and fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const RESERVATION_EVENTS = {
  accepted: 'taskAccepted',
  wrapup: 'taskWrapup',
  completed: 'taskCompleted',
  canceled: 'taskCanceled',
  rejected: 'taskRejected',
  rescinded: 'taskRescinded',
  timeout: 'taskTimeout',
} as const satisfies Record<string, TaskEvent>;

export class LiveWorker {
  worker: Worker | null = null;

  private token: WorkerToken | null = null;
  private attempt = 0;
  private stopped = true;
  /** True while we close the socket ourselves: its 'disconnected' is no news. */
  private closing = false;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private renewTimer: ReturnType<typeof setTimeout> | undefined;
  private readyTimer: ReturnType<typeof setTimeout> | undefined;
  private watched = new WeakSet<Reservation>();
  private readonly now: () => number;

  constructor(private readonly deps: LiveDeps) {
    this.now = deps.now ?? serverNow;
  }

  start(): void {
    this.stopped = false;
    this.attempt = 0;
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    clearTimeout(this.renewTimer);
    clearTimeout(this.readyTimer);
    if (this.worker) {
      this.closeSocket(this.worker);
      this.worker.removeAllListeners();
      // Emitters of errors that nobody hears would throw.
      this.worker.on('error', () => {});
    }
    this.worker = null;
    this.token = null;
  }

  /** The network may be back: do not sit out the pause. */
  retryNow(): void {
    if (!this.stopped && this.retryTimer !== undefined) this.scheduleConnect(1200);
  }

  /** An action was refused as unauthorised: fetch a new token without waiting for the timer. */
  renewNow(): void {
    if (!this.stopped && this.worker && this.retryTimer === undefined) void this.renew();
  }

  private async connect(): Promise<void> {
    this.retryTimer = undefined;
    const fresh = await this.freshToken();
    if (this.stopped) return;
    if (!fresh) {
      this.lost();
      return;
    }
    if (this.worker) {
      this.worker.updateToken(fresh.token);
    } else {
      try {
        this.worker = this.deps.createWorker(fresh.token);
      } catch (error) {
        this.fail(error);
        return;
      }
      this.watch(this.worker);
    }
    this.scheduleRenewal();
    this.expectReady();
  }

  /** The token at hand when it lasts, or a new one; null when there is no answer. */
  private async freshToken(): Promise<WorkerToken | null> {
    if (this.token && this.token.expiresAt - this.now() > RENEW_MIN_MS) return this.token;
    try {
      this.token = await this.deps.createToken();
      this.deps.events.emit('tokenUpdated');
      return this.token;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        this.stop();
        this.deps.onSessionEnded();
      }
      return null;
    }
  }

  private scheduleRenewal(): void {
    clearTimeout(this.renewTimer);
    if (!this.token) return;
    const life = this.token.expiresAt - this.now();
    const wait = Math.max(life / 2, life - Math.max(RENEW_MIN_MS, life * RENEW_SHARE));
    this.renewTimer = setTimeout(
      () => void this.renew(),
      Math.min(Math.max(1000, wait), MAX_TIMER_MS),
    );
  }

  private async renew(): Promise<void> {
    const old = this.token;
    this.token = null;
    const fresh = await this.freshToken();
    if (this.stopped || !this.worker) return;
    if (!fresh) {
      // The old one may still hold: look again soon, the socket stays.
      this.token = old;
      this.renewTimer = setTimeout(() => void this.renew(), reconnectDelay(2));
      return;
    }
    if (this.retryTimer !== undefined) return;
    this.closeSocket(this.worker);
    this.worker.updateToken(fresh.token);
    this.scheduleRenewal();
    this.expectReady();
  }

  private closeSocket(worker: Worker): void {
    this.closing = true;
    try {
      worker.disconnect();
    } finally {
      this.closing = false;
    }
  }

  /** A socket that opens but never gets its data is as good as none. */
  private expectReady(): void {
    clearTimeout(this.readyTimer);
    this.readyTimer = setTimeout(() => this.lost(), READY_TIMEOUT_MS);
  }

  private lost(): void {
    if (this.stopped) return;
    clearTimeout(this.readyTimer);
    if (this.worker) this.closeSocket(this.worker);
    if (this.attempt > 0) this.token = null; // it may be the token that is refused: our clock is not the server's
    if (this.retryTimer === undefined) this.scheduleConnect(reconnectDelay(this.attempt++));
  }

  private scheduleConnect(delay: number): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.connect(), delay);
    const at = this.now();
    this.deps.store.dispatch(disconnected({ at, nextAttemptAt: at + delay }));
    this.deps.events.emit('connectionStateChanged', 'disconnected');
  }

  private watch(worker: Worker): void {
    worker.on('ready', () => this.ready(worker));
    worker.on('disconnected', () => {
      if (!this.closing) this.lost();
    });
    worker.on('tokenExpired', () => {
      if (this.token) this.token = { ...this.token, expiresAt: 0 };
      this.lost();
    });
    worker.on('error', (error: Error) => {
      this.deps.events.emit('flexError', error);
      // The SDK gives up quietly when its first requests fail.
      if (/Failed to initialize Worker/.test(error?.message ?? '')) this.lost();
    });
    worker.on('reservationCreated', (reservation) => {
      this.watchReservation(reservation);
      this.tell('taskReceived', reservation);
    });
    worker.on('activityUpdated', () => {
      const previous = this.deps.store.getState().flex.worker.activity;
      this.deps.store.dispatch(workerUpdated(worker));
      const activity = this.deps.store.getState().flex.worker.activity;
      if (activity) this.deps.events.emit('workerActivityUpdated', activity, previous);
    });
    worker.on('attributesUpdated', () => {
      this.deps.store.dispatch(workerUpdated(worker));
      this.deps.events.emit(
        'workerAttributesUpdated',
        this.deps.store.getState().flex.worker.attributes,
      );
    });
  }

  private ready(worker: Worker): void {
    clearTimeout(this.readyTimer);
    this.attempt = 0;
    const before = this.deps.store.getState().flex.worker;
    const reservations = [...worker.reservations.values()];
    for (const reservation of reservations) this.watchReservation(reservation);
    this.deps.store.dispatch(
      workerReady({ worker, tasks: reservations.map((reservation) => new Task(reservation)) }),
    );
    this.deps.store.dispatch(connected(this.now()));
    this.deps.events.emit('connectionStateChanged', 'connected');
    const { tasks, activity } = this.deps.store.getState().flex.worker;
    for (const task of tasks.values()) {
      const isNews = task.status === 'pending' && !before.tasks.has(task.sid);
      if (isNews) this.deps.events.emit('taskReceived', task);
    }
    this.tellActivity(activity, before.activity);
  }

  private tellActivity(activity: Activity | null, previous: Activity | null): void {
    if (!activity || activity.sid === previous?.sid) return;
    this.deps.events.emit('workerActivityUpdated', activity, previous);
    if (previous) this.deps.events.emit('workerActivityChangedWhileAway', activity, previous);
  }

  private watchReservation(reservation: Reservation): void {
    if (this.watched.has(reservation)) return;
    this.watched.add(reservation);
    for (const [name, event] of Object.entries(RESERVATION_EVENTS)) {
      reservation.on(name as keyof typeof RESERVATION_EVENTS, () => this.tell(event, reservation));
    }
    // The other task events come as reservation events as well.
    reservation.task.on('updated', () => this.tell('taskUpdated', reservation));
  }

  private tell(event: TaskEvent, reservation: Reservation): void {
    // A reservation of before the last reconnection has a younger twin.
    const current = this.worker?.reservations.get(reservation.sid);
    if (current && current !== reservation) return;
    const task = new Task(reservation);
    this.deps.store.dispatch(taskChanged(task));
    this.deps.events.emit(event, task);
  }

  private fail(error: unknown): void {
    this.deps.events.emit('flexError', error instanceof Error ? error : new Error(String(error)));
    this.lost();
  }
}
