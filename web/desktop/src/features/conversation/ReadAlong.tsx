import { Spinner } from '@twilio-paste/core/spinner';
import { useEffect, useMemo, useState } from 'react';
import { manager } from '../../actions';
import type { Rows } from '../../api/sync';
import { useRows } from '../../ui/useRows';
import styles from './Conversation.module.css';
import { nameMapsOf, nameOf, talkOf } from './readalong';
import { Transcript } from './Transcript';

/** How those are called whose participant does not say it: watched, for a name may come later. */
function useNames(roster: Rows | undefined): ReadonlyMap<string, string> {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const maps = roster ? nameMapsOf(roster).join(' ') : '';
  useEffect(() => {
    const stops = maps
      .split(' ')
      .filter(Boolean)
      .map((map) =>
        manager.readings.map(map, {
          rows: (info) => setNames((was) => new Map(was).set(map, nameOf(info))),
          fault: () => undefined, // then the identity has to do
        }),
      );
    return () => stops.forEach((stop) => stop());
  }, [maps]);
  return names;
}

/** A conversation as somebody sees it who has no part in it: nothing to write, and nobody is told. */
export function ReadAlong({ sid }: { sid: string }) {
  const messages = useRows<Rows>((w) => manager.readings.list(`${sid}.messages`, w), [sid]);
  const roster = useRows<Rows>((w) => manager.readings.map(`${sid}.roster`, w), [sid]);
  const names = useNames(roster.rows);
  const talk = useMemo(
    () => messages.rows && roster.rows && talkOf(messages.rows, roster.rows, names),
    [messages.rows, roster.rows, names],
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
