/**
 * What the desktop and its plugins call a task: the agent's view of one
 * reservation and of the task behind it, in the shape of Flex's ITask. It is a
 * snapshot: the SDK changes its own objects in place, so every event makes a
 * new Task, and whoever compares by identity sees the change.
 *
 * `sid` is the *reservation's*; the task's own is `taskSid`.
 */
import type { Reservation, Task as TaskRouterTask } from 'twilio-taskrouter';

export type ReservationStatus = Reservation['status'];

export interface Customer {
  name: string;
  phone?: string;
}

export class Task {
  readonly sid: string;
  readonly taskSid: string;
  readonly status: ReservationStatus;
  readonly taskStatus: TaskRouterTask['status'];
  readonly attributes: Record<string, unknown>;
  readonly queueName: string;
  readonly queueSid: string;
  readonly workflowName: string;
  readonly workflowSid: string;
  readonly workerSid: string;
  readonly taskChannelSid: string;
  readonly taskChannelUniqueName: string;
  readonly priority: number;
  readonly reason: string | null;
  /** Seconds the task may live in its workflow. The offer's own limit is `reservationTimeout`. */
  readonly timeout: number;
  readonly reservationTimeout: number;
  readonly reservationDateCreated: Date;
  readonly dateCreated: Date;
  readonly dateUpdated: Date;
  readonly source: TaskRouterTask;
  readonly sourceObject: Reservation;

  constructor(reservation: Reservation) {
    const task = reservation.task;
    this.sid = reservation.sid;
    this.taskSid = task.sid;
    this.status = reservation.status;
    this.taskStatus = task.status;
    this.attributes = isRecord(task.attributes) ? task.attributes : {};
    this.queueName = task.queueName ?? ''; // a task for one worker stands in no queue
    this.queueSid = task.queueSid;
    this.workflowName = task.workflowName;
    this.workflowSid = task.workflowSid;
    this.workerSid = reservation.workerSid;
    this.taskChannelSid = task.taskChannelSid;
    this.taskChannelUniqueName = task.taskChannelUniqueName;
    this.priority = task.priority;
    this.reason = task.reason ?? null;
    this.timeout = task.timeout;
    this.reservationTimeout = reservation.timeout;
    this.reservationDateCreated = reservation.dateCreated;
    this.dateCreated = task.dateCreated;
    this.dateUpdated = reservation.dateUpdated;
    this.source = task;
    this.sourceObject = reservation;
  }

  /** Seconds since the task was made, by the given clock. */
  ageAt(now: number): number {
    return Math.max(0, Math.floor((now - this.dateCreated.getTime()) / 1000));
  }

  /** Milliseconds until the offer goes to somebody else. */
  offerLeftAt(now: number): number {
    const end = this.reservationDateCreated.getTime() + this.reservationTimeout * 1000;
    return Math.min(this.reservationTimeout * 1000, Math.max(0, end - now));
  }

  get customer(): Customer {
    const a = this.attributes;
    const customers = isRecord(a.customers) ? a.customers : {};
    const address = firstText(customers.phone, a.phone, a.customerAddress, a.from);
    // Who writes from a web page has an identity for an address.
    const phone = address && /^(\w+:)?\+?[\d\s()/.-]+$/.test(address) ? address : undefined;
    const name = firstText(customers.name, a.customerName, a.name, phone);
    return { name: name ?? 'Unknown customer', phone };
  }

  get topic(): string | undefined {
    return firstText(this.attributes.topic, this.attributes.subject, this.attributes.type);
  }

  /** The conversation that the task is about, when it is about one. */
  get conversationSid(): string | undefined {
    return firstText(this.attributes.conversationSid, this.attributes.channelSid);
  }

  /** Where Flex keeps it; without it the task cannot be parked or left. */
  get interactionChannel(): { interactionSid: string; channelSid: string } | undefined {
    const { flexInteractionSid, flexInteractionChannelSid } = this.attributes;
    const interactionSid = firstText(flexInteractionSid) ?? `KD${this.taskSid.slice(2)}`;
    const channelSid = firstText(flexInteractionChannelSid);
    return channelSid ? { interactionSid, channelSid } : undefined;
  }

  get channelType(): string {
    return firstText(this.attributes.channelType) ?? this.taskChannelUniqueName;
  }

  get message(): string | undefined {
    return firstText(this.attributes.message);
  }

  get page(): string | undefined {
    return firstText(this.attributes.page);
  }

  setAttributes(attributes: Record<string, unknown>): Promise<unknown> {
    return this.source.setAttributes(attributes);
  }

  /** Somebody else has taken it over: what we end is our part of it, not the task. */
  get handedOver(): boolean {
    // The SDK's types and the wire disagree about the spelling.
    return /^complete/i.test(this.source.transfers?.outgoing?.status ?? '');
  }

  complete(reason: string): Promise<unknown> {
    return this.handedOver ? this.sourceObject.complete() : this.source.complete(reason);
  }

  wrapUp(reason: string): Promise<unknown> {
    return this.handedOver ? this.sourceObject.wrap() : this.source.wrapUp({ reason });
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function firstText(...values: unknown[]): string | undefined {
  const found = values.find((v) => typeof v === 'string' && v.trim() !== '');
  return typeof found === 'string' ? found.trim() : undefined;
}

const OPEN: readonly ReservationStatus[] = ['pending', 'accepted', 'wrapping'];

/** Whether a reservation is still the agent's business. */
export function isOpen(task: Pick<Task, 'status'>): boolean {
  return OPEN.includes(task.status);
}

/** Offers first (the most urgent on top), then work in progress, then wrap-up; oldest first within each. */
export function inListOrder(tasks: Iterable<Task>): Task[] {
  return [...tasks].sort((a, b) => {
    const byStatus = OPEN.indexOf(a.status) - OPEN.indexOf(b.status);
    if (byStatus !== 0) return byStatus;
    const byDate = a.reservationDateCreated.getTime() - b.reservationDateCreated.getTime();
    return byDate !== 0 ? byDate : a.sid < b.sid ? -1 : 1;
  });
}
