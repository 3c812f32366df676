import { Menu, MenuButton, MenuItem, MenuSeparator, useMenuState } from '@twilio-paste/core/menu';
import { useState } from 'react';
import { act } from '../../actions';
import { initials } from '../../lib/format';
import { useAppSelector } from '../../state/selectors';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import styles from './Agent.module.css';

export function AgentMenu() {
  const menu = useMenuState({ placement: 'bottom-end' });
  const payload = useAppSelector((state) => state.flex.session.ssoTokenPayload);
  const openTasks = useAppSelector((state) => state.flex.worker.tasks.size);
  const [asking, setAsking] = useState(false);
  const name = payload?.fullName ?? '';

  const signOut = () => {
    setAsking(false);
    void act('Logout');
  };

  return (
    <>
      <MenuButton {...menu} variant="reset" size="reset" data-testid="agent-menu">
        <span className={styles.agent}>
          <span className={styles.avatar} aria-hidden="true">
            {initials(name)}
          </span>
          <span className={styles.name}>{name}</span>
        </span>
      </MenuButton>
      <Menu {...menu} aria-label="You">
        <div className={styles.who}>
          <strong>{name}</strong>
          <span>{payload?.identity}</span>
          <span>{payload?.roles.join(', ')}</span>
        </div>
        <MenuSeparator {...menu} />
        <MenuItem
          {...menu}
          onClick={() => {
            menu.hide();
            void act('SetComponentState', { name: 'ShortcutHelp', state: { isOpen: true } });
          }}
        >
          Keyboard shortcuts
        </MenuItem>
        <MenuItem
          {...menu}
          data-testid="logout"
          onClick={() => {
            menu.hide();
            if (openTasks > 0) setAsking(true);
            else signOut();
          }}
        >
          Sign out
        </MenuItem>
      </Menu>
      <ConfirmDialog
        heading="Sign out with open tasks?"
        isOpen={asking}
        confirmLabel="Sign out"
        onConfirm={signOut}
        onDismiss={() => setAsking(false)}
      >
        {openTasks === 1
          ? 'You still have one open task. It stays assigned to you, and its customer keeps waiting.'
          : `You still have ${openTasks} open tasks. They stay assigned to you, and their customers keep waiting.`}
      </ConfirmDialog>
    </>
  );
}
