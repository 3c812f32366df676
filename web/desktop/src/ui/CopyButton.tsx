import { CopyIcon } from '@twilio-paste/icons/esm/CopyIcon';
import styles from './CopyButton.module.css';

/** Copies a text; `onCopied` tells the agent. Clipboards need TLS or localhost: elsewhere there is no button. */
export function CopyButton(props: {
  text: string;
  what: string;
  onCopied: (what: string) => void;
}) {
  if (!navigator.clipboard) return null;
  const copy = () => {
    void navigator.clipboard.writeText(props.text).then(() => props.onCopied(props.what));
  };
  return (
    <button type="button" className={styles.copy} aria-label={`Copy ${props.what}`} onClick={copy}>
      <CopyIcon decorative size="sizeIcon10" />
    </button>
  );
}
