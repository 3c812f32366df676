import { Button } from '@twilio-paste/core/button';
import { useState } from 'react';
import type { Task } from '../../state/task';
import { Ring } from '../../ui/Ring';
import { useSecond } from '../../ui/useSecond';
import styles from './TaskActions.module.css';
import { TransferDialog } from './TransferDialog';
import { useTaskAction } from './useTaskAction';
import { WrapupForm } from './WrapupForm';

function OfferRing({ task }: { task: Task }) {
  return <Ring left={task.offerLeftAt(useSecond())} total={task.reservationTimeout * 1000} />;
}

/** What can be done with the task now; nothing that the server would refuse. */
export function TaskActions({ task }: { task: Task }) {
  const { run, button } = useTaskAction(task.sid);
  const [transferring, setTransferring] = useState(false);

  if (task.status === 'pending') {
    return (
      <div className={styles.actions}>
        <OfferRing task={task} />
        <Button
          variant="secondary"
          {...button('RejectTask')}
          data-testid="canvas-reject-task"
          onClick={() => void run('RejectTask')}
        >
          Reject
        </Button>
        <Button
          variant="primary"
          {...button('AcceptTask')}
          data-testid="canvas-accept-task"
          onClick={() => void run('AcceptTask')}
        >
          Accept
        </Button>
      </div>
    );
  }
  if (task.status === 'wrapping') return <WrapupForm task={task} />;
  return (
    <div className={styles.actions}>
      <Button
        variant="secondary"
        {...button('TransferTask')}
        data-testid="transfer-task"
        onClick={() => setTransferring(true)}
      >
        Transfer
      </Button>
      {task.interactionChannel && (
        <>
          <Button
            variant="secondary"
            {...button('PauseChannel')}
            title="The conversation sleeps until the customer writes again, and then comes back to you"
            data-testid="park-task"
            onClick={() => void run('PauseChannel')}
          >
            Park
          </Button>
          <Button
            variant="secondary"
            {...button('LeaveChannel')}
            title="You leave, the conversation stays open"
            data-testid="leave-task"
            onClick={() => void run('LeaveChannel')}
          >
            Leave
          </Button>
        </>
      )}
      <Button
        variant="secondary"
        {...button('WrapupTask')}
        data-testid="wrapup-task"
        onClick={() => void run('WrapupTask')}
      >
        Wrap up
      </Button>
      <Button
        variant="primary"
        {...button('CompleteTask')}
        data-testid="complete-task"
        onClick={() => void run('CompleteTask')}
      >
        Complete
      </Button>
      {transferring && (
        <TransferDialog
          onClose={() => setTransferring(false)}
          onTransfer={(targetSid, mode) => {
            setTransferring(false);
            void run('TransferTask', { targetSid, options: { mode } });
          }}
        />
      )}
    </div>
  );
}
