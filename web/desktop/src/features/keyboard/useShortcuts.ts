import { useEffect } from 'react';
import { act, manager, shortcutOf } from '../../actions';

/** Listens for the desktop's key combinations while an agent is signed in. */
export function useShortcuts(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const shortcut = shortcutOf(event);
      // A dialog is a question: it is answered before work goes on behind it.
      if (!shortcut || document.querySelector('[aria-modal="true"]')) return;
      const payload = shortcut.when(manager.store.getState());
      if (!payload) return;
      event.preventDefault();
      void act(shortcut.name, payload);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
