import styles from './Dot.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'quiet';

/** A status colour; always beside the word that says the same. */
export function Dot({ tone, pulse }: { tone: Tone; pulse?: boolean }) {
  return <span className={styles.dot} data-tone={tone} data-pulse={pulse} aria-hidden="true" />;
}
