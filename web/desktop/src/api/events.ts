/** `manager.events`: what happened, under Flex's names. Sounds, announcements and plugins listen here. */
import { Emitter } from '../lib/emitter';
import type { Task } from '../state/task';
import type { Activity } from '../state/worker';

export type TaskEvent =
  | 'taskReceived'
  | 'taskUpdated'
  | 'taskAccepted'
  | 'taskWrapup'
  | 'taskCompleted'
  | 'taskCanceled'
  | 'taskRejected'
  | 'taskRescinded'
  | 'taskTimeout';

export type FlexEvents = { [K in TaskEvent]: [task: Task] } & {
  workerActivityUpdated: [activity: Activity, previous: Activity | null];
  /** The activity is another one than before the connection was lost. */
  workerActivityChangedWhileAway: [activity: Activity, previous: Activity];
  workerAttributesUpdated: [attributes: Record<string, unknown>];
  connectionStateChanged: [state: string];
  tokenUpdated: [];
  flexError: [error: Error];
};

export class FlexEventBus extends Emitter<FlexEvents> {}
