import { Button } from '@twilio-paste/core/button';
import {
  Modal,
  ModalBody,
  ModalFooter,
  ModalFooterActions,
  ModalHeader,
  ModalHeading,
} from '@twilio-paste/core/modal';
import { useId, useMemo, useState } from 'react';
import { manager } from '../../actions';
import type { Rows } from '../../api/sync';
import { useAppSelector } from '../../state/selectors';
import { useRows } from '../../ui/useRows';
import { targetsOf } from './model';
import styles from './TransferDialog.module.css';

export type TransferMode = 'WARM' | 'COLD';
interface Props {
  onTransfer: (targetSid: string, mode: TransferMode) => void;
  onClose: () => void;
}

const none: Rows = new Map();
const SHOWN = 200;

/** Who shall go on: a colleague who is there, or a queue. */
export function TransferDialog({ onTransfer, onClose }: Props) {
  const id = useId();
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<string>();
  const [mode, setMode] = useState<TransferMode>('COLD');
  const me = useAppSelector((state) => state.flex.worker.worker?.sid);
  const workers = useRows<Rows>(
    (w) => manager.insights.query('tr-worker', 'data.activity_name != "Offline"', w),
    [],
  );
  const queues = useRows<Rows>(
    (w) => manager.insights.query('tr-queue', 'data.queue_sid != ""', w),
    [],
  );
  const targets = useMemo(
    () => targetsOf(workers.rows ?? none, queues.rows ?? none, me, search),
    [workers.rows, queues.rows, me, search],
  );
  const fault = workers.fault ?? queues.fault;

  return (
    <Modal ariaLabelledby={id} isOpen onDismiss={onClose} size="default">
      <ModalHeader>
        <ModalHeading as="h2" id={id}>
          Transfer
        </ModalHeading>
      </ModalHeader>
      <ModalBody>
        <div className={styles.body}>
          <input
            type="search"
            className={styles.search}
            aria-label="Find a colleague or a queue"
            placeholder="Find a colleague or a queue"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          {fault && <p role="alert">{fault}</p>}
          <fieldset className={styles.targets}>
            <legend>To whom</legend>
            {targets.slice(0, SHOWN).map((target) => (
              <label key={target.sid} data-testid="transfer-target">
                <input
                  type="radio"
                  name={`${id}-target`}
                  checked={chosen === target.sid}
                  onChange={() => setChosen(target.sid)}
                />
                <strong>{target.name}</strong> <span>{target.about}</span>
              </label>
            ))}
            {!fault && targets.length === 0 && (
              <p role="status">{workers.rows && queues.rows ? 'Nobody is found.' : 'Loading…'}</p>
            )}
          </fieldset>
          <fieldset className={styles.modes}>
            <legend>How</legend>
            <label>
              <input type="radio" checked={mode === 'COLD'} onChange={() => setMode('COLD')} /> Hand
              over: you leave when it is accepted
            </label>
            <label>
              <input type="radio" checked={mode === 'WARM'} onChange={() => setMode('WARM')} />{' '}
              Together: you stay until you leave
            </label>
          </fieldset>
        </div>
      </ModalBody>
      <ModalFooter>
        <ModalFooterActions>
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button
            variant="primary"
            disabled={!chosen}
            data-testid="transfer-confirm"
            onClick={() => chosen && onTransfer(chosen, mode)}
          >
            Transfer
          </Button>
        </ModalFooterActions>
      </ModalFooter>
    </Modal>
  );
}
