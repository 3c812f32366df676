/** What was said, who is typing, and the place to write. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Composer } from './composer';
import { Bubble, PendingBubble } from './message';
import type { Talk } from '../../talk/talk';
import type { Line, Note, TalkState } from '../../talk/shape';
import type { Speech } from './words';

interface Props {
  talk: Talk;
  state: TalkState;
  connected: boolean;
  speech: Speech;
  onAnew: () => void;
}

const dayOf = (ms: number): string => new Date(ms).toDateString();

function dayName(ms: number, speech: Speech): string {
  const now = Date.now();
  if (dayOf(ms) === dayOf(now)) return speech.say('today');
  if (dayOf(ms) === dayOf(now - 86_400_000)) return speech.say('yesterday');
  return new Date(ms).toLocaleDateString(speech.language, { dateStyle: 'long' });
}

type Entry = { at: number; line: Line } | { at: number; note: Note };

function entriesOf(state: TalkState): Entry[] {
  const entries: Entry[] = [
    ...state.lines.map((line) => ({ at: line.at, line })),
    ...state.notes.map((note) => ({ at: note.at, note })),
  ];
  return entries.sort((a, b) => a.at - b.at);
}

export function Conversation({ talk, state, connected, speech, onAnew }: Props): JSX.Element {
  const log = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [height, setHeight] = useState(0);
  const last = state.lines[state.lines.length - 1];
  const named = (name: string): string => name || speech.say('agent');

  // One who reads what was said before is not pulled away from it; one who asked for earlier messages stays where he was.
  useLayoutEffect(() => {
    const box = log.current;
    if (!box) return;
    if (atEnd) box.scrollTop = box.scrollHeight;
    else if (height) box.scrollTop += box.scrollHeight - height;
    setHeight(0);
  }, [state.lines.length, state.pending.length, state.typing.length, state.notes.length]);
  useEffect(() => {
    if (state.pending.length) setAtEnd(true);
  }, [state.pending.length]);

  let day = '';
  return (
    <>
      {!connected && !state.closed && (
        <p class="banner" role="status">
          {speech.say('reconnecting')}
        </p>
      )}
      <div
        ref={log}
        class="log"
        role="log"
        aria-label={speech.say('title')}
        tabIndex={0}
        onScroll={(event) => {
          const box = event.currentTarget;
          setAtEnd(box.scrollHeight - box.scrollTop - box.clientHeight < 40);
        }}
      >
        {state.earlier && (
          <button
            type="button"
            class="plain earlier"
            onClick={() => {
              setHeight(log.current?.scrollHeight ?? 0);
              void talk.showEarlier();
            }}
          >
            {speech.say('earlier')}
          </button>
        )}
        {entriesOf(state).map((entry) => {
          const fresh = dayOf(entry.at) !== day;
          day = dayOf(entry.at);
          return (
            <>
              {fresh && <p class="day">{dayName(entry.at, speech)}</p>}
              {'note' in entry ? (
                <p class="note" key={entry.note.key}>
                  {speech.say(entry.note.word, { name: named(entry.note.name) })}
                </p>
              ) : (
                <Bubble
                  key={entry.line.key}
                  line={entry.line}
                  speech={speech}
                  fate={
                    entry.line.mine && entry.line === last
                      ? speech.say(state.readTo >= entry.line.index ? 'read' : 'sent')
                      : undefined
                  }
                />
              )}
            </>
          );
        })}
        {state.pending.map((one) => (
          <PendingBubble
            key={one.key}
            pending={one}
            speech={speech}
            onRetry={() => talk.retry(one.key)}
          />
        ))}
        {state.others.length === 0 && state.lines.length > 0 && !state.closed && (
          <p class="note">{speech.say('waiting')}</p>
        )}
      </div>
      <p class="typing" role="status">
        {state.typing.map((name) => speech.say('typing', { name: named(name) })).join(' ')}
      </p>
      {state.closed ? (
        <div class="ended" role="status">
          <p>{speech.say('ended')}</p>
          <button type="button" class="main" data-first onClick={onAnew}>
            {speech.say('anew')}
          </button>
        </div>
      ) : (
        <Composer
          speech={speech}
          onTyping={() => talk.writing()}
          onSend={(body, files) => talk.send(body, files)}
        />
      )}
    </>
  );
}
