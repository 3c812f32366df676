import { ChevronDownIcon } from '@twilio-paste/icons/esm/ChevronDownIcon';
import { Menu, MenuButton, MenuItem, useMenuState } from '@twilio-paste/core/menu';
import { useState } from 'react';
import { act } from '../../actions';
import { duration, spokenDuration } from '../../lib/format';
import { selectActivities, useAppSelector } from '../../state/selectors';
import type { Activity } from '../../state/worker';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { Dot } from '../../ui/Dot';
import { Hidden } from '../../ui/Hidden';
import { useSecond } from '../../ui/useSecond';
import styles from './Agent.module.css';
import { offersAtStake, stakeText, toneOf } from './model';

function TimeInActivity({ since }: { since: number }) {
  const passed = useSecond() - since;
  return (
    <>
      <span className={styles.time} aria-hidden="true">
        {duration(passed)}
      </span>
      <Hidden>for {spokenDuration(passed)}</Hidden>
    </>
  );
}

export function ActivityPicker() {
  const menu = useMenuState({ placement: 'bottom-end' });
  const { activity, worker, tasks } = useAppSelector((state) => state.flex.worker);
  const activities = useAppSelector(selectActivities);
  const [question, setQuestion] = useState<{ activity: Activity; offers: number } | null>(null);
  const [busy, setBusy] = useState(false);

  const change = async (to: Activity, rejectPendingReservations: boolean) => {
    setQuestion(null);
    setBusy(true);
    await act('SetActivity', {
      activitySid: to.sid,
      options: rejectPendingReservations ? { rejectPendingReservations } : {},
    });
    setBusy(false);
  };

  const choose = (to: Activity) => {
    menu.hide();
    if (busy || to.sid === activity?.sid) return;
    const offers = offersAtStake(to, tasks.values());
    if (offers > 0) setQuestion({ activity: to, offers });
    else void change(to, false);
  };

  return (
    <>
      <MenuButton
        {...menu}
        variant="reset"
        size="reset"
        aria-busy={busy}
        data-testid="activity-button"
      >
        <span className={styles.picker} data-busy={busy || undefined}>
          <Hidden>Your activity:</Hidden>
          <Dot tone={toneOf(activity)} />
          <span className={styles.activity}>{activity?.name ?? 'Connecting…'}</span>
          {worker && <TimeInActivity since={worker.dateStatusChanged} />}
          <ChevronDownIcon decorative size="sizeIcon10" />
        </span>
      </MenuButton>
      <Menu {...menu} aria-label="Change your activity">
        {activities.length === 0 && <p className={styles.none}>Connecting…</p>}
        {activities.map((one) => (
          <MenuItem
            {...menu}
            key={one.sid}
            data-testid={`activity-option-${one.name}`}
            aria-current={one.sid === activity?.sid ? 'true' : undefined}
            onClick={() => choose(one)}
          >
            <span className={styles.option}>
              <Dot tone={toneOf(one)} />
              <span>{one.name}</span>
              {one.sid === activity?.sid && <span className={styles.current}>now</span>}
            </span>
          </MenuItem>
        ))}
      </Menu>
      <ConfirmDialog
        heading={`Change to ${question?.activity.name ?? ''}?`}
        isOpen={question !== null}
        confirmLabel="Reject and change"
        onConfirm={() => question && void change(question.activity, true)}
        onDismiss={() => setQuestion(null)}
      >
        {stakeText(question?.activity.name ?? '', question?.offers ?? 0)}
      </ConfirmDialog>
    </>
  );
}
