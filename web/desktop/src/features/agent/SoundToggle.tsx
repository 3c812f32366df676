import { VolumeOffIcon } from '@twilio-paste/icons/esm/VolumeOffIcon';
import { VolumeOnIcon } from '@twilio-paste/icons/esm/VolumeOnIcon';
import { act } from '../../actions';
import { useAppSelector } from '../../state/selectors';
import styles from './Agent.module.css';

export function SoundToggle() {
  const enabled = useAppSelector((state) => state.flex.config.sound.enabled);
  const title = enabled ? 'Incoming tasks ring' : 'Incoming tasks are silent';
  return (
    <button
      type="button"
      className={styles.icon}
      aria-pressed={!enabled}
      aria-label="Mute the sound of incoming tasks"
      title={title}
      data-testid="sound-toggle"
      onClick={() => void act('ToggleSound')}
    >
      {enabled ? <VolumeOnIcon decorative /> : <VolumeOffIcon decorative />}
    </button>
  );
}
