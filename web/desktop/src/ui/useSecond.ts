import { useSyncExternalStore } from 'react';
import { currentSecond, subscribeToSeconds } from '../lib/clock';

/** Renders again once a second, together with everybody else who counts; the server's time in ms. */
export function useSecond(): number {
  return useSyncExternalStore(subscribeToSeconds, currentSecond);
}
