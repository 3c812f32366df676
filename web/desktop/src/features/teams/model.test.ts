import { expect, test } from 'vitest';
import { expressionOf, rowsOf, teamOf } from './model';

const worker = (name: string, activity = 'Available') => ({
  attributes: { full_name: name },
  activity_name: activity,
  date_activity_changed: '2026-01-05T12:00:00Z',
});

test('workers by name, each with the tasks in hand, oldest first', () => {
  const team = teamOf(
    new Map<string, Record<string, unknown>>([
      ['WK2', worker('Bob')],
      ['WK1', worker('Alice')],
    ]),
    new Map<string, Record<string, unknown>>([
      [
        'WR1',
        {
          worker_sid: 'WK1',
          status: 'accepted',
          date_updated: 2000,
          attributes: { customerName: 'Zoe', conversationSid: 'CH1' },
        },
      ],
      ['WR2', { worker_sid: 'WK1', status: 'wrapping', date_updated: 1000, attributes: {} }],
      ['WR3', { worker_sid: 'WK1', status: 'completed', date_updated: 1000 }],
    ]),
  );
  expect(team.map((one) => one.name)).toEqual(['Alice', 'Bob']);
  expect(team[0]?.tasks.map((task) => task.sid)).toEqual(['WR2', 'WR1']);
  expect(team[0]?.tasks[1]).toMatchObject({ customer: 'Zoe', conversationSid: 'CH1' });
  expect(rowsOf(team).map((row) => row.key)).toEqual(['WK1', 'WR2', 'WR1', 'WK2']);
});

test('what is typed cannot end the query', () => {
  expect(expressionOf('', false)).toBe('data.activity_name != "Offline"');
  expect(expressionOf(' a" OR "b\\', true)).toBe(
    'data.worker_sid != "" AND (data.attributes.full_name CONTAINS "a OR b")',
  );
});
