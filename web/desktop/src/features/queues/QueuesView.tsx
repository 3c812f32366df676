import { SkeletonLoader } from '@twilio-paste/core/skeleton-loader';
import { useMemo, useState } from 'react';
import { manager } from '../../actions';
import type { Rows } from '../../api/sync';
import { duration } from '../../lib/format';
import { useRows } from '../../ui/useRows';
import { useSecond } from '../../ui/useSecond';
import { VirtualList } from '../../ui/VirtualList';
import { figuresOf, queuesOf, type QueueName } from './model';
import styles from './Queues.module.css';

const none: Rows = new Map();
const HEIGHT = 56;
const heightOf = () => HEIGHT;
const keyOf = (queue: QueueName) => queue.sid;
const isHeading = () => false;

const columns = [
  'Waiting',
  'Longest wait',
  'In progress',
  'Wrap-up',
  'Available',
  'In time',
  'Today',
];

function Wait({ since }: { since: number }) {
  const now = useSecond();
  return <span>{since > 0 ? duration(now - since) : '–'}</span>;
}

/** Figures are watched only of the queues that are in view. */
function Queue({ queue }: { queue: QueueName }) {
  const { rows, fault } = useRows<Rows>(
    (watcher) => manager.insights.map(`${queue.sid}.realtime_statistics.v1`, watcher),
    [queue.sid],
  );
  const figures = rows && figuresOf(rows);
  return (
    <div className={styles.row} tabIndex={-1} data-row-focus data-testid="queue-row">
      <strong>{queue.name}</strong>
      {!figures && <span className={styles.fault}>{fault ?? '…'}</span>}
      {figures && (
        <>
          <span data-alarm={figures.waiting > 0 && figures.available === 0} data-testid="waiting">
            {figures.waiting}
          </span>
          <Wait since={figures.waitingSince} />
          <span>{figures.inHand}</span>
          <span>{figures.wrapping}</span>
          <span>
            {figures.available} of {figures.eligible}
          </span>
          <span>{figures.inTime === undefined ? '–' : `${Math.round(figures.inTime)} %`}</span>
          <span>{figures.handledToday}</span>
        </>
      )}
    </div>
  );
}

/** What waits, who is there, and how it went: as it is now. */
export function QueuesView() {
  const [search, setSearch] = useState('');
  const { rows, fault } = useRows<Rows>(
    (watcher) => manager.insights.query('tr-queue', 'data.queue_sid != ""', watcher),
    [],
  );
  const queues = useMemo(() => queuesOf(rows ?? none, search), [rows, search]);
  return (
    <main id="work" tabIndex={-1} className={styles.view}>
      <header className={styles.head}>
        <h2>
          Queues <span>{rows?.size ?? ''}</span>
        </h2>
        <input
          type="search"
          aria-label="Find a queue"
          placeholder="Find a queue"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </header>
      {fault && (
        <p role="alert" className={styles.fault}>
          {fault}
        </p>
      )}
      <div className={styles.columns} aria-hidden="true">
        <span>Queue</span>
        {columns.map((column) => (
          <span key={column}>{column}</span>
        ))}
      </div>
      <div className={styles.list} aria-busy={!rows}>
        {rows ? (
          <VirtualList
            rows={queues}
            keyOf={keyOf}
            heightOf={heightOf}
            isHeading={isHeading}
            render={(queue) => <Queue queue={queue} />}
            label={`Queues: ${columns.join(', ')}`}
            testId="queues"
          />
        ) : (
          !fault && <SkeletonLoader height="56px" />
        )}
        {rows && queues.length === 0 && <p className={styles.empty}>There is no such queue.</p>}
      </div>
    </main>
  );
}
