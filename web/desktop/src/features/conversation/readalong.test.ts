import { expect, test } from 'vitest';
import { talkOf } from './readalong';

test('messages in order, by the names that participants have', () => {
  const talk = talkOf(
    new Map<string, Record<string, unknown>>([
      ['10', { sid: 'IM10', author: 'ada', text: 'later', timestamp: '2026-01-05T12:01:00Z' }],
      ['9', { sid: 'IM9', author: '+4930', text: 'hello', timestamp: '2026-01-05T12:00:00Z' }],
    ]),
    new Map<string, Record<string, unknown>>([
      ['MB1', { identity: 'ada', type: 'chat', attributes: '{"friendlyName":"Ada L"}' }],
      ['MB2', { identity: null, type: 'sms', attributes: 'broken' }],
      ['MB3', { identity: 'bob', type: 'chat', attributes: '{}', userInfo: 'US3' }],
    ]),
    new Map([['US3', 'Bob Brown']]),
  );
  expect(talk.lines.map((line) => [line.name, line.body])).toEqual([
    ['+4930', 'hello'],
    ['Ada L', 'later'],
  ]);
  expect(talk.others.map((one) => one.name)).toEqual(['Ada L', 'Customer', 'Bob Brown']);
});
