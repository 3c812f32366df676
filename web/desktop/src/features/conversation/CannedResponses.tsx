import { Button } from '@twilio-paste/core/button';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { readCannedResponses, type CannedResponse } from '../../api/helps';
import { fillTemplate } from '../../lib/format';
import { selectSelectedTask, useAppSelector } from '../../state/selectors';
import styles from './CannedResponses.module.css';
import { matching } from './canned';

/** What is written often, found by a few letters. Names are filled in. */
export function CannedResponses({ onChoose }: { onChoose: (text: string) => void }) {
  const [open, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  return (
    <div className={styles.anchor}>
      <Button
        ref={opener}
        variant="secondary"
        size="small"
        aria-haspopup="dialog"
        aria-expanded={open}
        data-testid="canned-button"
        onClick={() => setOpen(!open)}
      >
        Canned responses
      </Button>
      {open && (
        <Chooser
          onChoose={(text) => {
            setOpen(false);
            onChoose(text);
          }}
          onClose={() => {
            setOpen(false);
            opener.current?.focus();
          }}
        />
      )}
    </div>
  );
}

interface ChooserProps {
  onChoose: (text: string) => void;
  onClose: () => void;
}

function Chooser({ onChoose, onClose }: ChooserProps) {
  const id = useId();
  const [rows, setRows] = useState<readonly CannedResponse[]>();
  const [fault, setFault] = useState(false);
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const customer = useAppSelector(selectSelectedTask)?.customer;
  const agent = useAppSelector((state) => state.flex.worker.worker);
  const found = useMemo(() => matching(rows ?? [], query), [rows, query]);
  const chosen = found[Math.min(at, found.length - 1)];

  useEffect(() => {
    readCannedResponses().then(setRows, () => setFault(true));
  }, []);
  const choose = (row: CannedResponse | undefined) => {
    if (!row) return;
    onChoose(fillTemplate(row.text, { customer, agent: { name: agent?.fullName } }));
  };

  return (
    <div
      className={styles.chooser}
      role="dialog"
      aria-label="Canned responses"
      onKeyDown={(event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (event.key === 'Escape') onClose();
        else if (event.key === 'Enter') choose(chosen);
        else if (step) setAt((n) => Math.max(0, Math.min(found.length - 1, n + step)));
        else return;
        event.preventDefault();
      }}
    >
      <input
        className={styles.search}
        type="text"
        role="combobox"
        aria-label="Find a response"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={chosen && `${id}-${chosen.sid}`}
        placeholder="Find a response"
        autoFocus
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
      />
      {fault && <p role="alert">They cannot be loaded now. Try again in a moment.</p>}
      {!rows && !fault && <p role="status">Loading…</p>}
      {rows && found.length === 0 && (
        <p role="status">
          {rows.length === 0
            ? 'There are none yet. Whoever runs the centre can add some.'
            : 'None has these words.'}
        </p>
      )}
      <ul id={id} role="listbox" aria-label="Responses" className={styles.list}>
        {found.map((row, i) => (
          <li
            key={row.sid}
            id={`${id}-${row.sid}`}
            role="option"
            aria-selected={row === chosen}
            data-testid="canned-option"
            ref={(element) => {
              if (row === chosen) element?.scrollIntoView({ block: 'nearest' });
            }}
            onMouseEnter={() => setAt(i)}
            onClick={() => choose(row)}
          >
            <strong>{row.label}</strong> <span>{row.section}</span>
            <p>{row.text}</p>
          </li>
        ))}
      </ul>
    </div>
  );
}
