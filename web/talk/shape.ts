/** What a conversation is made of when it is shown: plain values, replaced and never edited. */
import type { AggregatedDeliveryReceipt, Media } from '@twilio/conversations';

export const FILES_MAX = 10;
export const FILE_MB_MAX = 10;

export interface Attachment {
  sid: string;
  name: string;
  type: string;
  size: number;
  /** Where it can be fetched for a while; without one it is known by name only. */
  url?: () => Promise<string | null>;
}

/** What became of a message on its way through a messaging channel; the worst news first. */
export type Fate = 'failed' | 'undelivered' | 'read' | 'delivered' | 'sent';

export interface Line {
  /** Stable from its first appearance as pending. */
  key: string;
  index: number;
  mine: boolean;
  author: string;
  name: string;
  body: string;
  at: number;
  edited: boolean;
  attachments: readonly Attachment[];
  fate?: Fate;
}

export interface Pending {
  key: string;
  body: string;
  files: readonly File[];
  at: number;
  failed: boolean;
}

/** Somebody came or went while we looked on. */
export interface Note {
  key: string;
  at: number;
  word: 'joined' | 'left';
  name: string;
}

/** Somebody else. */
export interface Other {
  sid: string;
  identity: string | null;
  name: string;
  channel: string;
  readTo: number;
}

export interface TalkState {
  closed: boolean;
  lines: readonly Line[];
  notes: readonly Note[];
  pending: readonly Pending[];
  typing: readonly string[];
  others: readonly Other[];
  /** The last message that somebody else has read. */
  readTo: number;
  unread: number;
  earlier: boolean;
}

export const emptyTalk: TalkState = {
  closed: false,
  lines: [],
  notes: [],
  pending: [],
  typing: [],
  others: [],
  readTo: -1,
  unread: 0,
  earlier: false,
};

export function textOf(attributes: unknown, name: string): string | undefined {
  const value: unknown =
    attributes !== null && typeof attributes === 'object'
      ? Reflect.get(attributes, name)
      : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export const attachmentOf = (media: Media): Attachment => ({
  sid: media.sid,
  name: media.filename ?? media.sid,
  type: media.contentType,
  size: media.size,
  url: () => media.getContentTemporaryUrl(),
});

const FATES: readonly Fate[] = ['failed', 'undelivered', 'read', 'delivered', 'sent'];

export const fateOf = (receipt: AggregatedDeliveryReceipt | null): Fate | undefined =>
  receipt ? FATES.find((fate) => receipt[fate] !== 'none') : undefined;

/** In the order of their indexes, each once: the newer of two wins. */
export function merged(lines: readonly Line[], more: readonly Line[]): Line[] {
  const byIndex = new Map(lines.map((line) => [line.index, line]));
  for (const line of more) byIndex.set(line.index, line);
  return [...byIndex.values()].sort((a, b) => a.index - b.index);
}
