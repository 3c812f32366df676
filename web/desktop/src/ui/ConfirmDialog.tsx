import { AlertDialog } from '@twilio-paste/core/alert-dialog';
import { useEffect, type ReactNode } from 'react';

export interface ConfirmDialogProps {
  heading: string;
  children: NonNullable<ReactNode>;
  confirmLabel: string;
  onConfirm: () => void;
  onDismiss: () => void;
  isOpen: boolean;
}

/** A question before something that cannot be taken back. Escape means no; Paste's dialog swallows the key, hence the capture. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { isOpen, onDismiss } = props;
  useEffect(() => {
    if (!isOpen) return undefined;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onDismiss();
    };
    window.addEventListener('keydown', onKeyDown, true);
    return () => window.removeEventListener('keydown', onKeyDown, true);
  }, [isOpen, onDismiss]);
  return (
    <AlertDialog
      heading={props.heading}
      isOpen={props.isOpen}
      destructive
      onConfirm={props.onConfirm}
      onConfirmLabel={props.confirmLabel}
      onDismiss={props.onDismiss}
      onDismissLabel="Cancel"
    >
      {props.children}
    </AlertDialog>
  );
}
