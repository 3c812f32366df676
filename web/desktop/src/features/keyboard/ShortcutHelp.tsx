import { Modal, ModalBody, ModalHeader, ModalHeading } from '@twilio-paste/core/modal';
import { act, shortcuts } from '../../actions';
import { useAppSelector } from '../../state/selectors';
import { Keys } from '../../ui/Keys';
import styles from './ShortcutHelp.module.css';

const inCards: [label: string, keys: readonly string[]][] = [
  ['Accept the incoming task that has the focus', ['Enter']],
  ['Reject the incoming task that has the focus', ['Esc']],
  ['Move through the task list', ['↑', '↓']],
];

export function ShortcutHelp() {
  const isOpen = useAppSelector((s) => s.flex.view.componentViewStates.ShortcutHelp?.isOpen);
  if (isOpen !== true) return null;
  const close = () => void act('SetComponentState', { name: 'ShortcutHelp', state: {} });
  return (
    <Modal isOpen onDismiss={close} size="default" ariaLabelledby="shortcut-heading">
      <ModalHeader>
        <ModalHeading as="h2" id="shortcut-heading">
          Keyboard shortcuts
        </ModalHeading>
      </ModalHeader>
      <ModalBody>
        <dl className={styles.list}>
          {shortcuts.map((s) => (
            <div key={s.label}>
              <dt>{s.label}</dt>
              <dd>
                <Keys keys={s.keys} />
              </dd>
            </div>
          ))}
          {inCards.map(([label, keys]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                <Keys keys={keys} join=" " />
              </dd>
            </div>
          ))}
        </dl>
      </ModalBody>
    </Modal>
  );
}
