import { createSlice, type PayloadAction } from '@reduxjs/toolkit';

/** Who is signed in, as plugins read it: `state.flex.session`. */
export interface SsoTokenPayload {
  identity: string;
  fullName: string;
  roles: string[];
  accountSid: string;
  workspaceSid: string;
  /** Null for somebody who may sign in but takes no tasks. */
  workerSid: string | null;
  /** ISO time at which the server ends the session. */
  expiration: string;
}

export type SessionStatus = 'loading' | 'signedOut' | 'signedIn' | 'unreachable';

export interface SessionState {
  status: SessionStatus;
  ssoTokenPayload: SsoTokenPayload | null;
  /** Why the agent sees the login page, when it was not their own doing. */
  notice: string | null;
  /** Offered again on the login page after a session ended. */
  lastIdentity: string | null;
}

const initialState: SessionState = {
  status: 'loading',
  ssoTokenPayload: null,
  notice: null,
  lastIdentity: null,
};

const slice = createSlice({
  name: 'session',
  initialState,
  reducers: {
    sessionLoading: (state) => {
      state.status = 'loading';
      state.notice = null;
    },
    sessionStarted: (_, { payload }: PayloadAction<SsoTokenPayload>): SessionState => ({
      status: 'signedIn',
      ssoTokenPayload: payload,
      notice: null,
      lastIdentity: payload.identity,
    }),
    sessionEnded: (state, { payload }: PayloadAction<string | null>): SessionState => ({
      status: 'signedOut',
      ssoTokenPayload: null,
      notice: payload,
      lastIdentity: state.lastIdentity,
    }),
    sessionUnreachable: (state, { payload }: PayloadAction<string>) => {
      state.status = 'unreachable';
      state.notice = payload;
    },
  },
});

export const { sessionLoading, sessionStarted, sessionEnded, sessionUnreachable } = slice.actions;
export const sessionReducer = slice.reducer;
