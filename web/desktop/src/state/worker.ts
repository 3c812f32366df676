import { createAction, type Action } from '@reduxjs/toolkit';
import type { Worker } from 'twilio-taskrouter';
import { Task, isOpen, isRecord } from './task';
import { sessionEnded } from './session';

export interface Activity {
  sid: string;
  name: string;
  available: boolean;
}

/** The part of Flex's IWorker that the desktop itself needs. */
export interface WorkerInfo {
  sid: string;
  name: string;
  fullName: string;
  activityName: string;
  isAvailable: boolean;
  attributes: Record<string, unknown>;
  dateStatusChanged: number;
}

export interface WorkerState {
  /** The SDK's worker; changed in place by the SDK, so read the fields beside it. */
  source: Worker | null;
  worker: WorkerInfo | null;
  attributes: Record<string, unknown>;
  activity: Activity | null;
  activities: Map<string, Activity>;
  /** Keyed by reservation sid. Replaced, never changed in place. */
  tasks: Map<string, Task>;
}

const initialState: WorkerState = {
  source: null,
  worker: null,
  attributes: {},
  activity: null,
  activities: new Map(),
  tasks: new Map(),
};

function snapshotOf(worker: Worker): Omit<WorkerState, 'tasks' | 'activities'> {
  const attributes = isRecord(worker.attributes) ? worker.attributes : {};
  const activity = worker.activity
    ? {
        sid: worker.activity.sid,
        name: worker.activity.name,
        available: worker.activity.available,
      }
    : null;
  const fullName = typeof attributes.full_name === 'string' ? attributes.full_name : worker.name;
  return {
    source: worker,
    attributes,
    activity,
    worker: {
      sid: worker.sid,
      name: worker.name,
      fullName,
      activityName: activity?.name ?? '',
      isAvailable: activity?.available ?? false,
      attributes,
      dateStatusChanged: worker.dateStatusChanged?.getTime() ?? Date.now(),
    },
  };
}

/** The SDK has the whole truth again: at the start and after each reconnection. */
export const workerReady = createAction<{ worker: Worker; tasks: Task[] }>('worker/ready');
export const workerUpdated = createAction<Worker>('worker/updated');
/** A task is new or has changed; one that is no longer open leaves. */
export const taskChanged = createAction<Task>('worker/taskChanged');

/*
 * Written without Immer: tasks and the worker are snapshots of the SDK's class
 * instances, put in whole and never edited, and a Map of thousands of them
 * should not be proxied for every event.
 */
export function workerReducer(state: WorkerState = initialState, action: Action): WorkerState {
  if (workerReady.match(action)) {
    const { worker, tasks } = action.payload;
    return {
      ...snapshotOf(worker),
      activities: new Map(
        [...worker.activities.values()].map(({ sid, name, available }) => [
          sid,
          { sid, name, available },
        ]),
      ),
      tasks: new Map(tasks.filter(isOpen).map((task) => [task.sid, task])),
    };
  }
  if (workerUpdated.match(action)) return { ...state, ...snapshotOf(action.payload) };
  if (taskChanged.match(action)) {
    const task = action.payload;
    if (!isOpen(task) && !state.tasks.has(task.sid)) return state;
    const tasks = new Map(state.tasks);
    if (isOpen(task)) tasks.set(task.sid, task);
    else tasks.delete(task.sid);
    return { ...state, tasks };
  }
  return sessionEnded.match(action) ? initialState : state;
}
