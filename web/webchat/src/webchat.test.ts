import { expect, test } from 'vitest';
import { settingsOf } from './settings';
import { Refused, Sessions } from './session';
import { merged, type Line } from '../../talk/shape';
import { sizeOf, transcriptOf } from './transcript';
import { partsOf } from './message';
import { languages, speechFor } from './words';

const SRC = 'https://help.example.com/webchat/embed.js';

const line = (index: number, body: string, more: Partial<Line> = {}): Line => ({
  key: `IM${index}`,
  index,
  mine: false,
  author: 'ada',
  name: 'Ada',
  body,
  at: Date.UTC(2026, 0, 2, 3, 4) + index * 60_000,
  edited: false,
  attachments: [],
  ...more,
});

test('the script tag says which address, how it looks and what is known', () => {
  const settings = settingsOf(SRC, {
    address: 'IG1',
    theme: 'dark',
    skipForm: '',
    fieldOrderNumber: '4711',
  });
  expect(settings).toMatchObject({
    base: 'https://help.example.com/webchat/',
    address: 'IG1',
    theme: 'dark',
    skipForm: true,
    startOpen: false,
    fields: { orderNumber: '4711' },
  });
  expect(settingsOf(SRC, { theme: 'pink', open: 'false' })).toMatchObject({
    address: 'default',
    theme: 'auto',
    startOpen: false,
  });
});

test('a language is the first wish that we speak', () => {
  expect(speechFor('pt-BR', 'en').language).toBe('pt');
  expect(speechFor(undefined, 'xx', 'de-AT').language).toBe('de');
  expect(speechFor('xx').language).toBe('en');
  expect(speechFor('en').say('joined', { name: 'Ada' })).toBe('Ada has joined');
});

test('every language keeps the blanks of a sentence', () => {
  const blanks = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [language, words] of Object.entries(languages)) {
    for (const [word, text] of Object.entries(languages.en ?? {})) {
      expect(blanks(words[word as keyof typeof words]), `${language}.${word}`).toEqual(
        blanks(text),
      );
    }
  }
});

test('messages are in order and each once, the newer of two wins', () => {
  const lines = merged([line(0, 'a'), line(2, 'c')], [line(1, 'b'), line(2, 'c, edited')]);
  expect(lines.map((one) => one.body)).toEqual(['a', 'b', 'c, edited']);
});

test('addresses become links and nothing else does', () => {
  expect(partsOf('see https://a.example/x?y=1. Or <b>not</b>')).toEqual([
    'see ',
    'https://a.example/x?y=1',
    '. Or <b>not</b>',
  ]);
  expect(partsOf('javascript:alert(1)')).toEqual(['javascript:alert(1)']);
});

test('a transcript has everything that was said', () => {
  const text = transcriptOf(
    [
      line(0, 'Hello', { mine: true }),
      line(1, '', {
        attachments: [
          { sid: 'ME1', name: 'bill.pdf', type: '', size: 2048, url: async () => null },
        ],
      }),
    ],
    speechFor('en'),
  );
  expect(text.split('\n')[0]).toMatch(/^\[2026-01-02 \d\d:04\] You: Hello$/);
  expect(text).toContain('Ada: File bill.pdf, 2 kB');
  expect(sizeOf(3 * 1024 * 1024)).toBe('3.0 MB');
});

test('a session is kept, and a broken one is none', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const sessions = new Sessions(settingsOf(SRC, {}), storage);
  expect(sessions.stored()).toBeUndefined();
  kept.set('plugboard-webchat:https://help.example.com/webchat/:default', '{"token":');
  expect(sessions.stored()).toBeUndefined();
  sessions.forget();
  expect(kept.size).toBe(0);
});

test('a server that cannot be reached is said so', async () => {
  const sessions = new Sessions(settingsOf('http://127.0.0.1:1/webchat/embed.js', {}), undefined);
  await expect(sessions.begin('Ada', {})).rejects.toSatisfy(
    (error) => error instanceof Refused && error.kind === 'unreachable',
  );
});
