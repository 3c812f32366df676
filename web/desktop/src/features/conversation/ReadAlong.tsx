import { Spinner } from '@twilio-paste/core/spinner';
import { useMemo } from 'react';
import { manager } from '../../actions';
import type { Rows } from '../../api/sync';
import { useRows } from '../../ui/useRows';
import styles from './Conversation.module.css';
import { talkOf } from './readalong';
import { Transcript } from './Transcript';

/** A conversation as somebody sees it who has no part in it: nothing to write, and nobody is told. */
export function ReadAlong({ sid }: { sid: string }) {
  const messages = useRows<Rows>((w) => manager.readings.list(`${sid}.messages`, w), [sid]);
  const roster = useRows<Rows>((w) => manager.readings.map(`${sid}.roster`, w), [sid]);
  const talk = useMemo(
    () => messages.rows && roster.rows && talkOf(messages.rows, roster.rows),
    [messages.rows, roster.rows],
  );
  const fault = messages.fault ?? roster.fault;
  if (!talk) {
    return (
      <section className={styles.instead} aria-busy={!fault}>
        {fault ? (
          <p role="alert">The conversation cannot be read: {fault}</p>
        ) : (
          <Spinner decorative={false} title="Opening the conversation" delay={300} />
        )}
      </section>
    );
  }
  return (
    <section className={styles.conversation} aria-label="Conversation" data-testid="read-along">
      <header className={styles.people}>{talk.others.map((one) => one.name).join(', ')}</header>
      <Transcript conversationSid={sid} talk={talk} label="Messages" />
    </section>
  );
}
