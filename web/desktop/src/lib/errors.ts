/** The sentence to show for anything that was thrown. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : typeof error === 'string' ? error : '';
  if (!text) return 'Something went wrong. Try again.';
  // The TaskRouter SDK wraps the server's own sentence; agents need only that.
  const wrapped = /^(?:Request failed|Server responded) with status code (\d+)\.?\s*(.*)$/s.exec(
    text,
  );
  if (wrapped) return wrapped[2]?.trim() || `The server refused this (status ${wrapped[1]}).`;
  if (/network error|failed to fetch|timeout of \d+ms/i.test(text)) {
    return 'The server cannot be reached. Check your connection and try again.';
  }
  return text;
}

/** True when an SDK error says that the token is no longer accepted. */
export function isUnauthorised(error: unknown): boolean {
  return error instanceof Error && /status code 401\b/.test(error.message);
}
