/** Handing on, parking and leaving, under Flex's names and payloads. */
import type { HowToResume } from '../api/interactions';
import type { Task } from '../state/task';
import type { ActionsManager } from './framework';
import type { Manager } from './manager';
import type { TaskPayload } from './native';

export interface TransferTaskPayload extends TaskPayload {
  /** A worker or a queue. */
  targetSid?: string;
  options?: { mode?: 'WARM' | 'COLD'; attributes?: string; priority?: string };
}

export interface PausePayload extends TaskPayload {
  resume?: HowToResume;
}

export function registerInteractionActions(actions: ActionsManager, manager: Manager): void {
  const { store, interactions } = manager;

  const withTask = <P extends TaskPayload>(payload: P): P => {
    const { tasks } = store.getState().flex.worker;
    payload.task ??= payload.sid ? tasks.get(payload.sid) : undefined;
    payload.sid ??= payload.task?.sid;
    return payload;
  };
  const taskOf = ({ task }: TaskPayload): Task => {
    if (!task) throw new Error('This task is no longer with you.');
    return task;
  };
  const channelOf = (task: Task) => {
    const channel = task.interactionChannel;
    if (!channel) throw new Error('This task has no conversation.');
    return channel;
  };

  actions.registerAction(
    'TransferTask',
    async (payload: TransferTaskPayload) => {
      if (!payload.targetSid) throw new Error('Choose who shall go on.');
      const mode = payload.options?.mode ?? 'WARM';
      await taskOf(payload).source.transfer(payload.targetSid, { mode });
    },
    withTask,
  );

  actions.registerAction(
    'PauseChannel',
    (payload: PausePayload) =>
      interactions.park(channelOf(taskOf(payload)), payload.resume ?? 'worker'),
    withTask,
  );

  actions.registerAction(
    'LeaveChannel',
    (payload: TaskPayload) => {
      const task = taskOf(payload);
      return interactions.leave(channelOf(task), task.sid);
    },
    withTask,
  );
}
