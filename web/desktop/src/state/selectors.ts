import { createSelector } from '@reduxjs/toolkit';
import { useSelector, type TypedUseSelectorHook } from 'react-redux';
import type { AppState } from './store';
import { inListOrder } from './task';

export const useAppSelector: TypedUseSelectorHook<AppState> = useSelector;

const tasksOf = (state: AppState) => state.flex.worker.tasks;

export const selectTaskList = createSelector([tasksOf], (tasks) => inListOrder(tasks.values()));

export const selectIncoming = createSelector([selectTaskList], (tasks) =>
  tasks.filter((task) => task.status === 'pending'),
);

export const selectSelectedTask = (state: AppState) =>
  state.flex.view.selectedTaskSid
    ? state.flex.worker.tasks.get(state.flex.view.selectedTaskSid)
    : undefined;

/** Flex shows activities in the order in which they were made; sids sort by age. */
export const selectActivities = createSelector(
  [(state: AppState) => state.flex.worker.activities],
  (activities) => [...activities.values()].sort((a, b) => (a.sid < b.sid ? -1 : 1)),
);
