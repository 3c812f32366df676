/** What the task list and the canvas show, without React. */
import { humanise } from '../../lib/format';
import type { Rows } from '../../api/sync';
import { isRecord, type Task } from '../../state/task';

export type ListRow =
  | { kind: 'heading'; key: string; title: string; count: number }
  | { kind: 'incoming'; key: string; task: Task }
  | { kind: 'task'; key: string; task: Task };

const sections = [
  { status: 'pending', title: 'Incoming', kind: 'incoming' },
  { status: 'accepted', title: 'In progress', kind: 'task' },
  { status: 'wrapping', title: 'Wrapping up', kind: 'task' },
] as const;

/** Expects tasks in list order; empty sections have no heading. */
export function toRows(tasks: readonly Task[]): ListRow[] {
  const rows: ListRow[] = [];
  for (const { status, title, kind } of sections) {
    const found = tasks.filter((task) => task.status === status);
    if (found.length === 0) continue;
    rows.push({ kind: 'heading', key: status, title, count: found.length });
    for (const task of found) rows.push({ kind, key: task.sid, task });
  }
  return rows;
}

/** Fixed by the style sheet: nothing is measured (see ui/virtual). */
const heights = { heading: 36, incoming: 128, task: 64 } as const;

export const heightOfRow = (row: ListRow): number => heights[row.kind];
export const keyOfRow = (row: ListRow): string => row.key;
export const isHeadingRow = (row: ListRow): boolean => row.kind === 'heading';

export function statusWord(task: Task): string {
  if (task.status === 'pending') return 'Incoming';
  return task.status === 'wrapping' ? 'Wrapping up' : 'In progress';
}

/** Topic and queue; one of them when they say the same. */
export function aboutOf(task: Task): string[] {
  const topic = task.topic && humanise(task.topic);
  const same = topic?.toLowerCase() === task.queueName.toLowerCase();
  const queue = task.queueName || 'For you';
  return topic && !same ? [topic, queue] : [queue];
}

export function secondLine(task: Task): string {
  return aboutOf(task).join(' · ');
}

/** Activities are named by whoever runs the centre: nobody is Lunch. */
const isAdjective = (activity: string): boolean =>
  /^(offline|unavailable|busy|away)$/i.test(activity);

/** What to tell an agent who has nothing to do. */
export interface Idle {
  heading: string;
  text: string;
}

export function idleOf(
  activity: { name: string; available: boolean } | null,
  connected: boolean,
): Idle {
  if (!activity) return { heading: 'Connecting…', text: 'Your tasks appear here in a moment.' };
  if (!connected) {
    return {
      heading: 'Not connected',
      text: 'No tasks can reach you until the connection is back.',
    };
  }
  if (activity.available) {
    return {
      heading: `You are ${activity.name}. Waiting for work.`,
      text: 'The next task that fits you appears on the left and rings.',
    };
  }
  return {
    heading: `${isAdjective(activity.name) ? 'You are' : 'Your activity is'} ${activity.name}: go Available to receive work.`,
    text: 'No tasks are offered to you now. Choose an activity at the top right.',
  };
}

export interface TransferTarget {
  sid: string;
  name: string;
  about: string;
}

/** Colleagues who are there, but for oneself, then queues; each by name. */
export function targetsOf(
  workers: Rows,
  queues: Rows,
  me: string | undefined,
  search: string,
): TransferTarget[] {
  const word = search.trim().toLowerCase();
  const sorted = (targets: TransferTarget[]) =>
    targets
      .filter(({ name }) => name.toLowerCase().includes(word))
      .sort((a, b) => a.name.localeCompare(b.name));
  const people = [...workers]
    .filter(([sid]) => sid !== me)
    .map(([sid, data]) => {
      const attributes = isRecord(data.attributes) ? data.attributes : {};
      const name = String(attributes.full_name ?? data.friendly_name ?? sid);
      return { sid, name, about: String(data.activity_name ?? '') };
    });
  const lines = [...queues].map(([sid, data]) => ({
    sid,
    name: String(data.queue_name ?? sid),
    about: 'Queue',
  }));
  return [...sorted(people), ...sorted(lines)];
}
