import { createSlice, type PayloadAction } from '@reduxjs/toolkit';
import { sessionEnded } from './session';

export type ConnectionState = 'connecting' | 'connected' | 'disconnected';

/** `state.flex.connectionStatus`. Times are the server's, in ms. */
export interface ConnectionStatus {
  connectionState: ConnectionState;
  timestampLastConnected: number | null;
  /** When the connection was lost; null while there is one or before the first. */
  lostAt: number | null;
  nextAttemptAt: number | null;
}

const initialState: ConnectionStatus = {
  connectionState: 'connecting',
  timestampLastConnected: null,
  lostAt: null,
  nextAttemptAt: null,
};

const slice = createSlice({
  name: 'connectionStatus',
  initialState,
  reducers: {
    connected: (_, { payload }: PayloadAction<number>): ConnectionStatus => ({
      connectionState: 'connected',
      timestampLastConnected: payload,
      lostAt: null,
      nextAttemptAt: null,
    }),
    disconnected: (
      state,
      { payload }: PayloadAction<{ at: number; nextAttemptAt: number | null }>,
    ) => {
      state.connectionState = 'disconnected';
      state.lostAt ??= payload.at;
      state.nextAttemptAt = payload.nextAttemptAt;
    },
  },
  extraReducers: (builder) => {
    builder.addCase(sessionEnded, () => initialState);
  },
});

export const { connected, disconnected } = slice.actions;
export const connectionReducer = slice.reducer;
