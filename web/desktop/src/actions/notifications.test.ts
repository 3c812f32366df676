import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NotificationsManager } from './notifications';

let notifications: NotificationsManager;
const texts = () => notifications.activeNotifications.map((n) => n.text);

beforeEach(() => {
  vi.useFakeTimers();
  notifications = new NotificationsManager();
  notifications.registerNotification({ id: 'Hello', content: 'Hello {{name}}', type: 'success' });
  notifications.registerNotification({ id: 'Stay', content: 'Stay', type: 'error', timeout: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

it('shows a text with its context and lets it go in time', () => {
  notifications.showNotification('Hello', { name: 'Ann' });
  notifications.showNotification('Stay');
  expect(texts()).toEqual(['Hello Ann', 'Stay']);
  vi.advanceTimersByTime(6000);
  expect(texts()).toEqual(['Stay']);
  notifications.dismissNotificationById('Stay');
  expect(texts()).toEqual([]);
});

it('says the same thing once, and never more than four', () => {
  for (const name of ['A', 'A', 'B', 'C', 'D', 'E'])
    notifications.showNotification('Hello', { name });
  expect(texts()).toEqual(['Hello B', 'Hello C', 'Hello D', 'Hello E']);
});

it('lets a listener stand in the way', () => {
  notifications.addListener('beforeAddNotification', (n, cancel) => {
    if (n.id === 'Hello') cancel();
  });
  expect(notifications.showNotification('Hello', {})).toBeUndefined();
  expect(texts()).toEqual([]);
});
