/** The actions that the desktop brings along, under Flex's names and payloads. */
import { isUnauthorised } from '../lib/errors';
import { Task } from '../state/task';
import { soundSwitched } from '../state/config';
import { componentStateSet, taskSelected, viewSelected } from '../state/view';
import { taskChanged, workerUpdated } from '../state/worker';
import { ActionsManager } from './framework';
import type { Manager } from './manager';
import { endSession } from './session';

export interface TaskPayload {
  /** A reservation sid. */
  sid?: string;
  task?: Task;
}

export interface AcceptTaskPayload extends TaskPayload {
  /** Plugins write into it without asking whether it is there. */
  conferenceOptions?: Record<string, unknown>;
}

export interface FinishTaskPayload extends TaskPayload {
  reason?: string;
  /** For whoever reads the task later; kept in its attributes. */
  notes?: string;
}

export interface SetActivityPayload {
  activitySid?: string;
  activityName?: string;
  activityAvailable?: boolean;
  options?: { rejectPendingReservations?: boolean };
}

export interface LogoutPayload {
  forceLogout?: boolean;
  activitySid?: string;
}

export const DEFAULT_VIEW = 'agent-desktop';

export function registerNativeActions(actions: ActionsManager, manager: Manager): void {
  const { store, live } = manager;
  const flex = () => store.getState().flex;

  const withTask = <P extends TaskPayload>(payload: P): P => {
    const sid = payload.sid ?? payload.task?.sid;
    return Object.assign(payload, {
      sid,
      task: payload.task ?? (sid ? flex().worker.tasks.get(sid) : undefined),
    });
  };

  const taskOf = (payload: TaskPayload): Task => {
    if (!payload.task) throw new Error('This task is no longer with you.');
    return payload.task;
  };

  /** Talks to the server; a refused token is replaced in the background. */
  const ask = async <T>(call: () => Promise<T>): Promise<T> => {
    if (flex().connectionStatus.connectionState !== 'connected') {
      throw new Error('You are not connected. This works again once the connection is back.');
    }
    try {
      return await call();
    } catch (error) {
      if (isUnauthorised(error)) live.renewNow();
      throw error;
    }
  };

  /** The answer is known before its event arrives: show it at once. */
  const refresh = (task: Task) => store.dispatch(taskChanged(new Task(task.sourceObject)));

  actions.registerAction(
    'AcceptTask',
    async (payload: AcceptTaskPayload) => {
      const task = taskOf(payload);
      await ask(() => task.sourceObject.accept());
      refresh(task);
      await actions.invokeAction('SelectTask', { sid: task.sid });
    },
    (payload) => {
      const complete = withTask(payload);
      complete.conferenceOptions ??= {};
      return complete;
    },
  );

  actions.registerAction(
    'RejectTask',
    async (payload: TaskPayload) => {
      const task = taskOf(payload);
      await ask(() => task.sourceObject.reject());
      refresh(task);
    },
    withTask,
  );

  actions.registerAction(
    'WrapupTask',
    async (payload: FinishTaskPayload) => {
      const task = taskOf(payload);
      await ask(() => task.wrapUp(payload.reason ?? ''));
    },
    withTask,
  );

  actions.registerAction(
    'CompleteTask',
    async (payload: FinishTaskPayload) => {
      const task = taskOf(payload);
      const notes = payload.notes?.trim();
      if (notes) await ask(() => task.setAttributes({ ...task.attributes, wrapup_notes: notes }));
      // The SDK insists on a reason; this is the one that Flex gives.
      await ask(() => task.complete(payload.reason?.trim() || 'Task completed'));
    },
    withTask,
  );

  actions.registerAction(
    'SelectTask',
    (payload: TaskPayload) => {
      const known = payload.sid !== undefined && flex().worker.tasks.has(payload.sid);
      store.dispatch(taskSelected(known ? payload.sid : undefined));
    },
    withTask,
  );

  actions.registerAction('NavigateToView', (payload: { viewName: string }) => {
    store.dispatch(viewSelected(payload.viewName));
  });

  actions.registerAction(
    'SetComponentState',
    (payload: { name: string; state: Record<string, unknown> }) => {
      store.dispatch(componentStateSet(payload));
    },
  );

  actions.registerAction('ToggleSound', () => {
    store.dispatch(soundSwitched(!flex().config.sound.enabled));
  });

  actions.registerAction(
    'SetActivity',
    async (payload: SetActivityPayload) => {
      const worker = live.worker;
      const activity = payload.activitySid && worker?.activities.get(payload.activitySid);
      if (!worker || !activity) throw new Error('There is no such activity.');
      await ask(() => activity.setAsCurrent(payload.options ?? {}));
      store.dispatch(workerUpdated(worker));
    },
    (payload) => {
      const found = [...flex().worker.activities.values()].find(
        (a) => a.sid === payload.activitySid || a.name === payload.activityName,
      );
      return Object.assign(payload, {
        activitySid: payload.activitySid ?? found?.sid,
        activityName: payload.activityName ?? found?.name,
        activityAvailable: payload.activityAvailable ?? found?.available,
        options: payload.options ?? {},
      });
    },
  );

  actions.registerAction('Logout', async (payload: LogoutPayload) => {
    const offline = offlineActivity(manager, payload.activitySid);
    if (offline && flex().connectionStatus.connectionState === 'connected') {
      const pending = [...flex().worker.tasks.values()].some((t) => t.status === 'pending');
      // Signing out must work even when the server will not change the activity.
      await offline.setAsCurrent({ rejectPendingReservations: pending }).catch(() => undefined);
    }
    await endSession(manager);
  });
}

/** Where to leave the worker when the agent goes home: the activity asked for, or Offline if it is not that already. */
function offlineActivity(manager: Manager, wanted: string | undefined) {
  const worker = manager.live.worker;
  const activities = [...(worker?.activities.values() ?? [])];
  const target = wanted
    ? activities.find((a) => a.sid === wanted)
    : activities.find((a) => a.name === 'Offline' && !a.available);
  return target && target.sid !== worker?.activity?.sid ? target : undefined;
}
