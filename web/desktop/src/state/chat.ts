/**
 * `state.flex.chat`: the conversations that the agent has part in, by conversation sid. What was said is one plain state
 * (web/talk), replaced and never edited; what is being written stays when the agent looks elsewhere.
 */
import { createAction, type Action } from '@reduxjs/toolkit';
import { emptyTalk, type TalkState } from '../../../talk/shape';
import { sessionEnded } from './session';

export interface ConversationInput {
  text: string;
  files: readonly File[];
}

export interface ConversationState {
  isLoading: boolean;
  /** Why it could not be opened. */
  fault: string | undefined;
  talk: TalkState;
  input: ConversationInput;
}

export interface ChatState {
  connectionState: 'disconnected' | 'connecting' | 'connected';
  conversations: Readonly<Record<string, ConversationState>>;
}

const emptyInput: ConversationInput = { text: '', files: [] };
const unopened: ConversationState = {
  isLoading: true,
  fault: undefined,
  talk: emptyTalk,
  input: emptyInput,
};

const initialState: ChatState = { connectionState: 'disconnected', conversations: {} };

export const chatConnection = createAction<ChatState['connectionState']>('chat/connection');
export const conversationOpening = createAction<string>('chat/opening');
export const conversationChanged = createAction<{ sid: string; talk: TalkState }>('chat/changed');
export const conversationFailed = createAction<{ sid: string; fault: string }>('chat/failed');
export const conversationLeft = createAction<string>('chat/left');
export const inputChanged = createAction<{ sid: string } & Partial<ConversationInput>>(
  'chat/inputChanged',
);

function withOne(state: ChatState, sid: string, change: Partial<ConversationState>): ChatState {
  const was = state.conversations[sid] ?? unopened;
  return { ...state, conversations: { ...state.conversations, [sid]: { ...was, ...change } } };
}

// Written without Immer, as the worker's: a talk is put in whole for every key that is pressed somewhere.
export function chatReducer(state: ChatState = initialState, action: Action): ChatState {
  if (chatConnection.match(action)) return { ...state, connectionState: action.payload };
  if (conversationOpening.match(action)) {
    return withOne(state, action.payload, { isLoading: true, fault: undefined });
  }
  if (conversationChanged.match(action)) {
    const { sid, talk } = action.payload;
    return withOne(state, sid, { isLoading: false, fault: undefined, talk });
  }
  if (conversationFailed.match(action)) {
    const { sid, fault } = action.payload;
    return withOne(state, sid, { isLoading: false, fault });
  }
  if (inputChanged.match(action)) {
    const { sid, ...change } = action.payload;
    const was = state.conversations[sid]?.input ?? emptyInput;
    return withOne(state, sid, { input: { ...was, ...change } });
  }
  if (conversationLeft.match(action)) {
    const { [action.payload]: _, ...conversations } = state.conversations;
    return { ...state, conversations };
  }
  return sessionEnded.match(action) ? initialState : state;
}
