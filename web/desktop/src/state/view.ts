import { createSlice, isAnyOf, type PayloadAction } from '@reduxjs/toolkit';
import { sessionEnded } from './session';
import { taskChanged, workerReady } from './worker';
import { isOpen } from './task';

/** Where the agent is looking: `state.flex.view`. */
export interface ViewState {
  activeView: string;
  /** A reservation sid. */
  selectedTaskSid: string | undefined;
  /** Free-form, by component name; written by SetComponentState. */
  componentViewStates: Record<string, Record<string, unknown>>;
}

const initialState: ViewState = {
  activeView: 'agent-desktop',
  selectedTaskSid: undefined,
  componentViewStates: {},
};

const slice = createSlice({
  name: 'view',
  initialState,
  reducers: {
    viewSelected: (state, { payload }: PayloadAction<string>) => {
      state.activeView = payload;
    },
    taskSelected: (state, { payload }: PayloadAction<string | undefined>) => {
      state.selectedTaskSid = payload;
    },
    componentStateSet: (
      state,
      { payload }: PayloadAction<{ name: string; state: Record<string, unknown> }>,
    ) => {
      state.componentViewStates[payload.name] = payload.state;
    },
  },
  extraReducers: (builder) => {
    builder.addCase(sessionEnded, () => initialState);
    // A task that has left cannot stay on the canvas.
    builder.addMatcher(isAnyOf(taskChanged, workerReady), (state, action) => {
      const gone = taskChanged.match(action)
        ? action.payload.sid === state.selectedTaskSid && !isOpen(action.payload)
        : !action.payload.tasks.some((t) => t.sid === state.selectedTaskSid && isOpen(t));
      if (gone) state.selectedTaskSid = undefined;
    });
  },
});

export const { viewSelected, taskSelected, componentStateSet } = slice.actions;
export const viewReducer = slice.reducer;
