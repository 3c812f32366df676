import { humanise } from '../../lib/format';
import type { Task } from '../../state/task';
import { CopyButton } from '../../ui/CopyButton';
import { copied } from './copied';
import styles from './TaskCanvas.module.css';

export function TaskFacts({ task }: { task: Task }) {
  const facts: [label: string, value: string][] = [
    ['Queue', task.queueName],
    ['Workflow', task.workflowName ?? ''],
    ['Channel', humanise(task.taskChannelUniqueName)],
    ['Priority', String(task.priority)],
    ['Created', task.dateCreated.toLocaleString()],
  ];
  return (
    <section className={styles.box} aria-labelledby="facts-heading">
      <h3 id="facts-heading">Task</h3>
      <dl className={styles.facts}>
        {facts.map(
          ([label, value]) =>
            value && (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
        <div>
          <dt>Task SID</dt>
          <dd className={styles.sid}>
            <code>{task.taskSid}</code>
            <CopyButton text={task.taskSid} what="task SID" onCopied={copied} />
          </dd>
        </div>
      </dl>
    </section>
  );
}
