import { useRef } from 'react';
import { NotificationPrompt } from '../features/alerts';
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
