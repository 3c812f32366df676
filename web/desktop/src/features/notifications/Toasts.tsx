import { Toast } from '@twilio-paste/core/toast';
import { useEffect, useSyncExternalStore } from 'react';
import { Notifications, type NotificationType } from '../../actions';
import { announce } from '../../ui/announcer';
import styles from './Toasts.module.css';

const variants: Record<NotificationType, 'neutral' | 'success' | 'warning' | 'error'> = {
  information: 'neutral',
  success: 'success',
  warning: 'warning',
  error: 'error',
};

const subscribe = (listener: () => void) => Notifications.on('changed', listener);

/** Messages in the corner. They never take the focus away from what the agent is typing. */
export function Toasts() {
  const active = useSyncExternalStore(subscribe, () => Notifications.activeNotifications);
  useEffect(
    () =>
      Notifications.on('notificationAdded', (n) =>
        announce(n.text, n.type === 'error' ? 'assertive' : 'polite'),
      ),
    [],
  );
  if (active.length === 0) return null;
  return (
    <div className={styles.corner}>
      {active.map((n) => (
        <Toast
          key={n.key}
          variant={variants[n.type]}
          setFocus={false}
          role="group"
          aria-live="off"
          data-testid={`notification-${n.id}`}
          onDismiss={() => Notifications.dismissNotification(n.key)}
        >
          {n.text}
        </Toast>
      ))}
    </div>
  );
}
