/** The window's head: its title, a menu, and the way out. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons';
import type { Speech } from './words';

interface Props {
  title: string;
  speech: Speech;
  onClose?: () => void;
  onTranscript?: () => void;
  onEnd?: () => void;
}

export function Head({ title, speech, onClose, onTranscript, onEnd }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const [asking, setAsking] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const items = [
    onTranscript && { word: 'transcript' as const, act: onTranscript },
    onEnd && { word: 'end' as const, act: () => setAsking(true) },
  ].filter((item) => item !== undefined);

  useEffect(() => {
    if (open) menu.current?.querySelector('button')?.focus();
  }, [open]);

  const shut = (): void => {
    setOpen(false);
    opener.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const all = [...(menu.current?.querySelectorAll('button') ?? [])];
    const at = all.indexOf(event.target as HTMLButtonElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') {
      shut();
      event.stopPropagation();
    } else if (step) {
      all[(at + step + all.length) % all.length]?.focus();
      event.preventDefault();
    }
  };

  return (
    <header class="head">
      <h2>{title}</h2>
      {items.length > 0 && (
        <button
          ref={opener}
          type="button"
          class="icon"
          aria-label={speech.say('more')}
          aria-haspopup="menu"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Icon name="more" />
        </button>
      )}
      {open && (
        <div ref={menu} class="menu" role="menu" onKeyDown={onKeyDown}>
          {items.map(({ word, act }) => (
            <button
              key={word}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                shut();
                act();
              }}
            >
              {speech.say(word)}
            </button>
          ))}
        </div>
      )}
      {onClose && (
        <button type="button" class="icon" aria-label={speech.say('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      )}
      {asking && (
        <div class="ask" role="alertdialog" aria-label={speech.say('end')}>
          <p>{speech.say('endSure')}</p>
          <button
            type="button"
            class="plain"
            ref={(button) => button?.focus()}
            onClick={() => setAsking(false)}
          >
            {speech.say('cancel')}
          </button>
          <button
            type="button"
            class="main"
            onClick={() => {
              setAsking(false);
              onEnd?.();
            }}
          >
            {speech.say('end')}
          </button>
        </div>
      )}
    </header>
  );
}
