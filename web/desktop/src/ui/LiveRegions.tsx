import { useSyncExternalStore } from 'react';
import { currentAnnouncements, subscribeToAnnouncements, type Announcement } from './announcer';
import styles from './Hidden.module.css';

function Region({ politeness, said }: { politeness: 'polite' | 'assertive'; said: Announcement }) {
  return (
    <div className={styles.hidden} data-testid={`announce-${politeness}`}>
      <div aria-live={politeness}>{said.count % 2 === 0 ? said.text : ''}</div>
      <div aria-live={politeness}>{said.count % 2 === 1 ? said.text : ''}</div>
    </div>
  );
}

export function LiveRegions() {
  const { polite, assertive } = useSyncExternalStore(
    subscribeToAnnouncements,
    currentAnnouncements,
  );
  return (
    <>
      <Region politeness="polite" said={polite} />
      <Region politeness="assertive" said={assertive} />
    </>
  );
}
