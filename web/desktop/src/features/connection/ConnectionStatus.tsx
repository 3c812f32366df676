import { useAppSelector } from '../../state/selectors';
import { Dot, type Tone } from '../../ui/Dot';
import styles from './Connection.module.css';

const words: Record<string, [Tone, string]> = {
  connected: ['good', 'Connected'],
  connecting: ['warn', 'Connecting…'],
  disconnected: ['bad', 'Disconnected'],
};

export function ConnectionStatus() {
  const state = useAppSelector((s) => s.flex.connectionStatus.connectionState);
  const [tone, word] = words[state] ?? ['quiet', state];
  return (
    <span className={styles.status} data-testid="connection-status" data-state={state}>
      <Dot tone={tone} pulse={state !== 'connected'} />
      {word}
    </span>
  );
}
