import { Button } from '@twilio-paste/core/button';
import { Spinner } from '@twilio-paste/core/spinner';
import { act, manager } from '../actions';
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

export function NoWorkerPage() {
  const payload = useAppSelector((state) => state.flex.session.ssoTokenPayload);
  return (
    <main className={styles.page} data-testid="no-worker-page">
      <h1>There is no desk for you here</h1>
      <p>
        You are signed in as {payload?.fullName}, but no worker belongs to this login, so no tasks
        can reach you. Whoever runs the centre can add one.
      </p>
      <Button variant="primary" onClick={() => void act('Logout')}>
        Sign out
      </Button>
    </main>
  );
}
