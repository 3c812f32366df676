import { act } from '../../actions';
import { duration, initials } from '../../lib/format';
import type { Task } from '../../state/task';
import { Hidden } from '../../ui/Hidden';
import { useSecond } from '../../ui/useSecond';
import { secondLine, statusWord } from './model';
import styles from './TaskList.module.css';

export function TaskRow({ task, selected }: { task: Task; selected: boolean }) {
  const now = useSecond();
  return (
    <button
      type="button"
      data-row-focus
      className={styles.task}
      aria-current={selected ? 'true' : undefined}
      data-status={task.status}
      data-testid="task-row"
      data-task-sid={task.taskSid}
      onClick={() => void act('SelectTask', { sid: task.sid })}
    >
      <span className={styles.badge} aria-hidden="true">
        {initials(task.customer.name)}
      </span>
      <span className={styles.lines}>
        <span className={styles.name}>{task.customer.name}</span>
        <span className={styles.second}>{secondLine(task)}</span>
      </span>
      <Hidden>{statusWord(task)}</Hidden>
      <span className={styles.age}>{duration(now - task.dateUpdated.getTime())}</span>
    </button>
  );
}
