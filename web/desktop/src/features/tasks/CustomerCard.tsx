import { webUrl } from '../../lib/format';
import type { Task } from '../../state/task';
import { CopyButton } from '../../ui/CopyButton';
import { copied } from './copied';
import styles from './TaskCanvas.module.css';

export function CustomerCard({ task }: { task: Task }) {
  const { name, phone } = task.customer;
  const page = task.page && webUrl(task.page);
  return (
    <section className={styles.box} aria-labelledby="customer-heading">
      <h3 id="customer-heading">Customer</h3>
      <dl className={styles.facts}>
        <div>
          <dt>Name</dt>
          <dd>{name}</dd>
        </div>
        {phone && (
          <div>
            <dt>Phone</dt>
            <dd>
              <a href={`tel:${phone.replace(/[^\d+]/g, '')}`}>{phone}</a>{' '}
              <CopyButton text={phone} what="phone number" onCopied={copied} />
            </dd>
          </div>
        )}
        {page && (
          <div>
            <dt>Wrote from</dt>
            <dd>
              <a href={page} target="_blank" rel="noreferrer noopener">
                {page.replace(/^https?:\/\//, '')}
              </a>
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}
