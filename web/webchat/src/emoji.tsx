/** A small grid of emoji. Arrow keys move, Enter chooses, Escape leaves; a screen reader knows their names by itself. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Speech } from './words';

const ROW = 8;
const all = [
  ...'😀😄😅😂🙂😉😊😍🤔😐😕😟😢😭😡😱👍👎👌🙏👏🙌🤝💪👋✋👀💡✅❌❓❗❤️💔🎉🎁⭐🔥☀️🌧️📦🚚🏠📞📧📷📎💳💶🔒🔧🐞⏰📅🚲☕🍕🎂'.matchAll(
    /\p{Extended_Pictographic}\uFE0F?/gu,
  ),
].map(([emoji]) => emoji);

const steps: Record<string, number> = {
  ArrowRight: 1,
  ArrowLeft: -1,
  ArrowDown: ROW,
  ArrowUp: -ROW,
};

interface Props {
  speech: Speech;
  onChoose: (emoji: string) => void;
  onClose: () => void;
}

export function Emoji({ speech, onChoose, onClose }: Props): JSX.Element {
  const [at, setAt] = useState(0);
  const grid = useRef<HTMLDivElement>(null);
  useEffect(() => {
    grid.current?.querySelectorAll('button')[at]?.focus();
  }, [at]);
  return (
    <div
      ref={grid}
      class="emoji"
      role="group"
      aria-label={speech.say('emoji')}
      onKeyDown={(event) => {
        const step = steps[event.key];
        if (event.key === 'Escape') {
          event.stopPropagation();
          onClose();
        } else if (step) {
          event.preventDefault();
          setAt(Math.max(0, Math.min(all.length - 1, at + step)));
        }
      }}
    >
      {all.map((emoji, index) => (
        <button
          key={emoji}
          type="button"
          tabIndex={index === at ? 0 : -1}
          onClick={() => onChoose(emoji)}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}
