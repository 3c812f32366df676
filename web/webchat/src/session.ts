/** The server's side of a chat's beginning: who writes, in which conversation, with which token. */
import type { Settings } from './settings';

export interface Session {
  token: string;
  /** ms since 1970 */
  expiration: number;
  identity: string;
  conversationSid: string;
}

export class Refused extends Error {
  constructor(
    readonly kind: 'unreachable' | 'throttled' | 'refused',
    message: string,
  ) {
    super(message);
  }
}

interface Answer {
  token: string;
  expiration: number;
  identity: string;
  conversation_sid: string;
}

const TIMEOUT_MS = 20_000;

/** Sessions are kept per server and address, so that two chats on one page's origin do not mix. */
const slot = (settings: Settings): string =>
  `plugboard-webchat:${settings.base}:${settings.address}`;

export class Sessions {
  constructor(
    private readonly settings: Settings,
    private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined,
  ) {}

  stored(): Session | undefined {
    try {
      const text = this.storage?.getItem(slot(this.settings));
      const session = text ? (JSON.parse(text) as Session) : undefined;
      return session?.token && session.conversationSid ? session : undefined;
    } catch {
      return undefined;
    }
  }

  forget(): void {
    try {
      this.storage?.removeItem(slot(this.settings));
    } catch {
      // A page may forbid storage; then there is nothing to forget.
    }
  }

  /** Who has written before goes on as who he was: his history is his. */
  async begin(name: string, preEngagement: Record<string, string>): Promise<Session> {
    const before = this.stored();
    return this.take('', {
      AddressSid: this.settings.address,
      CustomerFriendlyName: name,
      PreEngagementData: JSON.stringify(preEngagement),
      ...(before ? { Token: before.token } : {}),
      ...(this.settings.identity ? { Identity: this.settings.identity } : {}),
    });
  }

  /** A token for the same person and conversation; the old one may have expired since. */
  async refresh(session: Session): Promise<Session> {
    return this.take('/Refresh', { Token: session.token });
  }

  async end(session: Session): Promise<void> {
    await this.post('/End', { Token: session.token });
  }

  private async take(path: string, form: Record<string, string>): Promise<Session> {
    const answer = (await this.post(path, form)) as Answer;
    const session: Session = {
      token: answer.token,
      expiration: answer.expiration,
      identity: answer.identity,
      conversationSid: answer.conversation_sid,
    };
    try {
      this.storage?.setItem(slot(this.settings), JSON.stringify(session));
    } catch {
      // Without storage a chat lasts as long as its page.
    }
    return session;
  }

  private async post(path: string, form: Record<string, string>): Promise<unknown> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
    let response: Response;
    let answer: { message?: string } = {};
    try {
      response = await fetch(new URL(`../plugboard/v1/Webchats${path}`, this.settings.base), {
        method: 'POST',
        body: new URLSearchParams(form),
        credentials: 'omit',
        signal: stop.signal,
      });
      if (response.status !== 204) answer = (await response.json()) as { message?: string };
    } catch {
      throw new Refused('unreachable', 'no connection');
    } finally {
      clearTimeout(timer);
    }
    if (response.ok) return answer;
    const kind =
      response.status === 429 ? 'throttled' : response.status < 500 ? 'refused' : 'unreachable';
    throw new Refused(kind, answer.message ?? String(response.status));
  }
}
