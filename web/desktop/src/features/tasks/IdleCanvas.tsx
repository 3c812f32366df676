import { Keys } from '../../ui/Keys';
import type { ReactNode } from 'react';
import { selectTaskList, useAppSelector } from '../../state/selectors';
import { idleOf } from './model';
import styles from './IdleCanvas.module.css';

export function IdleCanvas({ children }: { children?: ReactNode }) {
  const activity = useAppSelector((state) => state.flex.worker.activity);
  const connected = useAppSelector(
    (state) => state.flex.connectionStatus.connectionState === 'connected',
  );
  const waiting = useAppSelector(selectTaskList).length > 0;
  const { heading, text } = waiting
    ? { heading: 'No task selected', text: 'Choose one from your tasks on the left.' }
    : idleOf(activity, connected);
  const mood = waiting ? 'waiting' : activity?.available && connected ? 'available' : 'away';
  return (
    <div className={styles.idle} data-testid="empty-canvas">
      <svg className={styles.picture} data-mood={mood} viewBox="0 0 120 64" aria-hidden="true">
        <path className={styles.cord} d="M0 32h22" />
        <path className={styles.plug} d="M22 18h16a14 14 0 0 1 0 28H22z" />
        <path className={styles.cord} d="M52 26h8M52 38h8" />
        <path className={styles.socket} d="M98 18H84a6 6 0 0 0-6 6v16a6 6 0 0 0 6 6h14z" />
        <path className={styles.cord} d="M98 32h22" />
      </svg>
      <h2 data-focus-here tabIndex={-1} className={styles.heading}>
        {heading}
      </h2>
      <p className={styles.text}>{text}</p>
      <div className={styles.prompt}>{children}</div>
      <p className={styles.hint}>
        All keyboard shortcuts: <Keys keys={['Ctrl', 'Shift', '?']} />
      </p>
    </div>
  );
}
