/** The two public endpoints of a form. No cookies are sent or kept. */
import { FIELDS, type Field, type Values } from './rules';

export interface FormDescription {
  sid: string;
  title: string;
  intro: string;
  topics: { value: string; label: string }[];
  submit_label: string;
  thanks: string;
}

export type Outcome =
  | { kind: 'sent'; reference: string }
  | { kind: 'refused'; message: string; field?: Field }
  | { kind: 'throttled'; message: string }
  | { kind: 'failed'; message: string };

export interface Extras {
  /** A field that people do not see; whoever fills it in is a machine. */
  website: string;
  /** When the form was shown, ms. */
  started_at: number;
  page: string;
}

const TIMEOUT_MS = 20_000;
const UNREACHABLE =
  'We could not send your message: no connection. Nothing is lost, please try again.';
const THROTTLED = 'There were too many requests. Please wait a minute and try again.';
const FAILED = 'Something went wrong on our side. Nothing is lost, please try again.';

export class ContactApi {
  private readonly form: string;

  /** `base` is the address of embed.js: the endpoints are its neighbours. */
  constructor(base: string, formSid: string) {
    this.form = new URL(`v1/Forms/${encodeURIComponent(formSid)}/`, base).href;
  }

  async describe(): Promise<FormDescription> {
    const response = await this.call('Public', { method: 'GET' });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return (await response.json()) as FormDescription;
  }

  async send(values: Values, extras: Extras): Promise<Outcome> {
    let response: Response;
    let answer: unknown;
    try {
      response = await this.call('Requests', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...values, ...extras }),
      });
      answer = await response.json().catch(() => undefined);
    } catch {
      return { kind: 'failed', message: UNREACHABLE };
    }
    return outcomeOf(response.status, answer);
  }

  private async call(path: string, init: RequestInit): Promise<Response> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
    try {
      return await fetch(this.form + path, {
        ...init,
        credentials: 'omit',
        cache: 'no-store',
        signal: stop.signal,
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

function textAt(value: unknown, ...path: string[]): string | undefined {
  let at = value;
  for (const step of path) {
    at = at !== null && typeof at === 'object' ? Reflect.get(at, step) : undefined;
  }
  return typeof at === 'string' && at !== '' ? at : undefined;
}

export function outcomeOf(status: number, answer: unknown): Outcome {
  if (status >= 200 && status < 300) {
    return { kind: 'sent', reference: textAt(answer, 'reference') ?? '' };
  }
  const message = textAt(answer, 'message');
  if (status === 429) return { kind: 'throttled', message: message ?? THROTTLED };
  if (status >= 400 && status < 500) {
    const named = textAt(answer, 'details', 'field');
    const field = FIELDS.find((one) => one === named);
    return { kind: 'refused', message: message ?? FAILED, field };
  }
  return { kind: 'failed', message: FAILED };
}
