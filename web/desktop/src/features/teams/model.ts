/** What the teams view shows, without React: workers and the tasks in their hands, out of two live queries. */
import type { Rows } from '../../api/sync';
import { isRecord } from '../../state/task';

export interface TeamTask {
  sid: string;
  status: string;
  customer: string;
  queue: string;
  channel: string;
  since: number;
  conversationSid: string | undefined;
}

export interface TeamMember {
  sid: string;
  name: string;
  activity: string;
  since: number;
  tasks: readonly TeamTask[];
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const time = (value: unknown): number => {
  const ms = typeof value === 'number' ? value : Date.parse(String(value));
  return Number.isFinite(ms) ? ms : 0;
};

function taskOf(sid: string, data: Record<string, unknown>): TeamTask {
  const attributes = isRecord(data.attributes) ? data.attributes : {};
  const customers = isRecord(attributes.customers) ? attributes.customers : {};
  return {
    sid,
    status: text(data.status) ?? '',
    customer:
      text(customers.name) ??
      text(attributes.customerName) ??
      text(attributes.name) ??
      text(attributes.from) ??
      'Unknown customer',
    queue: text(data.queue_name) ?? '',
    channel: text(attributes.channelType) ?? text(data.task_channel_unique_name) ?? '',
    since: time(data.date_updated),
    conversationSid: text(attributes.conversationSid) ?? text(attributes.channelSid),
  };
}

const HELD = ['pending', 'accepted', 'wrapping', 'wrapup'];

export function teamOf(workers: Rows, reservations: Rows): TeamMember[] {
  const tasks = new Map<string, TeamTask[]>();
  for (const [sid, data] of reservations) {
    const worker = text(data.worker_sid);
    if (!worker || !HELD.includes(text(data.status) ?? '')) continue;
    const of = tasks.get(worker);
    if (of) of.push(taskOf(sid, data));
    else tasks.set(worker, [taskOf(sid, data)]);
  }
  const team = [...workers].map(([sid, data]): TeamMember => {
    const attributes = isRecord(data.attributes) ? data.attributes : {};
    return {
      sid,
      name: text(attributes.full_name) ?? text(data.friendly_name) ?? sid,
      activity: text(data.activity_name) ?? '',
      since: time(data.date_activity_changed),
      tasks: (tasks.get(sid) ?? []).sort((a, b) => a.since - b.since),
    };
  });
  return team.sort((a, b) => a.name.localeCompare(b.name) || (a.sid < b.sid ? -1 : 1));
}

export type TeamRow =
  | { kind: 'worker'; key: string; member: TeamMember }
  | { kind: 'task'; key: string; task: TeamTask; member: TeamMember };

export const rowsOf = (team: readonly TeamMember[]): TeamRow[] =>
  team.flatMap((member): TeamRow[] => [
    { kind: 'worker', key: member.sid, member },
    ...member.tasks.map((task): TeamRow => ({ kind: 'task', key: task.sid, task, member })),
  ]);

const heights = { worker: 52, task: 40 } as const;
export const heightOfRow = (row: TeamRow): number => heights[row.kind];
export const keyOfRow = (row: TeamRow): string => row.key;
export const isHeadingRow = (): boolean => false;

const quoted = (value: string): string => `"${value.replace(/[\\"]/g, '')}"`;

/** The live query for what is typed and ticked; never empty, which would be refused. */
export function expressionOf(search: string, everybody: boolean): string {
  const parts = [everybody ? 'data.worker_sid != ""' : 'data.activity_name != "Offline"'];
  const word = search.trim();
  if (word) parts.push(`(data.attributes.full_name CONTAINS ${quoted(word)})`);
  return parts.join(' AND ');
}

const words: Record<string, string> = {
  pending: 'Offered',
  accepted: 'In progress',
  wrapping: 'Wrapping up',
  wrapup: 'Wrapping up',
};
export const statusWord = (status: string): string => words[status] ?? status;
