import { ActivityPicker, AgentMenu, SoundToggle } from '../features/agent';
import { useAlerts } from '../features/alerts';
import { ConnectionBanner, ConnectionStatus } from '../features/connection';
import { ReadAlong } from '../features/conversation';
import { ShortcutHelp, useShortcuts } from '../features/keyboard';
import { QueuesView } from '../features/queues';
import { TeamsView } from '../features/teams';
import { useAppSelector } from '../state/selectors';
import { Logo } from '../ui/Logo';
import { AgentDesktopView } from './AgentDesktopView';
import { ErrorBoundary } from './ErrorBoundary';
import { useRoom, type Room } from './rooms';
import { SideNav } from './SideNav';
import styles from './Shell.module.css';

const views: Record<Room['name'], () => JSX.Element> = {
  'agent-desktop': () => <AgentDesktopView />,
  teams: () => <TeamsView reading={(sid) => <ReadAlong key={sid} sid={sid} />} />,
  'queues-stats': () => <QueuesView />,
};

export function Shell() {
  useAlerts();
  useShortcuts();
  const room = useRoom().name;
  const productName = useAppSelector((state) => state.flex.config.productName);
  return (
    <div className={styles.shell}>
      <a href="#work" className={styles.skip}>
        Skip to the task
      </a>
      <header className={styles.bar}>
        <div className={styles.brand}>
          <Logo />
          <h1>{productName}</h1>
        </div>
        <div className={styles.tools}>
          <ConnectionStatus />
          <SoundToggle />
          <ActivityPicker />
          <AgentMenu />
        </div>
      </header>
      <ConnectionBanner />
      <div className={styles.body}>
        <SideNav />
        <ErrorBoundary>{views[room]()}</ErrorBoundary>
      </div>
      <ShortcutHelp />
    </div>
  );
}
