import { expect, it } from 'vitest';
import type { Task } from '../../state/task';
import { offersAtStake, signOutText, stakeText, toneOf } from './model';

const offline = { sid: 'WA1', name: 'Offline', available: false };
const available = { sid: 'WA2', name: 'Available', available: true };

it('colours activities by what they mean for work', () => {
  expect(toneOf(available)).toBe('good');
  expect(toneOf(offline)).toBe('quiet');
  expect(toneOf({ name: 'Lunch', available: false })).toBe('warn');
  expect(toneOf(null)).toBe('quiet');
});

it('counts the offers that a change would give back', () => {
  const tasks = [{ status: 'pending' }, { status: 'accepted' }, { status: 'pending' }] as Task[];
  expect(offersAtStake(offline, tasks)).toBe(2);
  expect(offersAtStake(available, tasks)).toBe(0);
  expect(stakeText('Offline', 1)).toMatch(/^The incoming task will be rejected/);
  expect(stakeText('Offline', 2)).toMatch(/^The 2 incoming tasks/);
});

it('warns before signing out of work', () => {
  const tasks = (...states: string[]) => states.map((status) => ({ status })) as Task[];
  expect(signOutText([])).toBeUndefined();
  expect(signOutText(tasks('pending'))).toBe('The incoming task will be rejected.');
  expect(signOutText(tasks('accepted'))).toMatch(/^You still have one open task, which/);
  expect(signOutText(tasks('accepted', 'wrapping', 'pending', 'pending'))).toMatch(
    /2 open tasks.* 2 incoming tasks will be rejected/,
  );
});
