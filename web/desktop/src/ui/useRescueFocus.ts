import { useEffect, useRef, type RefObject } from 'react';

/**
 * Work that moves on takes its buttons with it, and with them the focus: the
 * keyboard would start again at the top of the page. When `key` changes and the
 * focus fell to the page, it goes to the element marked `data-focus-here` within the
 * given one instead, or to that one itself.
 */
export function useRescueFocus(within: RefObject<HTMLElement>, key: unknown): void {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const active = document.activeElement;
    const lost = !active || active === document.body || (active as HTMLButtonElement).disabled;
    if (!lost) return;
    const here = within.current?.querySelector<HTMLElement>('[data-focus-here]');
    (here ?? within.current)?.focus({ preventScroll: true });
  }, [key, within]);
}
