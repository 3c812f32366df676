import { createSlice, type PayloadAction } from '@reduxjs/toolkit';

/** `state.flex.config`: how this desktop behaves; the agent's own choices are kept on this machine by the app. */
export interface ConfigState {
  theme: { isLight: boolean };
  productName: string;
  sound: { enabled: boolean };
  browserNotifications: { choice: 'unasked' | 'on' | 'off' };
}

const initialState: ConfigState = {
  theme: { isLight: true },
  productName: 'Plugboard',
  sound: { enabled: true },
  browserNotifications: { choice: 'unasked' },
};

const slice = createSlice({
  name: 'config',
  initialState,
  reducers: {
    soundSwitched: (state, { payload }: PayloadAction<boolean>) => {
      state.sound.enabled = payload;
    },
    browserNotificationsChosen: (
      state,
      { payload }: PayloadAction<ConfigState['browserNotifications']['choice']>,
    ) => {
      state.browserNotifications.choice = payload;
    },
  },
});

export const { soundSwitched, browserNotificationsChosen } = slice.actions;
export const configReducer = slice.reducer;
