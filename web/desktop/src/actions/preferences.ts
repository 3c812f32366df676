/** Carries the agent's own choices from one day to the next, on this machine. */
import { readPreference, writePreference } from '../lib/preferences';
import { browserNotificationsChosen, soundSwitched } from '../state/config';
import type { Manager } from './manager';

export function keepPreferences({ store }: Manager): void {
  if (readPreference('sound') === 'off') store.dispatch(soundSwitched(false));
  const choice = readPreference('browserNotifications');
  if (choice === 'on' || choice === 'off') store.dispatch(browserNotificationsChosen(choice));

  let before = store.getState().flex.config;
  store.subscribe(() => {
    const now = store.getState().flex.config;
    if (now === before) return;
    before = now;
    writePreference('sound', now.sound.enabled ? 'on' : 'off');
    writePreference('browserNotifications', now.browserNotifications.choice);
  });
}
