import { describe, expect, it } from 'vitest';
import { reconnectDelay } from './backoff';
import { noteServerDate, serverNow } from './clock';
import { Emitter } from './emitter';
import { messageOf } from './errors';
import {
  duration,
  fillTemplate,
  flattenAttributes,
  humanise,
  initials,
  spokenDuration,
  webUrl,
} from './format';

describe('format', () => {
  it('writes durations', () => {
    expect(duration(-5)).toBe('0:00');
    expect(duration(7_900)).toBe('0:07');
    expect(duration(760_000)).toBe('12:40');
    expect(duration(3_753_000)).toBe('1:02:33');
    expect(duration(2 * 86_400_000 + 3 * 3_600_000)).toBe('2 d 3 h');
    expect(spokenDuration(61_000)).toBe('1 minute 1 second');
    expect(spokenDuration(120_000)).toBe('2 minutes');
  });

  it('turns keys into words', () => {
    expect(humanise('customerAddress')).toBe('Customer address');
    expect(humanise('customers.phone_number')).toBe('Customers phone number');
  });

  it('flattens attributes, whatever a stranger put there', () => {
    expect(
      flattenAttributes({ a: 1, b: { c: null, d: ['x', 2] }, e: [], f: [{ g: true }] }),
    ).toEqual([
      { key: 'a', value: '1' },
      { key: 'b.c', value: '' },
      { key: 'b.d', value: 'x, 2' },
      { key: 'e', value: '' },
      { key: 'f.0.g', value: 'true' },
    ]);
    expect(flattenAttributes(null)).toEqual([]);
    const wide = Object.fromEntries(Array.from({ length: 999 }, (_, i) => [`k${i}`, i]));
    expect(flattenAttributes(wide)).toHaveLength(200);
  });

  it('links only to web addresses', () => {
    expect(webUrl('https://example.com/a')).toBe('https://example.com/a');
    expect(webUrl('javascript:alert(1)')).toBeUndefined();
    expect(webUrl('example.com')).toBeUndefined();
  });

  it('makes initials and fills templates', () => {
    expect(initials('Alice van der Moreau')).toBe('AM');
    expect(initials('')).toBe('?');
    expect(fillTemplate('{{ task.name }} left {{nothing}}.', { task: { name: 'Ann' } })).toBe(
      'Ann left .',
    );
  });
});

describe('messageOf', () => {
  it("keeps the server's sentence", () => {
    expect(messageOf(new Error('Request failed with status code 400. Already taken.'))).toBe(
      'Already taken.',
    );
    expect(messageOf(new Error('Server responded with status code 503. '))).toMatch(/status 503/);
    expect(messageOf(new Error('Network Error'))).toMatch(/cannot be reached/);
    expect(messageOf(undefined)).toMatch(/went wrong/);
  });
});

describe('reconnectDelay', () => {
  it('grows, is spread, and is bounded', () => {
    expect(reconnectDelay(0, () => 0)).toBe(1200);
    expect(reconnectDelay(3, () => 0)).toBe(6000);
    expect(reconnectDelay(3, () => 1)).toBe(12_000);
    expect(reconnectDelay(50, () => 1)).toBe(20_000);
  });
});

describe('clock', () => {
  it('follows the server only when the difference is real', () => {
    const now = Date.now();
    noteServerDate(new Date(now + 300_000).toUTCString(), now, now);
    expect(serverNow() - Date.now()).toBeGreaterThan(298_000);
    noteServerDate(new Date(now + 1000).toUTCString(), now, now);
    expect(Math.abs(serverNow() - Date.now())).toBeLessThan(50);
    noteServerDate('nonsense', now, now);
    expect(Math.abs(serverNow() - Date.now())).toBeLessThan(50);
  });
});

describe('Emitter', () => {
  it('survives a listener that throws', () => {
    const emitter = new Emitter<{ x: [number] }>();
    const seen: number[] = [];
    const error = console.error;
    console.error = () => {};
    emitter.on('x', () => {
      throw new Error('no');
    });
    const off = emitter.on('x', (n) => seen.push(n));
    emitter.emit('x', 1);
    off();
    emitter.emit('x', 2);
    console.error = error;
    expect(seen).toEqual([1]);
  });
});
