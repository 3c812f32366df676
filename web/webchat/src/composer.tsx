/** The place to write: Enter sends, Shift+Enter begins a line, files by button, paste or drop. */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Emoji } from './emoji';
import { Icon } from './icons';
import { FILES_MAX, FILE_MB_MAX } from '../../talk/shape';
import type { Speech } from './words';

interface Props {
  speech: Speech;
  onTyping: () => void;
  onSend: (body: string, files: File[]) => void;
}

const BODY_MAX = 16_000;

export function Composer({ speech, onTyping, onSend }: Props): JSX.Element {
  const [text, setText] = useState('');
  const [files, setFiles] = useState<File[]>([]);
  const [fault, setFault] = useState('');
  const [choosing, setChoosing] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const ready = text.trim() !== '' || files.length > 0;

  const take = (more: Iterable<File>): void => {
    const all = [...files];
    setFault('');
    for (const file of more) {
      if (file.size > FILE_MB_MAX * 1024 * 1024) {
        setFault(speech.say('tooBig', { name: file.name, max: FILE_MB_MAX }));
      } else if (all.length >= FILES_MAX) setFault(speech.say('tooMany', { n: FILES_MAX }));
      else all.push(file);
    }
    setFiles(all);
  };

  const send = (): void => {
    if (!ready) return;
    onSend(text.trim(), files);
    setText('');
    setFiles([]);
    setFault('');
    box.current?.focus();
  };

  const insert = (emoji: string): void => {
    const at = box.current?.selectionStart ?? text.length;
    setText(text.slice(0, at) + emoji + text.slice(at));
    setChoosing(false);
    requestAnimationFrame(() => {
      box.current?.focus();
      box.current?.setSelectionRange(at + emoji.length, at + emoji.length);
    });
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        take(event.dataTransfer?.files ?? []);
      }}
    >
      {fault && (
        <p class="wrong" role="alert">
          {fault}
        </p>
      )}
      {files.length > 0 && (
        <ul class="files">
          {files.map((file, at) => (
            <li key={`${file.name}${at}`}>
              {file.name}
              <button
                type="button"
                class="icon small"
                aria-label={speech.say('remove', { name: file.name })}
                onClick={() => setFiles(files.filter((_, other) => other !== at))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {choosing && <Emoji speech={speech} onChoose={insert} onClose={() => setChoosing(false)} />}
      <div class="row">
        <textarea
          ref={box}
          data-first
          rows={Math.min(5, text.split('\n').length)}
          maxLength={BODY_MAX}
          aria-label={speech.say('write')}
          placeholder={speech.say('write')}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            onTyping();
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
          onPaste={(event) => {
            if (event.clipboardData?.files.length) {
              event.preventDefault();
              take(event.clipboardData.files);
            }
          }}
        />
        <button
          type="button"
          class="icon"
          aria-label={speech.say('emoji')}
          aria-expanded={choosing}
          onClick={() => setChoosing(!choosing)}
        >
          <Icon name="smile" />
        </button>
        <button
          type="button"
          class="icon"
          aria-label={speech.say('attach')}
          onClick={() => picker.current?.click()}
        >
          <Icon name="clip" />
        </button>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            take(event.currentTarget.files ?? []);
            event.currentTarget.value = '';
          }}
        />
        <button type="submit" class="icon send" aria-label={speech.say('send')} disabled={!ready}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
