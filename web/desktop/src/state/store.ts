/**
 * One store, in the shape that plugins read: all of ours is under `flex`, so
 * that a plugin's own reducer can stand beside it.
 */
import { combineReducers, configureStore } from '@reduxjs/toolkit';
import { chatReducer } from './chat';
import { configReducer } from './config';
import { connectionReducer } from './connection';
import { sessionReducer } from './session';
import { viewReducer } from './view';
import { workerReducer } from './worker';

const reducer = combineReducers({
  flex: combineReducers({
    chat: chatReducer,
    config: configReducer,
    connectionStatus: connectionReducer,
    session: sessionReducer,
    view: viewReducer,
    worker: workerReducer,
  }),
});

export function createStore() {
  return configureStore({
    reducer,
    // Maps and SDK objects live in the state by design, as they do in Flex.
    middleware: (defaults) => defaults({ serializableCheck: false, immutableCheck: false }),
    devTools: import.meta.env.DEV,
  });
}

export type Store = ReturnType<typeof createStore>;
export type AppState = ReturnType<typeof reducer>;
