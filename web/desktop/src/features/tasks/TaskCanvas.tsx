import { duration } from '../../lib/format';
import { selectSelectedTask, useAppSelector } from '../../state/selectors';
import type { Task } from '../../state/task';
import { Hidden } from '../../ui/Hidden';
import { useSecond } from '../../ui/useSecond';
import { AttributesTable } from './AttributesTable';
import { CustomerCard } from './CustomerCard';
import { aboutOf, statusWord } from './model';
import { TaskActions } from './TaskActions';
import styles from './TaskCanvas.module.css';
import { TaskFacts } from './TaskFacts';

function Age({ task }: { task: Task }) {
  const now = useSecond();
  return (
    <span title={task.dateCreated.toLocaleString()}>
      <Hidden>Created</Hidden> {duration(task.ageAt(now) * 1000)} ago
    </span>
  );
}

/** What stands on the canvas of a task that is a conversation; other features draw it. */
export interface CanvasParts {
  conversation: (sid: string, task: Task) => JSX.Element;
  beside: (sid: string, task: Task) => JSX.Element;
}

function Open({ task, parts }: { task: Task; parts: CanvasParts }) {
  const talk = task.status === 'pending' ? undefined : task.conversationSid;
  return (
    <article className={styles.canvas} data-testid="task-canvas" data-task-sid={task.taskSid}>
      <header className={styles.header}>
        <div className={styles.titles}>
          <h2 data-focus-here tabIndex={-1} className={styles.heading}>
            {task.customer.name}
          </h2>
          <p className={styles.sub}>
            <span className={styles.status} data-status={task.status} data-testid="task-status">
              {statusWord(task)}
            </span>
            {aboutOf(task).map((about) => (
              <span key={about}>{about}</span>
            ))}
            <Age task={task} />
          </p>
        </div>
        <TaskActions task={task} />
      </header>
      {talk ? (
        <div className={styles.talk}>
          {parts.conversation(talk, task)}
          <div className={styles.side}>
            <CustomerCard task={task} />
            {parts.beside(talk, task)}
            <TaskFacts task={task} />
            <details className={styles.box}>
              <summary>All attributes</summary>
              <AttributesTable attributes={task.attributes} />
            </details>
          </div>
        </div>
      ) : (
        <div className={styles.columns}>
          <div className={styles.main}>
            {task.message && (
              <section className={styles.box} aria-labelledby="message-heading">
                <h3 id="message-heading">Message</h3>
                <blockquote className={styles.message}>{task.message}</blockquote>
              </section>
            )}
            <Attributes task={task} />
          </div>
          <div className={styles.side}>
            <CustomerCard task={task} />
            <TaskFacts task={task} />
          </div>
        </div>
      )}
    </article>
  );
}

function Attributes({ task }: { task: Task }) {
  return (
    <section className={styles.box} aria-labelledby="attributes-heading">
      <h3 id="attributes-heading">All attributes</h3>
      <AttributesTable attributes={task.attributes} />
    </section>
  );
}

/** The selected task, or whatever the caller shows when there is none. */
export function TaskCanvas({ empty, ...parts }: { empty: JSX.Element } & CanvasParts) {
  const task = useAppSelector(selectSelectedTask);
  // Another task is another page: nothing typed for one may end up in the next.
  return task ? <Open key={task.sid} task={task} parts={parts} /> : empty;
}
