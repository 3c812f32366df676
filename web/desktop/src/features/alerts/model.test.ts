import { expect, it } from 'vitest';
import type { Task } from '../../state/task';
import { incomingText, titleOf } from './model';

it('puts the number of offers into the title', () => {
  expect(titleOf('Plugboard', 0)).toBe('Plugboard');
  expect(titleOf('Plugboard', 1)).toBe('(1) Incoming task – Plugboard');
  expect(titleOf('Plugboard', 3)).toBe('(3) Incoming tasks – Plugboard');
});

it('says who is waiting for what', () => {
  const task = { customer: { name: 'Ann' }, topic: 'tech_support' } as Task;
  expect(incomingText(task)).toBe('Incoming task from Ann, Tech support.');
  expect(incomingText({ customer: { name: 'Ann' } } as Task)).toBe('Incoming task from Ann.');
});
