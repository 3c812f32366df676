import { expect, test } from 'vitest';
import { matching } from './canned';

const row = (label: string, text: string, section = 'General') => ({
  sid: label,
  section,
  label,
  text,
});
const rows = [
  row('Refund', 'We pay back the bill', 'Billing'),
  row('Bill copy', 'Here is your bill', 'Billing'),
  row('Hello', 'Good day'),
];
const labels = (query: string) => matching(rows, query).map((one) => one.label);

test('every word must be there, a label that begins so comes first', () => {
  expect(labels('bill')).toEqual(['Bill copy', 'Refund']);
  expect(labels('bill pay')).toEqual(['Refund']);
  expect(labels('nothing')).toEqual([]);
});

test('without words all of them, by section', () => {
  expect(labels(' ')).toEqual(['Bill copy', 'Refund', 'Hello']);
});
