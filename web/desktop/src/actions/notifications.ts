/**
 * Short messages to the agent. Texts are registered once under an id and shown
 * with a context, as Flex does it, so that a plugin can reword or silence any.
 */
import { Emitter } from '../lib/emitter';
import { fillTemplate } from '../lib/format';

export type NotificationType = 'information' | 'success' | 'warning' | 'error';

export interface NotificationDefinition {
  id: string;
  /** May hold {{places}} for the context. */
  content: string;
  type: NotificationType;
  /** ms; 0 stays until it is dismissed. */
  timeout?: number;
}

export interface ActiveNotification extends NotificationDefinition {
  /** Of this showing; the same id may be shown twice. */
  key: string;
  text: string;
}

const DEFAULT_TIMEOUT_MS = 6000;
/** More than this covers the work; the oldest makes room. */
const MAX_ACTIVE = 4;

export class NotificationsManager extends Emitter<{
  beforeAddNotification: [notification: ActiveNotification, cancel: () => void];
  notificationAdded: [notification: ActiveNotification];
  changed: [];
}> {
  readonly registeredNotifications = new Map<string, NotificationDefinition>();
  activeNotifications: readonly ActiveNotification[] = [];
  private counter = 0;

  registerNotification(definition: NotificationDefinition): void {
    this.registeredNotifications.set(definition.id, definition);
  }

  showNotification(id: string, context: Record<string, unknown> = {}): string | undefined {
    const definition = this.registeredNotifications.get(id);
    if (!definition) {
      console.warn(`There is no notification ${id}`);
      return undefined;
    }
    const text = fillTemplate(definition.content, context);
    const key = `${id}#${++this.counter}`;
    const notification = { timeout: DEFAULT_TIMEOUT_MS, ...definition, key, text };
    let cancelled = false;
    this.emit('beforeAddNotification', notification, () => {
      cancelled = true;
    });
    if (cancelled) return undefined;
    // Saying the same thing twice helps nobody: the newer replaces the older.
    const others = this.activeNotifications.filter((n) => n.id !== id || n.text !== text);
    this.activeNotifications = [...others, notification].slice(-MAX_ACTIVE);
    this.emit('notificationAdded', notification);
    this.emit('changed');
    if (notification.timeout > 0) {
      setTimeout(() => this.dismissNotification(key), notification.timeout);
    }
    return key;
  }

  dismissNotification(key: string): void {
    this.keep((n) => n.key !== key);
  }

  dismissNotificationById(id: string): void {
    this.keep((n) => n.id !== id);
  }

  dismissAll(): void {
    this.keep(() => false);
  }

  private keep(wanted: (n: ActiveNotification) => boolean): void {
    const kept = this.activeNotifications.filter(wanted);
    if (kept.length === this.activeNotifications.length) return;
    this.activeNotifications = kept;
    this.emit('changed');
  }
}

export const Notifications = new NotificationsManager();

const texts: NotificationDefinition[] = [
  { id: 'ActionFailed', type: 'error', content: '{{message}}', timeout: 10_000 },
  {
    id: 'TaskTimeout',
    type: 'warning',
    content:
      'The offer from {{task.customer.name}} was not answered in time and went back to the queue.',
    timeout: 12_000,
  },
  {
    id: 'TaskCanceled',
    type: 'warning',
    content: 'The task of {{task.customer.name}} was cancelled.',
    timeout: 10_000,
  },
  {
    id: 'TaskRescinded',
    type: 'information',
    content: 'The task of {{task.customer.name}} was taken by somebody else.',
  },
  {
    id: 'TaskCompleted',
    type: 'success',
    content: 'Completed: {{task.customer.name}}.',
    timeout: 4000,
  },
  {
    id: 'TaskParked',
    type: 'information',
    content: 'Parked: {{task.customer.name}}. It comes back when the customer writes again.',
    timeout: 6000,
  },
  {
    id: 'ActivityChanged',
    type: 'information',
    content: 'Your activity was changed to {{activity.name}}.',
  },
  {
    id: 'ActivityChangedWhileAway',
    type: 'warning',
    content:
      'You were disconnected and are {{activity.name}} now. Choose an activity to receive work again.',
    timeout: 0,
  },
  { id: 'Copied', type: 'success', content: '{{what}} copied.', timeout: 2500 },
];
for (const text of texts) Notifications.registerNotification(text);
