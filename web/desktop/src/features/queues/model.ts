/** A queue's figures as its map has them, made into what a line shows. */
import type { Rows } from '../../api/sync';
import { isRecord } from '../../state/task';

export interface QueueFigures {
  waiting: number;
  inHand: number;
  wrapping: number;
  /** Since when the longest waits, ms; 0: nobody does. */
  waitingSince: number;
  available: number;
  eligible: number;
  /** Percent of those of the last thirty minutes who were answered in time; undefined: there were none. */
  inTime: number | undefined;
  handledToday: number;
}

const number = (value: unknown): number => (typeof value === 'number' ? value : Number(value) || 0);
const part = (data: unknown, key: string): Record<string, unknown> => {
  const found = isRecord(data) ? data[key] : undefined;
  return isRecord(found) ? found : {};
};
function time(value: unknown): number {
  const ms = typeof value === 'string' ? Date.parse(value) : number(value);
  return Number.isFinite(ms) ? ms : 0;
}

export function figuresOf(rows: Rows): QueueFigures {
  const now = part(rows.get('tasks_now'), 'queue');
  const half = part(rows.get('tasks_thirty_minutes'), 'queue');
  const today = part(rows.get('tasks_today'), 'queue');
  const workers = rows.get('worker_activities_statistics') ?? {};
  return {
    waiting: number(now.pending_tasks) + number(now.reserved_tasks),
    inHand: number(now.assigned_tasks),
    wrapping: number(now.wrapping_tasks),
    waitingSince: time(now.longest_task_waiting_from),
    available: number(workers.total_available_workers),
    eligible: number(workers.total_eligible_workers),
    inTime: typeof half.sla_percentage === 'number' ? half.sla_percentage : undefined,
    handledToday: number(today.handled_tasks_count),
  };
}

export interface QueueName {
  sid: string;
  name: string;
}

export function queuesOf(rows: Rows, search: string): QueueName[] {
  const word = search.trim().toLowerCase();
  return [...rows]
    .map(([sid, data]) => ({ sid, name: String(data.queue_name ?? sid) }))
    .filter(({ name }) => name.toLowerCase().includes(word))
    .sort((a, b) => a.name.localeCompare(b.name) || (a.sid < b.sid ? -1 : 1));
}
