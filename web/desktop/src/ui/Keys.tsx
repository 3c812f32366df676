import { Fragment } from 'react';
import styles from './Keys.module.css';

export function Keys({ keys, join = '+' }: { keys: readonly string[]; join?: string }) {
  return (
    <span className={styles.keys}>
      {keys.map((key, i) => (
        <Fragment key={key}>
          {i > 0 && join}
          <kbd>{key}</kbd>
        </Fragment>
      ))}
    </span>
  );
}
