import { Menu, MenuButton, MenuItem, MenuSeparator, useMenuState } from '@twilio-paste/core/menu';
import { useState } from 'react';
import { act } from '../../actions';
import { initials } from '../../lib/format';
import { useAppSelector } from '../../state/selectors';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import styles from './Agent.module.css';
import { signOutText } from './model';

export function AgentMenu() {
  const menu = useMenuState({ placement: 'bottom-end' });
  const payload = useAppSelector((state) => state.flex.session.ssoTokenPayload);
  const tasks = useAppSelector((state) => state.flex.worker.tasks);
  const warning = signOutText(tasks.values());
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
            if (warning) setAsking(true);
            else signOut();
          }}
        >
          Sign out
        </MenuItem>
      </Menu>
      <ConfirmDialog
        heading="Sign out with open tasks?"
        isOpen={asking && warning !== undefined}
        confirmLabel="Sign out"
        onConfirm={signOut}
        onDismiss={() => setAsking(false)}
      >
        {warning ?? ''}
      </ConfirmDialog>
    </>
  );
}
