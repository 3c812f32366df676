import { Button } from '@twilio-paste/core/button';
import { Spinner } from '@twilio-paste/core/spinner';
import { manager } from '../actions';
import { restoreSession } from '../actions/session';
import { useAppSelector } from '../state/selectors';
import styles from './pages.module.css';

export function LoadingPage() {
  return (
    <main className={styles.page} aria-busy="true">
      <Spinner decorative={false} title="Loading" size="sizeIcon80" delay={300} />
    </main>
  );
}

export function UnreachablePage() {
  const notice = useAppSelector((state) => state.flex.session.notice);
  return (
    <main className={styles.page} data-testid="unreachable-page">
      <h1>The desktop cannot start</h1>
      <p role="alert">{notice}</p>
      <Button variant="primary" onClick={() => void restoreSession(manager)}>
        Try again
      </Button>
    </main>
  );
}
