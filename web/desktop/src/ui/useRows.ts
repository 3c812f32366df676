import { useEffect, useState } from 'react';

export interface Watched<Rows> {
  rows: Rows | undefined;
  fault: string | undefined;
}

/** Watches as long as it is drawn; `start` is called anew when a dependency changes. */
export function useRows<Rows>(
  start: (watcher: { rows: (rows: Rows) => void; fault: (message: string) => void }) => () => void,
  dependencies: readonly unknown[],
): Watched<Rows> {
  const [state, setState] = useState<Watched<Rows>>({ rows: undefined, fault: undefined });
  useEffect(() => {
    setState({ rows: undefined, fault: undefined });
    return start({
      rows: (rows) => setState({ rows, fault: undefined }),
      fault: (fault) => setState((was) => ({ ...was, fault })),
    });
  }, dependencies);
  return state;
}
