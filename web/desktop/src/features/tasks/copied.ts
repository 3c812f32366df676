import { Notifications } from '../../actions';

export const copied = (what: string): void => {
  const text = what.charAt(0).toUpperCase() + what.slice(1);
  Notifications.showNotification('Copied', { what: text });
};
