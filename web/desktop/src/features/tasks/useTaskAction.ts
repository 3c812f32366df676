import { useEffect, useRef, useState } from 'react';
import { act } from '../../actions';

/** Runs one action of a task at a time; which one is running disables its buttons. */
export function useTaskAction(sid: string) {
  const [running, setRunning] = useState<string | null>(null);
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  const run = async (name: string, payload: object = {}): Promise<void> => {
    if (running) return;
    setRunning(name);
    await act(name, { sid, ...payload });
    if (alive.current) setRunning(null);
  };
  return { running, run };
}
