/**
 * How long to wait before attempt n (from 0). Half of the wait is random, so
 * that a room full of agents does not come back in the same second after the
 * server restarts. The floor is above one second: see api/live.ts.
 */
export function reconnectDelay(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(20_000, 1500 * 2 ** Math.min(attempt, 10));
  return Math.round(Math.max(1200, ceiling / 2 + random() * (ceiling / 2)));
}
