import { Button } from '@twilio-paste/core/button';
import { AttachIcon } from '@twilio-paste/icons/esm/AttachIcon';
import { useRef, type ClipboardEvent, type DragEvent, type KeyboardEvent } from 'react';
import { act } from '../../actions';
import type { ConversationInput } from '../../state/chat';
import { CannedResponses } from './CannedResponses';
import styles from './Conversation.module.css';
import { sizeOf, smsParts } from './model';

interface Props {
  conversationSid: string;
  input: ConversationInput;
  /** Somebody in it reads text messages: their length is money. */
  sms: boolean;
}

const BODY_MAX = 16_000;
const empty: ConversationInput = { text: '', files: [] };

/** Where an agent writes. Enter sends, Shift+Enter begins a line; "/" at the start offers what is written often. */
export function Composer({ conversationSid, input = empty, sms }: Props) {
  const box = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const { text, files } = input;
  const ready = text.trim() !== '' || files.length > 0;
  const parts = sms ? smsParts(text) : 1;

  const write = (body: string) => void act('SetInputText', { conversationSid, body });
  const attach = (more: Iterable<File>) => {
    const taken = [...more];
    if (taken.length > 0) void act('AttachFiles', { conversationSid, files: taken });
  };
  const send = () => {
    if (!ready) return;
    void act('SendMessage', { conversationSid });
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent) => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    attach(event.clipboardData.files);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    attach(event.dataTransfer.files);
  };

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={onDrop}
    >
      {files.length > 0 && (
        <ul className={styles.files} aria-label="Attached files">
          {files.map((file) => (
            <li key={`${file.name} ${file.lastModified}`}>
              {file.name} <span>({sizeOf(file.size)})</span>
              <button
                type="button"
                aria-label={`Remove ${file.name}`}
                onClick={() => void act('DetachFile', { conversationSid, file })}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <textarea
        ref={box}
        className={styles.box}
        rows={Math.min(8, Math.max(2, text.split('\n').length))}
        maxLength={BODY_MAX}
        aria-label="Write a message"
        placeholder="Write a message"
        value={text}
        data-testid="message-input"
        onChange={(event) => {
          write(event.target.value);
          void act('SendTyping', { conversationSid });
        }}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <div className={styles.tools}>
        <CannedResponses
          onChoose={(body) => {
            write(text ? `${text.trimEnd()} ${body}` : body);
            box.current?.focus();
          }}
        />
        <Button variant="secondary_icon" size="icon" onClick={() => picker.current?.click()}>
          <AttachIcon decorative={false} title="Attach files" />
        </Button>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          data-testid="file-input"
          onChange={(event) => {
            attach(event.target.files ?? []);
            event.target.value = '';
          }}
        />
        <span className={styles.hint}>
          {parts > 1 ? `${parts} text messages` : 'Enter sends, Shift + Enter begins a line'}
        </span>
        <Button type="submit" variant="primary" size="small" disabled={!ready} data-testid="send">
          Send
        </Button>
      </div>
    </form>
  );
}
