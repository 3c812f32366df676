import { SkeletonLoader } from '@twilio-paste/core/skeleton-loader';
import { useDeferredValue, useMemo, useState, type ReactNode } from 'react';
import { manager } from '../../actions';
import type { Rows } from '../../api/sync';
import { duration, initials } from '../../lib/format';
import { useRows } from '../../ui/useRows';
import { useSecond } from '../../ui/useSecond';
import { VirtualList } from '../../ui/VirtualList';
import {
  expressionOf,
  heightOfRow,
  isHeadingRow,
  keyOfRow,
  rowsOf,
  statusWord,
  teamOf,
  type TeamMember,
  type TeamRow,
  type TeamTask,
} from './model';
import styles from './Teams.module.css';

const TASKS_IN_HAND = 'data.status IN ["pending", "accepted", "wrapping"]';
const none: Rows = new Map();

function Worker({ member }: { member: TeamMember }) {
  const now = useSecond();
  return (
    <div className={styles.worker} tabIndex={-1} data-row-focus data-testid="team-worker">
      <span className={styles.badge} aria-hidden="true">
        {initials(member.name)}
      </span>
      <strong>{member.name}</strong>
      <span className={styles.activity} data-away={member.activity !== 'Available'}>
        {member.activity}
      </span>
      <span className={styles.since}>{member.since > 0 && duration(now - member.since)}</span>
      <span className={styles.count}>
        {member.tasks.length === 0 ? 'No tasks' : `${member.tasks.length} in hand`}
      </span>
    </div>
  );
}

interface TaskProps {
  task: TeamTask;
  chosen: boolean;
  onChoose: () => void;
}

function Task({ task, chosen, onChoose }: TaskProps) {
  const now = useSecond();
  return (
    <button
      type="button"
      data-row-focus
      className={styles.task}
      aria-current={chosen ? 'true' : undefined}
      disabled={!task.conversationSid}
      title={task.conversationSid ? 'Read along' : 'There is nothing to read in this task'}
      data-testid="team-task"
      onClick={onChoose}
    >
      <span>{task.customer}</span>
      <span>{[statusWord(task.status), task.queue, task.channel].filter(Boolean).join(' · ')}</span>
      <span className={styles.since}>{task.since > 0 && duration(now - task.since)}</span>
    </button>
  );
}

/** Who is there, what each has in hand, and, beside it, a conversation to read along. */
export function TeamsView({ reading }: { reading: (conversationSid: string) => ReactNode }) {
  const [search, setSearch] = useState('');
  const [everybody, setEverybody] = useState(false);
  const [chosen, setChosen] = useState<TeamTask>();
  const expression = useDeferredValue(expressionOf(search, everybody));
  const workers = useRows<Rows>(
    (watcher) => manager.insights.query('tr-worker', expression, watcher),
    [expression],
  );
  const tasks = useRows<Rows>(
    (watcher) => manager.insights.query('tr-reservation', TASKS_IN_HAND, watcher),
    [],
  );
  const rows = useMemo(
    () => rowsOf(teamOf(workers.rows ?? none, tasks.rows ?? none)),
    [workers.rows, tasks.rows],
  );
  const fault = workers.fault ?? tasks.fault;

  const render = (row: TeamRow) =>
    row.kind === 'worker' ? (
      <Worker member={row.member} />
    ) : (
      <Task
        task={row.task}
        chosen={row.task.sid === chosen?.sid}
        onChoose={() => setChosen(row.task)}
      />
    );

  return (
    <div className={styles.view}>
      <section className={styles.panel} aria-labelledby="teams-heading">
        <header className={styles.head}>
          <h2 id="teams-heading">
            Teams <span>{workers.rows?.size ?? ''}</span>
          </h2>
          <input
            type="search"
            aria-label="Find somebody"
            placeholder="Find somebody"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <label>
            <input
              type="checkbox"
              checked={everybody}
              onChange={(event) => setEverybody(event.target.checked)}
            />{' '}
            Who is offline, too
          </label>
        </header>
        {fault && (
          <p role="alert" className={styles.fault}>
            {fault}
          </p>
        )}
        <div className={styles.list} aria-busy={!workers.rows}>
          {workers.rows ? (
            <VirtualList
              rows={rows}
              keyOf={keyOfRow}
              heightOf={heightOfRow}
              isHeading={isHeadingRow}
              render={render}
              label="Teams"
              testId="teams"
              selectedKey={chosen?.sid}
            />
          ) : (
            !fault && <SkeletonLoader height="52px" />
          )}
          {workers.rows && rows.length === 0 && <p className={styles.empty}>Nobody is here.</p>}
        </div>
      </section>
      <main id="work" tabIndex={-1} className={styles.reading}>
        {chosen?.conversationSid ? (
          <>
            <h2>
              {chosen.customer} <span>You read along; nobody sees that.</span>
            </h2>
            {reading(chosen.conversationSid)}
          </>
        ) : (
          <p className={styles.empty}>Choose a task to read along with its conversation.</p>
        )}
      </main>
    </div>
  );
}
