import styles from './Ring.module.css';

const RADIUS = 17;
const LENGTH = 2 * Math.PI * RADIUS;

/** A countdown as a ring that empties, with the seconds inside. Red for the last ten. */
export function Ring({ left, total }: { left: number; total: number }) {
  const share = total > 0 ? Math.max(0, Math.min(1, left / total)) : 0;
  const seconds = Math.ceil(left / 1000);
  const text = seconds >= 100 ? `${Math.ceil(seconds / 60)}m` : String(seconds);
  return (
    <span className={styles.ring} data-urgent={seconds <= 10 || undefined} aria-hidden="true">
      <svg viewBox="0 0 40 40" width="40" height="40">
        <circle className={styles.track} cx="20" cy="20" r={RADIUS} />
        <circle
          className={styles.left}
          cx="20"
          cy="20"
          r={RADIUS}
          strokeDasharray={LENGTH}
          strokeDashoffset={LENGTH * (1 - share)}
        />
      </svg>
      <span className={styles.text}>{text}</span>
    </span>
  );
}
