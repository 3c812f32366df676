/** One message. Text is text, whatever is in it; addresses in it become links. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from './icons';
import type { Attachment, Line, Pending } from '../../talk/shape';
import { sizeOf } from './transcript';
import type { Speech } from './words';

const ADDRESS = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'])/;

/** Every second part of the split is an address. */
export const partsOf = (text: string): string[] => text.split(ADDRESS);

function Text({ text }: { text: string }): JSX.Element {
  return (
    <p class="text">
      {partsOf(text).map((part, at) =>
        at % 2 ? (
          <a key={at} href={part} target="_blank" rel="noopener noreferrer nofollow">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </p>
  );
}

function File({ file, speech }: { file: Attachment; speech: Speech }): JSX.Element {
  const [url, setUrl] = useState<string | null>(null);
  const image = file.type.startsWith('image/') && file.type !== 'image/svg+xml';
  useEffect(() => {
    file.url?.().then(setUrl, () => setUrl(null));
  }, [file.sid]);
  return (
    <a class="file" href={url ?? undefined} target="_blank" rel="noopener" download={file.name}>
      {image && url ? (
        <img src={url} alt={speech.say('image', { name: file.name })} loading="lazy" />
      ) : (
        <>
          <Icon name="file" />
          <span>{speech.say('file', { name: file.name, size: sizeOf(file.size) })}</span>
        </>
      )}
    </a>
  );
}

const clock = (ms: number, speech: Speech): string =>
  new Date(ms).toLocaleTimeString(speech.language, { hour: '2-digit', minute: '2-digit' });

interface BubbleProps {
  line: Line;
  speech: Speech;
  fate?: string;
}

export function Bubble({ line, speech, fate }: BubbleProps): JSX.Element {
  const who = line.mine ? speech.say('you') : line.name || speech.say('agent');
  return (
    <article class={line.mine ? 'bubble mine' : 'bubble'}>
      <h3 class={line.mine ? 'hidden' : 'who'}>{who}</h3>
      <div class="said">
        {line.body && <Text text={line.body} />}
        {line.attachments.map((file) => (
          <File key={file.sid} file={file} speech={speech} />
        ))}
      </div>
      <p class="when">
        <time dateTime={new Date(line.at).toISOString()}>{clock(line.at, speech)}</time>
        {line.edited && ` · ${speech.say('edited')}`}
        {fate && ` · ${fate}`}
      </p>
    </article>
  );
}

interface PendingProps {
  pending: Pending;
  speech: Speech;
  onRetry: () => void;
}

export function PendingBubble({ pending, speech, onRetry }: PendingProps): JSX.Element {
  return (
    <article class={pending.failed ? 'bubble mine failed' : 'bubble mine pending'}>
      <h3 class="hidden">{speech.say('you')}</h3>
      <div class="said">
        {pending.body && <Text text={pending.body} />}
        {pending.files.map((file) => (
          <p class="file" key={file.name}>
            <Icon name="file" />
            <span>{file.name}</span>
          </p>
        ))}
      </div>
      <p class="when" role="status">
        {speech.say(pending.failed ? 'failed' : 'sending')}
        {pending.failed && (
          <button type="button" class="link" onClick={onRetry}>
            {speech.say('again')}
          </button>
        )}
      </p>
    </article>
  );
}
