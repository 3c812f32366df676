import { act } from '../actions';
import { selectIncoming, useAppSelector } from '../state/selectors';
import { useRoom, useRooms } from './rooms';
import styles from './Shell.module.css';

export function SideNav() {
  const rooms = useRooms();
  const active = useRoom().name;
  const waiting = useAppSelector(selectIncoming).length;
  return (
    <nav className={styles.nav} aria-label="Rooms">
      {rooms.map(({ name, label, icon: Icon }) => {
        const incoming = name === 'agent-desktop' ? waiting : 0;
        return (
          <button
            key={name}
            type="button"
            className={styles.room}
            aria-current={active === name ? 'page' : undefined}
            aria-label={incoming > 0 ? `${label}, ${incoming} incoming` : label}
            title={label}
            onClick={() => void act('NavigateToView', { viewName: name })}
          >
            <Icon decorative size="sizeIcon30" />
            {incoming > 0 && (
              <span className={styles.badge}>{incoming > 99 ? '99+' : incoming}</span>
            )}
          </button>
        );
      })}
    </nav>
  );
}
