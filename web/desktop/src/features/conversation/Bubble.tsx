import { useEffect, useState } from 'react';
import type { Attachment, Line, Pending } from '../../../../talk/shape';
import { act } from '../../actions';
import { Hidden } from '../../ui/Hidden';
import styles from './Conversation.module.css';
import { clockOf, partsOf, sizeOf } from './model';

/** Text is text, whatever a stranger put into it; addresses in it can be followed. */
function Text({ text }: { text: string }) {
  return (
    <p className={styles.text}>
      {partsOf(text).map((part, i) =>
        i % 2 ? (
          <a key={i} href={part} target="_blank" rel="noopener noreferrer nofollow">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </p>
  );
}

function File({ file }: { file: Attachment }) {
  const [url, setUrl] = useState<string | null>();
  useEffect(() => {
    let gone = false;
    file.url?.().then(
      (found) => !gone && setUrl(found),
      () => !gone && setUrl(null),
    );
    return () => {
      gone = true;
    };
  }, [file.sid]);
  const picture = file.type.startsWith('image/') && file.type !== 'image/svg+xml';
  if (url === null) return <p className={styles.file}>{file.name} cannot be loaded</p>;
  return (
    <a
      className={styles.file}
      href={url}
      target="_blank"
      rel="noopener noreferrer"
      data-testid="attachment"
    >
      {picture && url ? (
        <img src={url} alt={`Picture: ${file.name}`} loading="lazy" />
      ) : (
        <>
          {file.name} <span>({sizeOf(file.size)})</span>
        </>
      )}
    </a>
  );
}

export function Bubble({ line, head, fate }: { line: Line; head: boolean; fate?: string }) {
  return (
    <li className={styles.bubble} data-mine={line.mine} data-testid="message">
      {head ? (
        <p className={styles.who}>
          {line.mine ? 'You' : line.name || line.author}
          <time dateTime={new Date(line.at).toISOString()}>{clockOf(line.at)}</time>
        </p>
      ) : (
        <Hidden>{line.mine ? 'You' : line.name || line.author}</Hidden>
      )}
      <div className={styles.said}>
        {line.body && <Text text={line.body} />}
        {line.attachments.map((file) => (
          <File key={file.sid} file={file} />
        ))}
      </div>
      {(fate || line.edited) && (
        <p className={styles.fate}>{[line.edited && 'Edited', fate].filter(Boolean).join(' · ')}</p>
      )}
    </li>
  );
}

interface PendingProps {
  pending: Pending;
  conversationSid: string;
}

export function PendingBubble({ pending, conversationSid }: PendingProps) {
  return (
    <li className={styles.bubble} data-mine data-pending data-failed={pending.failed}>
      <Hidden>You</Hidden>
      <div className={styles.said}>
        {pending.body && <Text text={pending.body} />}
        {pending.files.map((file) => (
          <p key={file.name} className={styles.file}>
            {file.name}
          </p>
        ))}
      </div>
      <p className={styles.fate} role="status">
        {pending.failed ? 'Not sent ' : 'Sending…'}
        {pending.failed && (
          <button
            type="button"
            className={styles.again}
            onClick={() => void act('RetryMessage', { conversationSid, key: pending.key })}
          >
            Try again
          </button>
        )}
      </p>
    </li>
  );
}
