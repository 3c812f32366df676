import { describe, expect, it } from 'vitest';
import { outcomeOf } from './api';
import { check, cleaned, firstFault, type Values } from './rules';

const good: Values = { name: 'Ann', phone: '+44 (20) 7946-0123', topic: 'billing', message: 'Hi' };
const topics = ['billing', 'support'];

describe('check', () => {
  it('lets through what the server takes', () => {
    expect(check(good, topics)).toEqual({});
    expect(check({ ...good, phone: '12345' }, topics)).toEqual({});
    expect(check({ ...good, topic: '' }, [])).toEqual({});
    expect(check({ ...good, name: '😀'.repeat(100), message: 'é'.repeat(2000) }, topics)).toEqual(
      {},
    );
  });

  it('names every fault, and the first one in the order of the form', () => {
    const faults = check(cleaned({ name: '  ', phone: '', topic: '', message: '\n' }), topics);
    expect(Object.keys(faults)).toEqual(['name', 'phone', 'topic', 'message']);
    expect(firstFault(faults)).toBe('name');
    expect(firstFault({ message: 'x', topic: 'y' })).toBe('topic');
    expect(firstFault({})).toBeUndefined();
  });

  it.each([
    '1234',
    '+'.repeat(6),
    'call me',
    '1'.repeat(33),
    '12345;6',
    '+1 (2) 3.4',
    '1'.repeat(21),
  ])('refuses %s as a number', (phone) => {
    expect(check({ ...good, phone }, topics).phone).toBeDefined();
  });

  it('refuses what is too long and topics that are not offered', () => {
    expect(check({ ...good, name: 'a'.repeat(101) }, topics).name).toMatch(/100/);
    expect(check({ ...good, message: 'a'.repeat(2001) }, topics).message).toMatch(/2000/);
    expect(check({ ...good, topic: 'other' }, topics).topic).toBeDefined();
  });
});

it('leaves out what cannot be shown', () => {
  const values = cleaned({ ...good, name: ' An\u0000n ', message: 'a\tb\r\nc\u009f\u001b' });
  expect(values).toMatchObject({ name: 'Ann', message: 'a b\nc' });
});

describe('outcomeOf', () => {
  it('reads every answer of the server', () => {
    expect(outcomeOf(201, { reference: 'PB-1' })).toEqual({ kind: 'sent', reference: 'PB-1' });
    expect(outcomeOf(400, { message: 'No.', details: { field: 'phone' } })).toEqual({
      kind: 'refused',
      message: 'No.',
      field: 'phone',
    });
    expect(outcomeOf(400, { message: 'No.', details: { field: 'constructor' } })).toEqual({
      kind: 'refused',
      message: 'No.',
      field: undefined,
    });
    expect(outcomeOf(429, { message: 'Wait.' })).toEqual({ kind: 'throttled', message: 'Wait.' });
    expect(outcomeOf(429, undefined).kind).toBe('throttled');
    expect(outcomeOf(502, '<html>')).toMatchObject({ kind: 'failed' });
  });
});
