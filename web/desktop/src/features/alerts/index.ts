export { NotificationPrompt } from './NotificationPrompt';
export { useAlerts } from './useAlerts';
