/**
 * The server's clock, as well as the browser knows it.
 *
 * Countdowns are drawn from timestamps that the server wrote. An agent's
 * computer may be minutes off, which would make a fresh offer look expired, so
 * the difference is taken from the `Date` header of our own answers. That
 * header has whole seconds only: a difference within them is not a difference.
 */
const NEGLIGIBLE_MS = 2000;

let offset = 0;

export function noteServerDate(header: string | null, sentAt: number, receivedAt: number): void {
  const server = header ? Date.parse(header) : NaN;
  if (Number.isNaN(server)) return;
  // The header is rounded down, so its middle is half a second later.
  const difference = server + 500 - (sentAt + receivedAt) / 2;
  offset = Math.abs(difference) < NEGLIGIBLE_MS ? 0 : difference;
}

export function serverNow(): number {
  return Date.now() + offset;
}

/**
 * One heartbeat for all that counts seconds on the screen: rows tick together
 * and one timer runs, however many rows there are; none when there are none.
 */
const tickers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Math.floor(serverNow() / 1000);

function tick(): void {
  second = Math.floor(serverNow() / 1000);
  for (const ticker of [...tickers]) ticker();
}

export function subscribeToSeconds(ticker: () => void): () => void {
  tickers.add(ticker);
  if (!timer) {
    second = Math.floor(serverNow() / 1000);
    timer = setInterval(tick, 1000);
  }
  return () => {
    tickers.delete(ticker);
    if (tickers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The current server second, in ms; changes only when the heartbeat says so. */
export function currentSecond(): number {
  return second * 1000;
}
