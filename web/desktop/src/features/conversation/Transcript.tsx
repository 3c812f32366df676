import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { TalkState } from '../../../../talk/shape';
import { Bubble, PendingBubble } from './Bubble';
import styles from './Conversation.module.css';
import { dayName, entriesOf, fateWord, typingLine } from './model';

interface Props {
  conversationSid: string;
  talk: TalkState;
  label: string;
  onEarlier?: () => void;
}

const NEAR = 60;

/** What was said. Whoever reads further up is not pulled away by what arrives: it is told at the end. */
export function Transcript({ conversationSid, talk, label, onEarlier }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const height = useRef(0);
  const [news, setNews] = useState(0);
  const last = talk.lines[talk.lines.length - 1];
  const ours = [...talk.lines].reverse().find((line) => line.mine);

  const toEnd = () => {
    const element = box.current;
    if (element) element.scrollTop = element.scrollHeight;
    setNews(0);
  };
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (height.current) {
      element.scrollTop += element.scrollHeight - height.current;
      height.current = 0;
    } else if (atEnd.current) toEnd();
    else setNews((n) => n + 1);
  }, [last?.key, talk.lines.length, talk.notes.length]);
  useLayoutEffect(toEnd, [talk.pending.length]);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => atEnd.current && toEnd());
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);

  return (
    <div className={styles.frame}>
      <div
        ref={box}
        className={styles.scroll}
        tabIndex={0}
        role="log"
        aria-label={label}
        data-testid="transcript"
        onScroll={({ currentTarget: t }) => {
          atEnd.current = t.scrollHeight - t.scrollTop - t.clientHeight < NEAR;
          if (atEnd.current) setNews(0);
        }}
      >
        <ol className={styles.lines}>
          {talk.earlier && onEarlier && (
            <li className={styles.middle}>
              <button
                type="button"
                className={styles.again}
                onClick={() => {
                  height.current = box.current?.scrollHeight ?? 0;
                  onEarlier();
                }}
              >
                Show earlier messages
              </button>
            </li>
          )}
          {entriesOf(talk).map((entry) => {
            if (entry.kind === 'day') {
              return (
                <li key={entry.key} className={styles.middle}>
                  {dayName(entry.at, Date.now())}
                </li>
              );
            }
            if (entry.kind === 'note') {
              const { name, word } = entry.note;
              return (
                <li key={entry.key} className={styles.middle}>
                  {name || 'Somebody'} {word === 'joined' ? 'has joined' : 'has left'}
                </li>
              );
            }
            const { line, head } = entry;
            const fate = line === ours ? fateWord(line, talk.readTo) : undefined;
            const worth = fate ?? (line.fate === 'failed' ? fateWord(line, -1) : undefined);
            return <Bubble key={entry.key} line={line} head={head} fate={worth} />;
          })}
          {talk.pending.map((pending) => (
            <PendingBubble key={pending.key} pending={pending} conversationSid={conversationSid} />
          ))}
        </ol>
      </div>
      {news > 0 && (
        <button type="button" className={styles.news} onClick={toEnd}>
          New messages ↓
        </button>
      )}
      <p className={styles.typing} role="status" data-testid="typing">
        {typingLine(talk.typing)}
      </p>
    </div>
  );
}
