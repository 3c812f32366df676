import { useRef } from 'react';
import { NotificationPrompt } from '../features/alerts';
import { Conversation, History } from '../features/conversation';
import { IdleCanvas, TaskCanvas, TaskList } from '../features/tasks';
import { selectSelectedTask, useAppSelector } from '../state/selectors';
import { useRescueFocus } from '../ui/useRescueFocus';
import styles from './Shell.module.css';

/** Panel 1 is what there is to do, panel 2 is what is being done. */
export function AgentDesktopView() {
  const work = useRef<HTMLElement>(null);
  const task = useAppSelector(selectSelectedTask);
  useRescueFocus(work, task && `${task.sid} ${task.status}`);
  return (
    <div className={styles.view}>
      <TaskList />
      <main id="work" ref={work} tabIndex={-1} className={styles.work}>
        <TaskCanvas
          conversation={(sid, { status }) => (
            <Conversation sid={sid} writing={status === 'accepted'} />
          )}
          beside={(sid) => <History sid={sid} />}
          empty={
            <IdleCanvas>
              <NotificationPrompt />
            </IdleCanvas>
          }
        />
      </main>
    </div>
  );
}
