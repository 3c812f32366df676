import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { RowLayout } from './virtual';
import styles from './VirtualList.module.css';

export interface VirtualListProps<Row> {
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  heightOf: (row: Row) => number;
  render: (row: Row) => ReactNode;
  /** Headings are not counted as items, and the arrow keys pass over them. */
  isHeading: (row: Row) => boolean;
  label: string;
  testId?: string;
  /** Kept in view when it changes. */
  selectedKey?: string;
}

/**
 * A list that draws only the rows in view. Inside a row exactly one element
 * carries `data-row-focus`: the arrow keys, Home and End move between these, and
 * Tab goes on to what else the row holds.
 */
export function VirtualList<Row>(props: VirtualListProps<Row>) {
  const { rows, keyOf, heightOf, render, isHeading, label, testId, selectedKey } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 0 });
  const wanted = useRef<string | undefined>(undefined);
  const layout = useMemo(
    () => new RowLayout(rows.length, (i) => heightOf(rows[i] as Row)),
    [rows, heightOf],
  );
  const items = useMemo(() => {
    const indexes: number[] = [];
    rows.forEach((row, i) => {
      if (!isHeading(row)) indexes.push(i);
    });
    return indexes;
  }, [rows, isHeading]);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const reveal = useCallback(
    (index: number) => {
      const element = frame.current;
      if (element && index >= 0) {
        element.scrollTop = layout.scrollFor(index, element.scrollTop, element.clientHeight);
      }
    },
    [layout],
  );

  // Follows the selection, not every change of the list around it.
  const shown = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (selectedKey !== shown.current) {
      shown.current = selectedKey;
      if (selectedKey) reveal(rows.findIndex((row) => keyOf(row) === selectedKey));
    }
  }, [selectedKey, rows, keyOf, reveal]);

  // The row that the arrow keys went to may only now have been drawn.
  useEffect(() => {
    if (!wanted.current) return;
    const row = frame.current?.querySelector(`[data-row="${CSS.escape(wanted.current)}"]`);
    const target = row?.querySelector<HTMLElement>('[data-row-focus]');
    if (target) {
      wanted.current = undefined;
      target.focus({ preventScroll: true });
    }
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const from = (event.target as HTMLElement).closest<HTMLElement>('[data-row]');
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = items.findIndex((i) => keyOf(rows[i] as Row) === from.dataset.row);
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: items.length - 1,
    };
    const step = steps[event.key];
    const index = step === undefined ? undefined : items[step];
    if (index === undefined) return;
    event.preventDefault();
    wanted.current = keyOf(rows[index] as Row);
    reveal(index);
    const top = frame.current?.scrollTop ?? 0;
    setView((v) => ({ ...v, top }));
  };

  const [first, end] = layout.range(view.top, view.height);
  const position = new Map(items.map((rowIndex, i) => [rowIndex, i + 1]));
  return (
    <div
      ref={frame}
      className={styles.frame}
      data-testid={testId}
      onKeyDown={onKeyDown}
      onScroll={({ currentTarget: { scrollTop: top } }) => setView((v) => ({ ...v, top }))}
    >
      <div
        role="list"
        aria-label={label}
        className={styles.content}
        style={{ height: layout.height }}
      >
        {rows.slice(first, end).map((row, i) => {
          const index = first + i;
          const at = position.get(index);
          return (
            <div
              key={keyOf(row)}
              data-row={keyOf(row)}
              role="listitem"
              aria-setsize={at === undefined ? undefined : items.length}
              aria-posinset={at}
              className={styles.row}
              style={{ top: layout.top(index), height: heightOf(row) }}
            >
              {render(row)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
