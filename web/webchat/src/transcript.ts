/** The conversation as a text file: what a customer keeps. */
import type { Line } from '../../talk/shape';
import type { Speech } from './words';

const two = (n: number): string => String(n).padStart(2, '0');

function stamp(ms: number): string {
  const d = new Date(ms);
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  return `${day} ${two(d.getHours())}:${two(d.getMinutes())}`;
}

export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export function transcriptOf(lines: readonly Line[], speech: Speech): string {
  return lines
    .map((line) => {
      const who = line.mine ? speech.say('you') : line.name || speech.say('agent');
      const files = line.attachments.map((one) =>
        speech.say('file', { name: one.name, size: sizeOf(one.size) }),
      );
      return `[${stamp(line.at)}] ${who}: ${[line.body, ...files].filter(Boolean).join('\n    ')}\n`;
    })
    .join('');
}

export function download(text: string, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(['\uFEFF', text], { type: 'text/plain;charset=utf-8' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
