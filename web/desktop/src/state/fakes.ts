/** Stand-ins for the SDK's objects, for tests. Real emitters; the rest is what the desktop reads. */
import { EventEmitter } from 'node:events';
import type { Reservation, Worker } from 'twilio-taskrouter';

export interface FakeReservation extends EventEmitter {
  sid: string;
  status: Reservation['status'];
  task: EventEmitter & { sid: string; attributes: unknown };
}

export function fakeReservation(sid: string, over: Partial<Record<string, unknown>> = {}) {
  const { attributes = { name: `Customer ${sid}` }, ...rest } = over;
  const task = Object.assign(new EventEmitter(), {
    sid: sid.replace('WR', 'WT'),
    status: 'reserved',
    attributes,
    queueName: 'Everyone',
    queueSid: 'WQ1',
    workflowName: 'Assign to Anyone',
    workflowSid: 'WW1',
    taskChannelSid: 'TC1',
    taskChannelUniqueName: 'default',
    priority: 0,
    reason: '',
    timeout: 86400,
    dateCreated: new Date(1_000_000),
    completions: [] as unknown[],
    async complete(reason: string) {
      this.completions.push(reason);
    },
    async wrapUp(options: unknown) {
      this.completions.push(options);
    },
  });
  const reservation = Object.assign(new EventEmitter(), {
    sid,
    status: 'pending',
    workerSid: 'WK1',
    timeout: 60,
    dateCreated: new Date(1_000_000),
    dateUpdated: new Date(1_000_000),
    task,
    async accept() {
      this.status = 'accepted';
    },
    async reject() {
      this.status = 'rejected';
    },
    ...rest,
  });
  return reservation as typeof reservation & Reservation;
}

export const OFFLINE = { sid: 'WA1', name: 'Offline', available: false };
export const AVAILABLE = { sid: 'WA2', name: 'Available', available: true };

export class FakeWorker extends EventEmitter {
  sid = 'WK1';
  name = 'alice';
  attributes: Record<string, unknown> = { full_name: 'Alice Moreau' };
  activity = OFFLINE;
  dateStatusChanged = new Date(1_000_000);
  reservations = new Map<string, Reservation>();
  tokens: string[];
  disconnects = 0;
  /** What was asked of setAsCurrent. */
  changes: unknown[] = [];
  activities = new Map(
    [OFFLINE, AVAILABLE].map((one) => [
      one.sid,
      {
        ...one,
        setAsCurrent: async (options: unknown) => {
          this.changes.push([one.name, options]);
          this.activity = one;
        },
      },
    ]),
  );

  constructor(token: string) {
    super();
    this.tokens = [token];
  }

  updateToken(token: string): void {
    this.tokens.push(token);
  }

  disconnect(): void {
    this.disconnects++;
    // The SDK reports this like every other loss.
    this.emit('disconnected', { message: 'SDK Disconnect' });
  }

  offer(reservation: Reservation): void {
    this.reservations.set(reservation.sid, reservation);
    this.emit('reservationCreated', reservation);
  }

  asWorker(): Worker {
    return this as unknown as Worker;
  }
}
