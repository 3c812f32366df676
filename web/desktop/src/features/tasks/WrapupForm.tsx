import { useState } from 'react';
import { Button } from '@twilio-paste/core/button';
import { Input } from '@twilio-paste/core/input';
import { Label } from '@twilio-paste/core/label';
import { TextArea } from '@twilio-paste/core/textarea';
import type { Task } from '../../state/task';
import styles from './TaskActions.module.css';
import { useTaskAction } from './useTaskAction';

const NOTES_MAX = 1000;

/** What is left to say when the customer has gone: how it ended, and what the next one should know. */
export function WrapupForm({ task }: { task: Task }) {
  const { run, button } = useTaskAction(task.sid);
  const [reason, setReason] = useState('');
  const [notes, setNotes] = useState('');
  return (
    <form
      className={styles.wrapup}
      aria-label="Wrap-up"
      onSubmit={(event) => {
        event.preventDefault();
        void run('CompleteTask', {
          ...(reason.trim() ? { reason: reason.trim() } : {}),
          ...(notes.trim() ? { notes: notes.trim() } : {}),
        });
      }}
    >
      <div>
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
      </div>
      <div>
        <Label htmlFor="notes">Notes</Label>
        <TextArea
          id="notes"
          maxLength={NOTES_MAX}
          placeholder="What should the next one know?"
          value={notes}
          data-testid="wrapup-notes"
          onChange={(event) => setNotes(event.target.value)}
        />
      </div>
      <Button
        variant="primary"
        type="submit"
        {...button('CompleteTask')}
        data-testid="complete-task"
      >
        Complete
      </Button>
    </form>
  );
}
