import { Button } from '@twilio-paste/core/button';
import { Input } from '@twilio-paste/core/input';
import { Label } from '@twilio-paste/core/label';
import { useState } from 'react';
import type { Task } from '../../state/task';
import { Ring } from '../../ui/Ring';
import { useSecond } from '../../ui/useSecond';
import styles from './TaskActions.module.css';
import { useTaskAction } from './useTaskAction';

function OfferRing({ task }: { task: Task }) {
  return <Ring left={task.offerLeftAt(useSecond())} total={task.reservationTimeout * 1000} />;
}

/** What can be done with the task now; nothing that the server would refuse. */
export function TaskActions({ task }: { task: Task }) {
  const { run, button } = useTaskAction(task.sid);
  const [reason, setReason] = useState('');

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
  const complete = () => void run('CompleteTask', reason.trim() ? { reason: reason.trim() } : {});
  return (
    <div className={styles.actions}>
      {task.status === 'accepted' ? (
        <Button
          variant="secondary"
          {...button('WrapupTask')}
          data-testid="wrapup-task"
          onClick={() => void run('WrapupTask')}
        >
          Wrap up
        </Button>
      ) : (
        <form
          className={styles.outcome}
          onSubmit={(event) => {
            event.preventDefault();
            complete();
          }}
        >
          <Label htmlFor="outcome">Outcome</Label>
          <Input
            id="outcome"
            type="text"
            maxLength={200}
            placeholder="Optional, for the record"
            value={reason}
            data-testid="complete-reason"
            onChange={(event) => setReason(event.target.value)}
          />
        </form>
      )}
      <Button
        variant="primary"
        {...button('CompleteTask')}
        data-testid="complete-task"
        onClick={complete}
      >
        Complete
      </Button>
    </div>
  );
}
