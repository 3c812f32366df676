import { expect, test } from 'vitest';
import type { Line } from '../../../../talk/shape';
import { dayName, entriesOf, fateWord, partsOf, smsParts, typingLine } from './model';

const NOON = new Date(2026, 0, 5, 12).getTime();
const line = (index: number, author: string, at: number, more: Partial<Line> = {}): Line => ({
  key: `k${index}`,
  index,
  mine: author === 'me',
  author,
  name: author,
  body: 'x',
  at,
  edited: false,
  attachments: [],
  ...more,
});

test('days get a heading, and who speaks is said once for what follows closely', () => {
  const entries = entriesOf({
    lines: [
      line(0, 'ada', NOON),
      line(1, 'ada', NOON + 1000),
      line(2, 'me', NOON + 2000),
      line(3, 'me', NOON + 600_000),
      line(4, 'me', NOON + 86_400_000),
    ],
    notes: [{ key: 'n', at: NOON + 601_000, word: 'left', name: 'ada' }],
  });
  expect(
    entries.map((e) => (e.kind === 'line' ? `${e.line.index}${e.head ? '!' : ''}` : e.kind)),
  ).toEqual(['day', '0!', '1', '2!', '3!', 'note', 'day', '4!']);
});

test('somebody who comes on an empty day gives it a heading', () => {
  const entries = entriesOf({
    lines: [],
    notes: [{ key: 'n', at: NOON, word: 'joined', name: 'a' }],
  });
  expect(entries.map((e) => e.kind)).toEqual(['day', 'note']);
});

test('yesterday is called so', () => {
  expect(dayName(NOON, NOON + 1000)).toBe('Today');
  expect(dayName(NOON, NOON + 86_400_000)).toBe('Yesterday');
  expect(dayName(NOON, NOON + 5 * 86_400_000)).toMatch(/2026/);
});

test('a failure is told although somebody has read it', () => {
  expect(fateWord(line(3, 'me', NOON, { fate: 'failed' }), 3)).toBe('Could not be delivered');
  expect(fateWord(line(3, 'me', NOON, { fate: 'delivered' }), 2)).toBe('Delivered');
  expect(fateWord(line(3, 'me', NOON), 3)).toBe('Read');
  expect(fateWord(line(3, 'me', NOON), 2)).toBe('Sent');
});

test('only addresses become links', () => {
  expect(partsOf('see https://a.example/x. <script>')).toEqual([
    'see ',
    'https://a.example/x',
    '. <script>',
  ]);
});

test('who is typing', () => {
  expect(typingLine([])).toBe('');
  expect(typingLine(['Ada'])).toBe('Ada is typing…');
  expect(typingLine(['Ada', 'Bob'])).toBe('2 people are typing…');
});

test('text messages are counted as networks do', () => {
  expect(smsParts('a'.repeat(160))).toBe(1);
  expect(smsParts('a'.repeat(161))).toBe(2);
  expect(smsParts('ж'.repeat(71))).toBe(2);
});
