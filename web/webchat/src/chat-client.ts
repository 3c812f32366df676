/** The official client, pointed at our server, for one session; its token is renewed as long as the server agrees. */
import { Client } from '@twilio/conversations';
import { Talk } from '../../talk/talk';
import type { Session, Sessions } from './session';

export class Chat {
  connected = false;
  talk!: Talk;
  private client!: Client;
  private stopped = false;

  constructor(
    private session: Session,
    private readonly sessions: Sessions,
    private readonly base: string,
    private readonly changed: () => void,
  ) {}

  async start(): Promise<void> {
    const at = (path: string): string => new URL(`../${path}`, this.base).href;
    const options = {
      Twilsock: { uri: at('tsock/v3/wsconnect').replace(/^http/, 'ws') },
      cdsUri: at('cds'),
      apiUri: at('aim'),
      logLevel: 'silent' as const,
    };
    const client = new Client(this.session.token, options);
    this.client = client;
    client.on('tokenAboutToExpire', () => void this.renew());
    client.on('tokenExpired', () => void this.renew());
    client.on('connectionStateChanged', (state) => {
      this.connected = state === 'connected';
      this.changed();
      if (this.connected) void this.talk?.reconnected();
    });
    await new Promise<void>((resolve, reject) => {
      client.on('initialized', () => resolve());
      client.on('initFailed', ({ error }) => reject(new Error(error?.message ?? 'no start')));
    });
    this.connected = client.connectionState === 'connected';
    this.talk = new Talk(await client.getConversationBySid(this.session.conversationSid), {
      me: this.session.identity,
      nameOf: (identity) => this.nameOf(identity),
      changed: this.changed,
    });
    await this.talk.start();
  }

  async end(): Promise<void> {
    await this.sessions.end(this.session);
  }

  stop(): void {
    this.stopped = true;
    this.talk.stop();
    void this.client.shutdown().catch(() => undefined);
  }

  private async nameOf(identity: string): Promise<string> {
    const user = await this.client.getUser(identity).catch(() => undefined);
    return user?.friendlyName ?? '';
  }

  private async renew(): Promise<void> {
    if (this.stopped) return;
    try {
      this.session = await this.sessions.refresh(this.session);
      await this.client.updateToken(this.session.token);
    } catch {
      // The socket ends with its token; the next reconnection asks again.
    }
  }
}
