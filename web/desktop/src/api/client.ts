/** The desktop's own endpoints. One function for all of them: the header against cross-site writes, errors with the server's sentence, the server's clock. */
import { noteServerDate } from '../lib/clock';

export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when no answer came at all. */
    readonly status: number,
    message: string,
    readonly code?: number,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

const TIMEOUT_MS = 15_000;

export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const sentAt = Date.now();
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        Accept: 'application/json',
        'X-Plugboard-Desktop': '1',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new ApiError(0, 'The server cannot be reached. Check your connection and try again.');
  }
  noteServerDate(response.headers.get('Date'), sentAt, Date.now());
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer as T;
  const fault = (answer ?? {}) as { message?: string; code?: number };
  throw new ApiError(
    response.status,
    fault.message ?? `The server answered with status ${response.status}.`,
    fault.code,
  );
}
