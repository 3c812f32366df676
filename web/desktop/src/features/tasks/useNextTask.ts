import { useEffect } from 'react';
import { act } from '../../actions';
import type { Task } from '../../state/task';

/**
 * Fills an empty canvas with the first task of the list when a task comes or
 * goes. An agent at work is not torn away from it, and a canvas that somebody
 * emptied on purpose stays empty until something happens.
 */
export function useNextTask(tasks: readonly Task[], selected: string | undefined): void {
  const present = tasks.map((task) => task.sid).join();
  useEffect(() => {
    const next = tasks[0];
    if (next && !selected) void act('SelectTask', { sid: next.sid });
  }, [present]);
}
