/** What helps in a conversation: what is written often, and what the customer wrote before. */
import { request } from './client';

export interface CannedResponse {
  sid: string;
  section: string;
  label: string;
  text: string;
}

export const readCannedResponses = async () =>
  (await request<{ canned_responses: CannedResponse[] }>('GET', '/desktop/canned-responses'))
    .canned_responses;

export interface PastConversation {
  conversation_sid: string;
  friendly_name: string | null;
  channel: string;
  state: string;
  messages_count: number;
  date_created: string;
  date_updated: string;
  last_message: string | null;
}

export interface PastMessage {
  sid: string;
  index: number;
  author: string;
  body: string | null;
  media: { sid: string; filename: string | null; content_type: string; size: number }[];
  date_created: string;
}

const historyOf = (sid: string) => `/desktop/conversations/${sid}/history`;

export const readHistory = async (sid: string) =>
  (await request<{ conversations: PastConversation[] }>('GET', historyOf(sid))).conversations;

/** The last messages of an earlier conversation, oldest first. */
export const readPast = async (sid: string, other: string) =>
  (
    await request<{ messages: PastMessage[] }>('GET', `${historyOf(sid)}/${other}`)
  ).messages.reverse();
