import { humanise } from '../../lib/format';
import type { Task } from '../../state/task';

/** The tab's title: how much is waiting can be seen from another window. */
export function titleOf(product: string, incoming: number): string {
  if (incoming === 0) return product;
  return incoming === 1
    ? `(1) Incoming task – ${product}`
    : `(${incoming}) Incoming tasks – ${product}`;
}

export function incomingText(task: Task): string {
  const topic = task.topic ? `, ${humanise(task.topic)}` : '';
  return `Incoming task from ${task.customer.name}${topic}.`;
}

/** Which notice tells how a task ended: one that is parked or left has not been dealt with. */
export function endingOf(task: Task): 'TaskCompleted' | 'TaskParked' {
  return task.reason === 'Interaction channel parked' ? 'TaskParked' : 'TaskCompleted';
}
