/** What an agent does in a conversation, under Flex's names and payloads. */
import { inputChanged } from '../state/chat';
import { FILE_MB_MAX, FILES_MAX } from '../../../talk/shape';
import type { ActionsManager } from './framework';
import type { Manager } from './manager';

export interface ConversationPayload {
  conversationSid: string;
}
export interface SendMessagePayload extends ConversationPayload {
  body?: string;
  attachedFiles?: readonly File[];
}

export function registerChatActions(actions: ActionsManager, { store, chat }: Manager): void {
  const inputOf = (sid: string) => store.getState().flex.chat.conversations[sid]?.input;
  const talkOf = ({ conversationSid }: ConversationPayload) => {
    const talk = chat.talk(conversationSid);
    if (!talk) throw new Error('This conversation is not open.');
    return talk;
  };

  actions.registerAction(
    'SendMessage',
    (payload: SendMessagePayload) => {
      const body = payload.body?.trim() ?? '';
      const files = payload.attachedFiles ?? [];
      if (!body && files.length === 0) return;
      talkOf(payload).send(body, files);
      store.dispatch(inputChanged({ sid: payload.conversationSid, text: '', files: [] }));
    },
    (payload) => {
      const input = inputOf(payload.conversationSid);
      return Object.assign(payload, {
        body: payload.body ?? input?.text,
        attachedFiles: payload.attachedFiles ?? input?.files,
      });
    },
  );

  actions.registerAction('RetryMessage', (payload: ConversationPayload & { key: string }) =>
    talkOf(payload).retry(payload.key),
  );

  actions.registerAction('SendTyping', (payload: ConversationPayload) => talkOf(payload).writing());

  actions.registerAction(
    'SetInputText',
    ({ conversationSid, body }: ConversationPayload & { body: string }) => {
      store.dispatch(inputChanged({ sid: conversationSid, text: body }));
    },
  );

  actions.registerAction(
    'AttachFiles',
    ({ conversationSid, files }: ConversationPayload & { files: readonly File[] }) => {
      const all = [...(inputOf(conversationSid)?.files ?? []), ...files];
      const big = all.find((file) => file.size > FILE_MB_MAX * 1024 * 1024);
      if (big) throw new Error(`${big.name} is too big: ${FILE_MB_MAX} MB at most.`);
      if (all.length > FILES_MAX) throw new Error(`${FILES_MAX} files at most.`);
      store.dispatch(inputChanged({ sid: conversationSid, files: all }));
    },
  );

  actions.registerAction(
    'DetachFile',
    ({ conversationSid, file }: ConversationPayload & { file: File }) => {
      const files = (inputOf(conversationSid)?.files ?? []).filter((one) => one !== file);
      store.dispatch(inputChanged({ sid: conversationSid, files }));
    },
  );

  actions.registerAction('ShowEarlierMessages', (payload: ConversationPayload) =>
    talkOf(payload).showEarlier(),
  );

  actions.registerAction('OpenConversation', ({ conversationSid }: ConversationPayload) => {
    chat.retry(conversationSid);
  });
}
