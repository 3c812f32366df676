import { SkeletonLoader } from '@twilio-paste/core/skeleton-loader';
import { useMemo } from 'react';
import { selectTaskList, useAppSelector } from '../../state/selectors';
import { VirtualList } from '../../ui/VirtualList';
import { IncomingCard } from './IncomingCard';
import { heightOfRow, isHeadingRow, keyOfRow, toRows, type ListRow } from './model';
import { TaskRow } from './TaskRow';
import { useNextTask } from './useNextTask';
import styles from './TaskList.module.css';

function Skeleton() {
  return (
    <div className={styles.skeleton} role="status" aria-label="Loading your tasks">
      {[0, 1, 2].map((i) => (
        <SkeletonLoader key={i} height="52px" />
      ))}
    </div>
  );
}

export function TaskList() {
  const tasks = useAppSelector(selectTaskList);
  const selected = useAppSelector((state) => state.flex.view.selectedTaskSid);
  const loaded = useAppSelector((state) => state.flex.worker.source !== null);
  const rows = useMemo(() => toRows(tasks), [tasks]);
  useNextTask(tasks, selected);

  const render = (row: ListRow) => {
    if (row.kind === 'heading') {
      return (
        <h3 className={styles.heading}>
          {row.title} <span className={styles.count}>{row.count}</span>
        </h3>
      );
    }
    const Item = row.kind === 'incoming' ? IncomingCard : TaskRow;
    return <Item task={row.task} selected={row.key === selected} />;
  };

  return (
    <section className={styles.panel} aria-labelledby="task-list-heading">
      <h2 id="task-list-heading" className={styles.title}>
        My tasks
        <span className={styles.total}>{tasks.length > 0 ? tasks.length : ''}</span>
      </h2>
      <div className={styles.body}>
        {loaded ? (
          <VirtualList
            rows={rows}
            keyOf={keyOfRow}
            heightOf={heightOfRow}
            isHeading={isHeadingRow}
            render={render}
            label="My tasks"
            testId="task-list"
            selectedKey={selected}
          />
        ) : (
          <Skeleton />
        )}
        {loaded && tasks.length === 0 && <p className={styles.empty}>No tasks</p>}
      </div>
    </section>
  );
}
