import { messageOf } from '../lib/errors';
import { registerChatActions } from './chat';
import { ActionsManager } from './framework';
import { registerInteractionActions } from './interactions';
import { manager } from './manager';
import { registerNativeActions } from './native';
import { Notifications } from './notifications';

export { manager } from './manager';
export { Notifications } from './notifications';
export type { ActiveNotification, NotificationType } from './notifications';
export { shortcuts, shortcutOf } from './shortcuts';

export const Actions = new ActionsManager();
registerNativeActions(Actions, manager);
registerChatActions(Actions, manager);
registerInteractionActions(Actions, manager);

/** For buttons and keys: a fault is shown to the agent. True when all went well. */
export async function act(name: string, payload: object = {}): Promise<boolean> {
  try {
    await Actions.invokeAction(name, payload);
    return true;
  } catch (error) {
    Notifications.showNotification('ActionFailed', { message: messageOf(error) });
    return false;
  }
}
