import { AgentIcon } from '@twilio-paste/icons/esm/AgentIcon';
import { act } from '../actions';
import { selectIncoming, useAppSelector } from '../state/selectors';
import styles from './Shell.module.css';

/** The rooms of the desktop. There is one so far. */
const views = [{ name: 'agent-desktop', label: 'Agent desktop', icon: AgentIcon }] as const;

export function SideNav() {
  const active = useAppSelector((state) => state.flex.view.activeView);
  const incoming = useAppSelector(selectIncoming).length;
  return (
    <nav className={styles.nav} aria-label="Rooms">
      {views.map(({ name, label, icon: Icon }) => (
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
          {incoming > 0 && <span className={styles.badge}>{incoming > 99 ? '99+' : incoming}</span>}
        </button>
      ))}
    </nav>
  );
}
