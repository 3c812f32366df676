import { useEffect } from 'react';
import { act, manager, Notifications } from '../../actions';
import { spokenDuration } from '../../lib/format';
import { selectIncoming, useAppSelector } from '../../state/selectors';
import type { Task } from '../../state/task';
import { announce } from '../../ui/announcer';
import { endingOf, incomingText, titleOf } from './model';
import { Ringer } from './ringer';

/** One for the page: it holds a lock, and browsers limit audio contexts. */
let ringer: Ringer | undefined;

function notifyOutside(task: Task): void {
  const { choice } = manager.store.getState().flex.config.browserNotifications;
  if (choice !== 'on' || !('Notification' in window) || !document.hidden) return;
  if (Notification.permission !== 'granted') return;
  // The tag lets several tabs raise one notification between them.
  const shown = new Notification(incomingText(task), {
    body: task.message?.slice(0, 140) ?? task.queueName,
    tag: task.sid,
    icon: '/icon.svg',
  });
  shown.onclick = () => {
    window.focus();
    void act('SelectTask', { sid: task.sid });
    shown.close();
  };
}

/** Makes work heard and seen that the agent is not looking at. */
export function useAlerts(): void {
  const incoming = useAppSelector(selectIncoming).length;
  const sound = useAppSelector((state) => state.flex.config.sound.enabled);
  const product = useAppSelector((state) => state.flex.config.productName);

  useEffect(() => {
    document.title = titleOf(product, incoming);
  }, [product, incoming]);

  useEffect(() => {
    ringer ??= new Ringer();
    ringer.ring(sound && incoming > 0);
    return () => ringer?.ring(false);
  }, [sound, incoming > 0]);

  useEffect(() => {
    const { events } = manager;
    const show = (id: string) => (task: Task) => void Notifications.showNotification(id, { task });
    const offs = [
      events.on('taskReceived', (task) => {
        const left = spokenDuration(task.reservationTimeout * 1000);
        announce(`${incomingText(task)} ${left} to answer.`, 'assertive');
        notifyOutside(task);
      }),
      events.on('taskAccepted', (task) => announce(`Accepted: ${task.customer.name}.`)),
      events.on('taskWrapup', (task) => announce(`Wrapping up: ${task.customer.name}.`)),
      events.on('taskTimeout', show('TaskTimeout')),
      events.on('taskCanceled', show('TaskCanceled')),
      events.on('taskRescinded', show('TaskRescinded')),
      events.on('taskCompleted', (task) => show(endingOf(task))(task)),
      events.on('workerActivityUpdated', (activity) => announce(`You are ${activity.name}.`)),
      events.on('workerActivityChangedWhileAway', (activity, previous) => {
        if (previous.available && !activity.available) {
          Notifications.showNotification('ActivityChangedWhileAway', { activity });
        } else {
          Notifications.showNotification('ActivityChanged', { activity });
        }
      }),
    ];
    return () => offs.forEach((off) => off());
  }, []);
}
