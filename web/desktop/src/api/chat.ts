/**
 * The agent's conversations: Twilio's own SDK, kept alive as live.ts keeps the worker's.
 *
 * The SDK reconnects by itself. This class gives it new tokens, starts it again when its start-up failed, opens a
 * conversation when there is a task for it (it may come before the agent is let in: then it is opened as soon as the SDK hears
 * that we joined), and closes it when the last task for it has gone.
 */
import type { Client } from '@twilio/conversations';
import { Talk } from '../../../talk/talk';
import { reconnectDelay } from '../lib/backoff';
import { messageOf } from '../lib/errors';
import {
  chatConnection,
  conversationChanged,
  conversationFailed,
  conversationLeft,
  conversationOpening,
} from '../state/chat';
import type { Store } from '../state/store';
import type { WorkerToken } from './session';

export interface ChatDeps {
  store: Store;
  createClient: (token: string) => Promise<Client>;
  createToken: () => Promise<WorkerToken>;
}

export class LiveChat {
  private client: Client | null = null;
  private readonly talks = new Map<string, Talk>();
  private wanted: ReadonlySet<string> = new Set();
  private readonly opening = new Set<string>();
  private shown: string | undefined;
  private attempt = 0;
  private stopped = true;
  private ready = false;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly deps: ChatDeps) {}

  talk(sid: string): Talk | undefined {
    return this.talks.get(sid);
  }

  /** These conversations have a task; others are let go. */
  want(sids: ReadonlySet<string>): void {
    this.wanted = sids;
    for (const sid of [...this.talks.keys()]) if (!sids.has(sid)) this.leave(sid);
    if (sids.size > 0 && this.stopped) this.start();
    for (const sid of sids) void this.open(sid);
  }

  /** What the agent looks at counts as read. */
  show(sid: string | undefined): void {
    this.shown = sid;
    for (const [one, talk] of this.talks) talk.watch(one === sid);
  }

  retry(sid: string): void {
    void this.open(sid);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    this.wanted = new Set();
    for (const sid of [...this.talks.keys()]) this.leave(sid);
    this.shutdown();
  }

  private start(): void {
    this.stopped = false;
    this.attempt = 0;
    void this.connect();
  }

  private shutdown(): void {
    this.ready = false;
    const { client } = this;
    this.client = null;
    void client?.shutdown().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    this.retryTimer = undefined;
    this.deps.store.dispatch(chatConnection('connecting'));
    try {
      const { token } = await this.deps.createToken();
      const client = await this.deps.createClient(token);
      if (this.stopped) {
        void client.shutdown();
        return;
      }
      this.client = client;
      this.listen(client);
    } catch {
      this.again();
    }
  }

  private again(): void {
    if (this.stopped || this.retryTimer !== undefined) return;
    this.shutdown();
    this.deps.store.dispatch(chatConnection('disconnected'));
    this.retryTimer = setTimeout(() => void this.connect(), reconnectDelay(this.attempt++));
  }

  private listen(client: Client): void {
    client.on('initialized', () => {
      this.ready = true;
      this.attempt = 0;
      this.talks.clear(); // of a client that is no more
      for (const sid of this.wanted) void this.open(sid);
    });
    client.on('initFailed', () => this.again());
    client.on('connectionStateChanged', (state) => {
      if (this.client !== client) return;
      const connected = state === 'connected';
      this.deps.store.dispatch(chatConnection(connected ? 'connected' : 'disconnected'));
      if (state === 'denied') this.again();
      if (connected) for (const talk of this.talks.values()) void talk.reconnected();
    });
    client.on('conversationJoined', ({ sid }) => {
      if (this.wanted.has(sid)) void this.open(sid);
    });
    const renew = () => void this.renew(client);
    client.on('tokenAboutToExpire', renew);
    client.on('tokenExpired', renew);
  }

  private async renew(client: Client): Promise<void> {
    try {
      const { token } = await this.deps.createToken();
      await client.updateToken(token);
    } catch {
      if (client === this.client) this.again();
    }
  }

  private async open(sid: string): Promise<void> {
    const { client } = this;
    if (!client || !this.ready || this.talks.has(sid) || this.opening.has(sid)) return;
    this.opening.add(sid);
    this.deps.store.dispatch(conversationOpening(sid));
    try {
      const talk = new Talk(await client.getConversationBySid(sid), {
        me: client.user.identity,
        nameOf: async (identity) => {
          const user = await client.getUser(identity).catch(() => undefined);
          return user?.friendlyName ?? identity;
        },
        changed: () => {
          if (this.talks.get(sid) !== talk) return;
          this.deps.store.dispatch(conversationChanged({ sid, talk: talk.state }));
        },
      });
      await talk.start();
      if (client !== this.client || !this.wanted.has(sid)) return;
      this.talks.set(sid, talk);
      talk.watch(this.shown === sid);
      this.deps.store.dispatch(conversationChanged({ sid, talk: talk.state }));
    } catch (error) {
      const fault = messageOf(error);
      if (client === this.client) this.deps.store.dispatch(conversationFailed({ sid, fault }));
    } finally {
      this.opening.delete(sid);
    }
  }

  private leave(sid: string): void {
    this.talks.get(sid)?.stop();
    this.talks.delete(sid);
    this.deps.store.dispatch(conversationLeft(sid));
  }
}
