import { NotificationIcon } from '@twilio-paste/icons/esm/NotificationIcon';
import { Button } from '@twilio-paste/core/button';
import { useState } from 'react';
import { manager } from '../../actions';
import { useAppSelector } from '../../state/selectors';
import { browserNotificationsChosen } from '../../state/config';
import styles from './NotificationPrompt.module.css';

/** Asks in the page first: the browser's own question appears only after a yes, and can be asked only once. */
export function NotificationPrompt() {
  const choice = useAppSelector((state) => state.flex.config.browserNotifications.choice);
  const [refused, setRefused] = useState(false);
  const possible = 'Notification' in window && window.isSecureContext;
  if (!possible || choice !== 'unasked') {
    return refused ? (
      <p className={styles.refused}>
        The browser does not allow notifications. You can change that in its site settings.
      </p>
    ) : null;
  }
  const choose = (to: 'on' | 'off') => manager.store.dispatch(browserNotificationsChosen(to));
  const allow = async () => {
    const permission = await Notification.requestPermission();
    setRefused(permission !== 'granted');
    choose(permission === 'granted' ? 'on' : 'off');
  };
  return (
    <aside className={styles.prompt} aria-label="Notifications" data-testid="notification-prompt">
      <NotificationIcon decorative color="colorTextIcon" />
      <p>
        <strong>Working in another window?</strong> Plugboard can notify you of incoming tasks.
      </p>
      <Button variant="secondary" size="small" onClick={() => void allow()}>
        Turn on
      </Button>
      <Button variant="link" size="small" onClick={() => choose('off')}>
        Not now
      </Button>
    </aside>
  );
}
