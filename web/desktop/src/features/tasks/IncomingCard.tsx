import { Button } from '@twilio-paste/core/button';
import type { KeyboardEvent } from 'react';
import { act } from '../../actions';
import type { Task } from '../../state/task';
import { Hidden } from '../../ui/Hidden';
import { Ring } from '../../ui/Ring';
import { useSecond } from '../../ui/useSecond';
import { secondLine } from './model';
import styles from './TaskList.module.css';
import { useTaskAction } from './useTaskAction';

/** An offer. With the focus on its text, Enter accepts and Escape rejects. */
export function IncomingCard({ task, selected }: { task: Task; selected: boolean }) {
  const { run, button } = useTaskAction(task.sid);
  const left = task.offerLeftAt(useSecond());

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    void run(event.key === 'Enter' ? 'AcceptTask' : 'RejectTask');
  };

  return (
    <article
      className={styles.incoming}
      data-selected={selected || undefined}
      data-testid="incoming-task"
      data-task-sid={task.taskSid}
    >
      <button
        type="button"
        data-row-focus
        className={styles.offer}
        aria-current={selected ? 'true' : undefined}
        aria-keyshortcuts="Enter Escape"
        onKeyDown={onKeyDown}
        onClick={() => void act('SelectTask', { sid: task.sid })}
      >
        <Ring left={left} total={task.reservationTimeout * 1000} />
        <span className={styles.lines}>
          <Hidden>Incoming task. Enter accepts, Escape rejects.</Hidden>
          <span className={styles.name}>{task.customer.name}</span>
          <span className={styles.second}>{secondLine(task)}</span>
          <span className={styles.preview}>{task.message ?? ' '}</span>
        </span>
      </button>
      <div className={styles.answers}>
        <Button
          variant="primary"
          size="small"
          {...button('AcceptTask')}
          data-testid="accept-task"
          onClick={() => void run('AcceptTask')}
        >
          Accept<Hidden> the task of {task.customer.name}</Hidden>
        </Button>
        <Button
          variant="secondary"
          size="small"
          {...button('RejectTask')}
          data-testid="reject-task"
          onClick={() => void run('RejectTask')}
        >
          Reject<Hidden> the task of {task.customer.name}</Hidden>
        </Button>
      </div>
    </article>
  );
}
