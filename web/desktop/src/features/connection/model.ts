import type { ConnectionStatus } from '../../state/connection';

const RECOVERED_MS = 4000;

export type Banner =
  | { kind: 'none' }
  | { kind: 'lost'; text: string; detail: string }
  | { kind: 'back'; text: string };

export function bannerOf(
  status: ConnectionStatus,
  now: number,
  wasShown: boolean,
  online: boolean,
): Banner {
  if (status.connectionState === 'disconnected' && status.lostAt !== null) {
    const seconds = status.nextAttemptAt ? Math.ceil((status.nextAttemptAt - now) / 1000) : 0;
    return {
      kind: 'lost',
      text: online ? 'Connection lost.' : 'Your computer is offline.',
      detail:
        'What you see may be out of date and no new tasks arrive. ' +
        (seconds > 0 ? `Next attempt in ${seconds} s.` : 'Reconnecting…'),
    };
  }
  const connectedAt = status.timestampLastConnected;
  if (wasShown && connectedAt !== null && now - connectedAt < RECOVERED_MS) {
    return { kind: 'back', text: 'Connected again. Everything is up to date.' };
  }
  return { kind: 'none' };
}
