/** A conversation's list of messages and map of participants, as Sync keeps them, made into what a transcript shows. */
import { emptyTalk, type Line, type Other, type TalkState } from '../../../../talk/shape';
import type { Rows } from '../../api/sync';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function parsed(value: unknown): Record<string, unknown> {
  try {
    const found: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    return found !== null && typeof found === 'object' ? (found as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The maps that say how those are called who take part without saying it themselves. */
export const nameMapsOf = (roster: Rows): string[] =>
  [...roster.values()].flatMap((data) =>
    parsed(data.attributes).friendlyName ? [] : text(data.userInfo) || [],
  );

/** Out of a user's info map. */
export const nameOf = (info: Rows): string => text(info.get('friendlyName')?.value);

function othersOf(roster: Rows, names: ReadonlyMap<string, string>): Other[] {
  return [...roster].map(([sid, data]) => {
    const identity = text(data.identity) || null;
    const told = text(parsed(data.attributes).friendlyName);
    const read = data.lastConsumedMessageIndex;
    return {
      sid,
      identity,
      name: told || names.get(text(data.userInfo)) || identity || 'Customer',
      channel: text(data.type),
      readTo: typeof read === 'number' ? read : -1,
    };
  });
}

function filesOf(medias: unknown): Line['attachments'] {
  if (!Array.isArray(medias)) return [];
  return medias.map((one: Record<string, unknown>) => ({
    sid: text(one.sid),
    name: text(one.filename) || 'file',
    type: text(one.contentType),
    size: Number(one.size) || 0,
  }));
}

/** names: by the name of the map that says them. */
export function talkOf(
  messages: Rows,
  roster: Rows,
  known: ReadonlyMap<string, string>,
): TalkState {
  const others = othersOf(roster, known);
  const names = new Map(others.map((one) => [one.identity ?? one.sid, one.name]));
  const lines = [...messages].map(([key, data]): Line => {
    const author = text(data.author);
    return {
      key: text(data.sid) || key,
      index: Number(key),
      mine: false,
      author,
      name: names.get(author) ?? author,
      body: text(data.text),
      at: Date.parse(text(data.timestamp)) || 0,
      edited: false,
      attachments: filesOf(data.medias),
    };
  });
  lines.sort((a, b) => a.index - b.index);
  return { ...emptyTalk, lines, others };
}
