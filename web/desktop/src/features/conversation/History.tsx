import { useEffect, useState } from 'react';
import { readHistory, readPast, type PastConversation, type PastMessage } from '../../api/helps';
import styles from './History.module.css';
import { channelName, clockOf } from './model';

const dateOf = (iso: string) =>
  new Date(iso).toLocaleDateString(undefined, { dateStyle: 'medium' });

/** What this customer wrote before, and what was answered. */
export function History({ sid }: { sid: string }) {
  const [rows, setRows] = useState<readonly PastConversation[]>();
  const [fault, setFault] = useState(false);
  useEffect(() => {
    setRows(undefined);
    setFault(false);
    readHistory(sid).then(setRows, () => setFault(true));
  }, [sid]);
  return (
    <section className={styles.box} aria-labelledby="history-heading" data-testid="history">
      <h3 id="history-heading">Earlier conversations</h3>
      {fault && <p role="alert">They cannot be loaded now.</p>}
      {!rows && !fault && <p>Loading…</p>}
      {rows?.length === 0 && <p>This customer has not written before.</p>}
      <ul className={styles.list}>
        {rows?.map((row) => (
          <li key={row.conversation_sid}>
            <Past through={sid} row={row} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Past({ through, row }: { through: string; row: PastConversation }) {
  const [messages, setMessages] = useState<readonly PastMessage[]>();
  return (
    <details
      className={styles.past}
      data-testid="past-conversation"
      onToggle={(event) => {
        if (!event.currentTarget.open || messages) return;
        readPast(through, row.conversation_sid).then(setMessages, () => setMessages([]));
      }}
    >
      <summary>
        <strong>{dateOf(row.date_created)}</strong> {channelName(row.channel)}
        {row.state === 'active' && ' · open'}
        <span>{row.last_message ?? 'Nothing was said'}</span>
      </summary>
      {!messages && <p>Loading…</p>}
      <ol>
        {messages?.map((message) => (
          <li key={message.sid}>
            <span>
              {message.author}, {clockOf(Date.parse(message.date_created))}
            </span>
            {message.body}
            {message.media.map((file) => (
              <em key={file.sid}> {file.filename ?? 'a file'}</em>
            ))}
          </li>
        ))}
      </ol>
    </details>
  );
}
