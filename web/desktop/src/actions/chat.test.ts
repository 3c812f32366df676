import { expect, it, vi } from 'vitest';
import { emptyTalk } from '../../../talk/shape';
import { conversationChanged } from '../state/chat';
import { connected } from '../state/connection';
import { FakeWorker, fakeReservation } from '../state/fakes';
import { createStore } from '../state/store';
import { Task } from '../state/task';
import { workerReady } from '../state/worker';
import { registerChatActions } from './chat';
import { ActionsManager } from './framework';
import { registerInteractionActions } from './interactions';
import type { Manager } from './manager';

function setUp() {
  const store = createStore();
  const talk = { send: vi.fn(), writing: vi.fn(), retry: vi.fn() };
  const chat = { talk: (sid: string) => (sid === 'CH1' ? talk : undefined) };
  const interactions = { park: vi.fn(), leave: vi.fn() };
  const reservation = fakeReservation('WR1', {
    attributes: {
      conversationSid: 'CH1',
      flexInteractionSid: 'KD1',
      flexInteractionChannelSid: 'UO1',
    },
  });
  const transfer = vi.fn();
  Object.assign(reservation.task, { transfer });
  const worker = new FakeWorker('t').asWorker();
  store.dispatch(workerReady({ worker, tasks: [new Task(reservation)] }));
  store.dispatch(connected(1));
  store.dispatch(conversationChanged({ sid: 'CH1', talk: emptyTalk }));
  const actions = new ActionsManager();
  const manager = { store, chat, interactions } as unknown as Manager;
  registerChatActions(actions, manager);
  registerInteractionActions(actions, manager);
  const input = () => store.getState().flex.chat.conversations.CH1?.input;
  return { actions, talk, interactions, transfer, input };
}

it('sends what is written with its files, and empties the box', async () => {
  const { actions, talk, input } = setUp();
  const file = new File(['x'], 'a.txt');
  await actions.invokeAction('SetInputText', { conversationSid: 'CH1', body: ' hello ' });
  await actions.invokeAction('AttachFiles', { conversationSid: 'CH1', files: [file] });
  await actions.invokeAction('SendMessage', { conversationSid: 'CH1' });
  expect(talk.send).toHaveBeenCalledWith('hello', [file]);
  expect(input()).toEqual({ text: '', files: [] });
});

it('does not send nothing, and says when a conversation is not open', async () => {
  const { actions, talk } = setUp();
  await actions.invokeAction('SendMessage', { conversationSid: 'CH1' });
  expect(talk.send).not.toHaveBeenCalled();
  await expect(
    actions.invokeAction('SendMessage', { conversationSid: 'CH2', body: 'x' }),
  ).rejects.toThrow('not open');
});

it('refuses a file that is too big, and keeps the others', async () => {
  const { actions, input } = setUp();
  const small = new File(['x'], 'small');
  await actions.invokeAction('AttachFiles', { conversationSid: 'CH1', files: [small] });
  const big = new File([], 'film');
  Object.defineProperty(big, 'size', { value: 11 * 1024 * 1024 });
  await expect(
    actions.invokeAction('AttachFiles', { conversationSid: 'CH1', files: [big] }),
  ).rejects.toThrow('film is too big');
  expect(input()?.files).toEqual([small]);
  await actions.invokeAction('DetachFile', { conversationSid: 'CH1', file: small });
  expect(input()?.files).toEqual([]);
});

it('parks, leaves and hands on', async () => {
  const { actions, interactions, transfer } = setUp();
  const channel = { interactionSid: 'KD1', channelSid: 'UO1' };
  await actions.invokeAction('PauseChannel', { sid: 'WR1' });
  expect(interactions.park).toHaveBeenCalledWith(channel, 'worker');
  await actions.invokeAction('LeaveChannel', { sid: 'WR1' });
  expect(interactions.leave).toHaveBeenCalledWith(channel, 'WR1');
  await actions.invokeAction('TransferTask', {
    sid: 'WR1',
    targetSid: 'WK2',
    options: { mode: 'COLD' },
  });
  expect(transfer).toHaveBeenCalledWith('WK2', { mode: 'COLD' });
});
