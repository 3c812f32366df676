/** What the conversation shows, without React. */
import type { Line, Note, TalkState } from '../../../../talk/shape';

export type Entry =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'note'; key: string; note: Note }
  /** `head`: who it is from is said once for what follows closely. */
  | { kind: 'line'; key: string; line: Line; head: boolean };

const CLOSE_MS = 5 * 60_000;
const dayOf = (ms: number): string => new Date(ms).toDateString();

/** Messages and comings and goings in the order of their times, with a heading a day. */
export function entriesOf({ lines, notes }: Pick<TalkState, 'lines' | 'notes'>): Entry[] {
  const entries: Entry[] = [];
  let day = '';
  let before: Line | undefined;
  let next = 0;
  const turn = (at: number): void => {
    if (dayOf(at) === day) return;
    day = dayOf(at);
    before = undefined;
    entries.push({ kind: 'day', key: `day ${day}`, at });
  };
  const tellUntil = (at: number): void => {
    for (let note = notes[next]; note && note.at < at; note = notes[++next]) {
      turn(note.at);
      entries.push({ kind: 'note', key: note.key, note });
      before = undefined;
    }
  };
  for (const line of lines) {
    tellUntil(line.at);
    turn(line.at);
    const head = before?.author !== line.author || line.at - before.at > CLOSE_MS;
    entries.push({ kind: 'line', key: line.key, line, head });
    before = line;
  }
  tellUntil(Infinity);
  return entries;
}

export function dayName(ms: number, now: number): string {
  if (dayOf(ms) === dayOf(now)) return 'Today';
  if (dayOf(ms) === dayOf(now - 86_400_000)) return 'Yesterday';
  return new Date(ms).toLocaleDateString(undefined, { dateStyle: 'long' });
}

export const clockOf = (ms: number): string =>
  new Date(ms).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });

const fates = {
  failed: 'Could not be delivered',
  undelivered: 'Could not be delivered',
  read: 'Read',
  delivered: 'Delivered',
  sent: 'Sent',
} as const;

/** Under our last message: what is known of its way. */
export function fateWord(line: Line, readTo: number): string {
  if (line.fate === 'failed' || line.fate === 'undelivered') return fates[line.fate];
  if (readTo >= line.index) return fates.read;
  return line.fate ? fates[line.fate] : fates.sent;
}

export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

const ADDRESS = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'])/;
/** Every second part is an address. */
export const partsOf = (text: string): string[] => text.split(ADDRESS);

export function typingLine(names: readonly string[]): string {
  if (names.length === 0) return '';
  if (names.length === 1) return `${names[0] || 'Somebody'} is typing…`;
  return `${names.length} people are typing…`;
}

/** How a channel is called by people. */
const channels: Record<string, string> = {
  web: 'Web chat',
  chat: 'Web chat',
  sms: 'SMS',
  whatsapp: 'WhatsApp',
  messenger: 'Messenger',
  email: 'Email',
  rcs: 'RCS',
};
export const channelName = (channel: string): string => channels[channel] ?? channel;

/** SMS parts, so that an agent sees what a long message costs. */
export function smsParts(text: string): number {
  const plain = /^[\n\r -~£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉÄÖÑÜ§¿äöñüà€¡¤]*$/.test(text);
  const [one, more] = plain ? [160, 153] : [70, 67];
  return text.length <= one ? 1 : Math.ceil(text.length / more);
}
