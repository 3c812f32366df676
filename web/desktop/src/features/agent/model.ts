import type { Activity } from '../../state/worker';
import type { Task } from '../../state/task';
import type { Tone } from '../../ui/Dot';

export function toneOf(activity: Pick<Activity, 'name' | 'available'> | null): Tone {
  if (!activity) return 'quiet';
  if (activity.available) return 'good';
  return activity.name.toLowerCase() === 'offline' ? 'quiet' : 'warn';
}

/** TaskRouter refuses to take somebody with an open offer off work, unless the offer is given back. */
export function offersAtStake(activity: Activity, tasks: Iterable<Task>): number {
  if (activity.available) return 0;
  return [...tasks].filter((task) => task.status === 'pending').length;
}

/** What a customer would feel of it; undefined when nobody would. */
export function signOutText(tasks: Iterable<Task>): string | undefined {
  const all = [...tasks];
  const offers = all.filter((task) => task.status === 'pending').length;
  const open = all.length - offers;
  const some = (n: number, one: string, many: string) => (n === 1 ? one : `${n} ${many}`);
  const parts: string[] = [];
  if (open > 0) {
    parts.push(
      `You still have ${some(open, 'one open task', 'open tasks')}, which will stay assigned to you while you are away.`,
    );
  }
  if (offers > 0) {
    parts.push(`${some(offers, 'The incoming task', 'incoming tasks')} will be rejected.`);
  }
  return parts.length > 0 ? parts.join(' ') : undefined;
}

export function stakeText(activity: string, offers: number): string {
  const what = offers === 1 ? 'The incoming task' : `The ${offers} incoming tasks`;
  return `${what} will be rejected and offered to somebody else when you change to ${activity}.`;
}
