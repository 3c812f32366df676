import type { Conversation } from '@twilio/conversations';
import { expect, test } from 'vitest';
import { Talk } from '../../talk/talk';
import { fateOf } from '../../talk/shape';

type Hear = (...args: never[]) => void;

/** As much of the SDK's conversation as a talk uses; what is sent arrives when the test says so. */
class Fake {
  readonly hears = new Map<string, Hear>();
  readonly said: Record<string, unknown>[] = [];
  readonly people = [
    { sid: 'MB1', identity: 'ada', type: 'chat', attributes: {}, lastReadMessageIndex: -1 },
  ];
  readonly read: number[] = [];
  lastReadMessageIndex: number | null = null;
  state = { current: 'active' };
  broken = false;

  on(event: string, hear: Hear): void {
    this.hears.set(event, hear);
  }
  tell(event: string, ...args: unknown[]): void {
    this.hears.get(event)?.(...(args as never[]));
  }
  getParticipants = async () => this.people;
  getMessages = async () => ({ items: [...this.said], hasPrevPage: false });
  typing = async () => undefined;
  advanceLastReadMessageIndex = async (index: number) => {
    this.read.push(index);
    return 0;
  };
  message(author: string, body: string, attributes: unknown = {}) {
    const index = this.said.length;
    const message = {
      sid: `IM${index}`,
      index,
      author,
      body,
      attributes,
      dateCreated: new Date(index),
      lastUpdatedBy: null,
      attachedMedia: null,
      aggregatedDeliveryReceipt: null,
    };
    this.said.push(message);
    return message;
  }
  prepareMessage() {
    const draft = { body: '', attributes: {} as unknown };
    const builder = {
      setBody: (body: string) => ((draft.body = body), builder),
      setAttributes: (attributes: unknown) => ((draft.attributes = attributes), builder),
      build: () => ({
        send: async () => {
          await Promise.resolve();
          if (this.broken) throw new Error('no connection');
          this.tell('messageAdded', this.message('me', draft.body, draft.attributes));
        },
      }),
    };
    return builder;
  }
}

async function talkWith(fake: Fake) {
  let keys = 0;
  const talk = new Talk(fake as unknown as Conversation, {
    me: 'me',
    nameOf: async (identity) => (identity === 'ada' ? 'Ada' : ''),
    changed: () => undefined,
    newKey: () => `k${keys++}`,
    now: () => 1000,
  });
  await talk.start();
  return talk;
}
const settle = () => new Promise((resolve) => setTimeout(resolve));

test('what is written is pending, then said, once', async () => {
  const fake = new Fake();
  const talk = await talkWith(fake);
  talk.send('hello');
  expect(talk.state.pending.map((one) => one.body)).toEqual(['hello']);
  await settle();
  expect(talk.state.pending).toEqual([]);
  expect(talk.state.lines).toMatchObject([{ body: 'hello', mine: true, key: 'k0' }]);
});

test('what failed goes out again when the connection is back', async () => {
  const fake = new Fake();
  const talk = await talkWith(fake);
  fake.broken = true;
  talk.send('one');
  await settle();
  expect(talk.state.pending).toMatchObject([{ body: 'one', failed: true }]);
  fake.broken = false;
  await talk.reconnected();
  await settle();
  expect(talk.state.pending).toEqual([]);
  expect(fake.said).toHaveLength(1);
});

test('what had arrived although its answer was lost is not sent twice', async () => {
  const fake = new Fake();
  const talk = await talkWith(fake);
  fake.broken = true;
  talk.send('one');
  await settle();
  fake.message('me', 'one', { client_key: 'k0' });
  fake.broken = false;
  await talk.reconnected();
  await settle();
  expect(fake.said).toHaveLength(1);
  expect(talk.state.lines).toHaveLength(1);
  expect(talk.state.pending).toEqual([]);
});

test('unread until somebody looks, then read to the end', async () => {
  const fake = new Fake();
  const talk = await talkWith(fake);
  fake.tell('messageAdded', fake.message('ada', 'hi'));
  expect(talk.state).toMatchObject({ unread: 1, lines: [{ name: 'Ada', mine: false }] });
  expect(fake.read).toEqual([]);
  talk.watch(true);
  expect(talk.state.unread).toBe(0);
  expect(fake.read).toEqual([0]);
});

test('typing ends with a message, and others are called by their names', async () => {
  const fake = new Fake();
  const talk = await talkWith(fake);
  fake.tell('typingStarted', fake.people[0]);
  expect(talk.state.typing).toEqual(['Ada']);
  fake.tell('messageAdded', fake.message('ada', 'hi'));
  expect(talk.state.typing).toEqual([]);
  fake.tell('participantLeft', fake.people[0]);
  expect(talk.state.notes).toMatchObject([{ word: 'left', name: 'Ada' }]);
});

test('the end of a conversation is seen', async () => {
  const fake = new Fake();
  const talk = await talkWith(fake);
  fake.state.current = 'closed';
  fake.tell('updated', {});
  expect(talk.state.closed).toBe(true);
});

test('of what became of a message the worst is told', () => {
  const receipt = (more: object) =>
    fateOf({
      total: 2,
      sent: 'none',
      delivered: 'none',
      read: 'none',
      failed: 'none',
      undelivered: 'none',
      ...more,
    } as never);
  expect(receipt({ sent: 'all', failed: 'some' })).toBe('failed');
  expect(receipt({ sent: 'all', delivered: 'some' })).toBe('delivered');
  expect(receipt({})).toBeUndefined();
  expect(fateOf(null)).toBeUndefined();
});
