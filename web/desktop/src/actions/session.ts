/**
 * Signing in and out, and agreeing on it between tabs. The session is a cookie,
 * so it belongs to all tabs: when one signs out, or signs somebody else in, the
 * others follow at once instead of failing one request at a time.
 */
import { ApiError } from '../api/client';
import { createSession, deleteSession, readSession } from '../api/session';
import {
  sessionEnded,
  sessionLoading,
  sessionStarted,
  sessionUnreachable,
  type SsoTokenPayload,
} from '../state/session';
import type { Manager } from './manager';

interface TabMessage {
  identity: string | null;
}

const channel =
  typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('plugboard.session');

function begin(manager: Manager, payload: SsoTokenPayload): void {
  manager.store.dispatch(sessionStarted(payload));
  if (payload.workerSid) manager.live.start();
}

/** At the start, and again when the agent asks: is there a session already? */
export async function restoreSession(manager: Manager): Promise<void> {
  manager.live.stop();
  manager.store.dispatch(sessionLoading());
  try {
    begin(manager, await readSession());
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      manager.store.dispatch(sessionEnded(null));
    } else {
      const message = error instanceof Error ? error.message : String(error);
      manager.store.dispatch(sessionUnreachable(message));
    }
  }
}

export async function signIn(manager: Manager, username: string, password: string): Promise<void> {
  const payload = await createSession(username, password);
  begin(manager, payload);
  channel?.postMessage({ identity: payload.identity } satisfies TabMessage);
}

export async function endSession(manager: Manager): Promise<void> {
  await deleteSession().catch((error: unknown) => {
    // Signed out is what was wanted; any other answer means that we are not.
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  });
  manager.live.stop();
  manager.store.dispatch(sessionEnded(null));
  channel?.postMessage({ identity: null } satisfies TabMessage);
}

export function followOtherTabs(manager: Manager): void {
  channel?.addEventListener('message', ({ data }: MessageEvent<TabMessage>) => {
    const ours = manager.store.getState().flex.session.ssoTokenPayload?.identity ?? null;
    if (data.identity === ours) return;
    if (data.identity !== null) {
      void restoreSession(manager);
    } else {
      manager.live.stop();
      manager.store.dispatch(sessionEnded('You signed out in another tab.'));
    }
  });
}
