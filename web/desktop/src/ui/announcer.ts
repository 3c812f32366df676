/**
 * What a screen reader should say, from anywhere. Two live regions stand in the
 * page all the time (app/LiveRegions); a text that repeats is told again because
 * it is put into the other half of its pair.
 */
type Politeness = 'polite' | 'assertive';

export interface Announcement {
  text: string;
  count: number;
}

const silence: Announcement = { text: '', count: 0 };
let current: Record<Politeness, Announcement> = { polite: silence, assertive: silence };
const listeners = new Set<() => void>();

export function announce(text: string, politeness: Politeness = 'polite'): void {
  const count = current[politeness].count + 1;
  current = { ...current, [politeness]: { text, count } };
  for (const listener of listeners) listener();
}

export function subscribeToAnnouncements(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const currentAnnouncements = () => current;
