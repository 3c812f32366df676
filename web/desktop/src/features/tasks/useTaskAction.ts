import { useSyncExternalStore } from 'react';
import { act } from '../../actions';

/**
 * Which action of which task is on its way. Shared, because an offer has buttons
 * in the list and on the canvas, and one click is enough.
 */
const running = new Map<string, string>();
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(sid: string, name: string | null): void {
  if (name) running.set(sid, name);
  else running.delete(sid);
  for (const listener of [...listeners]) listener();
}

async function run(sid: string, name: string, payload: object): Promise<void> {
  if (running.has(sid)) return;
  set(sid, name);
  await act(name, { sid, ...payload });
  set(sid, null);
}

export function useTaskAction(sid: string) {
  const now = useSyncExternalStore(subscribe, () => running.get(sid) ?? null);
  return {
    run: (name: string, payload: object = {}) => run(sid, name, payload),
    /** Of the action's button: the one pressed turns, the others wait. */
    button: (name: string) => ({ loading: now === name, disabled: now !== null && now !== name }),
  };
}
