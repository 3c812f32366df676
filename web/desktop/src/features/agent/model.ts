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

export function stakeText(activity: string, offers: number): string {
  const what = offers === 1 ? 'The incoming task' : `The ${offers} incoming tasks`;
  return `${what} will be rejected and offered to somebody else when you change to ${activity}.`;
}
