import { useMemo } from 'react';
import { flattenAttributes, humanise, webUrl } from '../../lib/format';
import { Hidden } from '../../ui/Hidden';
import styles from './AttributesTable.module.css';

function Value({ text }: { text: string }) {
  const url = webUrl(text);
  if (text === '') return <span className={styles.none}>empty</span>;
  return url ? (
    <a href={url} target="_blank" rel="noreferrer noopener">
      {text}
    </a>
  ) : (
    <>{text}</>
  );
}

/** Whatever a task carries, in the order in which its maker wrote it. */
export function AttributesTable({ attributes }: { attributes: Record<string, unknown> }) {
  const rows = useMemo(() => flattenAttributes(attributes), [attributes]);
  if (rows.length === 0) return <p className={styles.none}>This task has no attributes.</p>;
  return (
    <table className={styles.table} data-testid="attributes-table">
      <thead>
        <tr>
          <th scope="col">
            <Hidden>Attribute</Hidden>
          </th>
          <th scope="col">
            <Hidden>Value</Hidden>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, value }) => (
          <tr key={key}>
            <th scope="row" title={key}>
              {humanise(key)}
              <code className={styles.key}>{key}</code>
            </th>
            <td>
              <Value text={value} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
