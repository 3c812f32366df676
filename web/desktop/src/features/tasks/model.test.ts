import { describe, expect, it } from 'vitest';
import { fakeReservation, AVAILABLE, OFFLINE } from '../../state/fakes';
import { Task } from '../../state/task';
import {
  heightOfRow,
  idleOf,
  isHeadingRow,
  secondLine,
  statusWord,
  toRows,
  targetsOf,
} from './model';

const task = (sid: string, status: string, attributes?: unknown) =>
  new Task(fakeReservation(sid, attributes ? { status, attributes } : { status }));

describe('toRows', () => {
  it('puts tasks under headings with their numbers, and leaves out what is empty', () => {
    const rows = toRows([task('WR1', 'pending'), task('WR2', 'pending'), task('WR3', 'wrapping')]);
    expect(
      rows.map((row) => (row.kind === 'heading' ? `${row.title} ${row.count}` : row.key)),
    ).toEqual(['Incoming 2', 'WR1', 'WR2', 'Wrapping up 1', 'WR3']);
    expect(rows.map(isHeadingRow)).toEqual([true, false, false, true, false]);
    expect(rows.map(heightOfRow)).toEqual([36, 128, 128, 36, 64]);
    expect(toRows([])).toEqual([]);
  });
});

it('says what a task is about and how it stands', () => {
  expect(secondLine(task('WR1', 'pending', { topic: 'tech_support' }))).toBe(
    'Tech support · Everyone',
  );
  expect(secondLine(task('WR1', 'pending', {}))).toBe('Everyone');
  expect(secondLine(task('WR1', 'pending', { topic: 'everyone' }))).toBe('Everyone');
  expect(['pending', 'accepted', 'wrapping'].map((s) => statusWord(task('WR1', s)))).toEqual([
    'Incoming',
    'In progress',
    'Wrapping up',
  ]);
});

it('tells an idle agent why nothing comes', () => {
  expect(idleOf(AVAILABLE, true).heading).toBe('You are Available. Waiting for work.');
  expect(idleOf({ name: 'Lunch', available: false }, true).heading).toMatch(/^Your activity is L/);
  expect(idleOf(OFFLINE, true).heading).toBe('You are Offline: go Available to receive work.');
  expect(idleOf(AVAILABLE, false).heading).toBe('Not connected');
  expect(idleOf(null, false).heading).toMatch(/Connecting/);
});

describe('targetsOf', () => {
  const workers = new Map<string, Record<string, unknown>>([
    ['WK1', { attributes: { full_name: 'Me' }, activity_name: 'Available' }],
    ['WK2', { attributes: { full_name: 'Zoe' }, activity_name: 'Break' }],
    ['WK3', { friendly_name: 'bob', attributes: {}, activity_name: 'Available' }],
  ]);
  const queues = new Map<string, Record<string, unknown>>([['WQ1', { queue_name: 'Billing' }]]);

  it('lists colleagues, then queues, without oneself', () => {
    expect(targetsOf(workers, queues, 'WK1', '').map((t) => t.name)).toEqual([
      'bob',
      'Zoe',
      'Billing',
    ]);
  });

  it('finds by a part of the name', () => {
    expect(targetsOf(workers, queues, 'WK1', 'BILL').map((t) => t.sid)).toEqual(['WQ1']);
  });
});
