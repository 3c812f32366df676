/**
 * A conversation as the window shows it: one plain state, changed by what the official SDK tells, and drawn anew each time.
 * Nothing here knows of elements.
 *
 * What the customer writes is there at once, as `pending`, and carries a key in its attributes. When a message with that key
 * arrives, pending is over, whether or not the answer to sending it ever came: so what is sent again after a lost connection is
 * not shown, nor said, twice.
 */
import { Client } from '@twilio/conversations';
import type { Conversation, Media, Message, Participant } from '@twilio/conversations';
import type { Session, Sessions } from './session';

export const FILES_MAX = 10;
export const FILE_MB_MAX = 10;
const PAGE = 30;

export interface Attachment {
  sid: string;
  name: string;
  type: string;
  size: number;
  url: () => Promise<string | null>;
}

export interface Line {
  key: string;
  index: number;
  mine: boolean;
  author: string;
  body: string;
  at: number;
  edited: boolean;
  attachments: Attachment[];
}

export interface Pending {
  key: string;
  body: string;
  files: File[];
  at: number;
  failed: boolean;
}

/** Somebody came or went while we looked on. */
export interface Note {
  key: string;
  at: number;
  word: 'joined' | 'left';
  name: string;
}

export interface State {
  phase: 'starting' | 'open' | 'ended' | 'failed';
  connected: boolean;
  lines: readonly Line[];
  notes: readonly Note[];
  pending: readonly Pending[];
  typing: readonly string[];
  /** The last of our messages that the other side has read. */
  readTo: number;
  unread: number;
  earlier: boolean;
  answered: boolean;
}

export const nothingYet: State = {
  phase: 'starting',
  connected: false,
  lines: [],
  notes: [],
  pending: [],
  typing: [],
  readTo: -1,
  unread: 0,
  earlier: false,
  answered: false,
};

const attributeOf = (attributes: unknown, name: string): string | undefined => {
  const value =
    attributes !== null && typeof attributes === 'object'
      ? (Reflect.get(attributes, name) as unknown)
      : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const attachmentOf = (media: Media): Attachment => ({
  sid: media.sid,
  name: media.filename ?? media.sid,
  type: media.contentType,
  size: media.size,
  url: () => media.getContentTemporaryUrl(),
});

/** In the order of their indexes, each once: the newer of two wins. */
export function merged(lines: readonly Line[], more: readonly Line[]): Line[] {
  const byIndex = new Map(lines.map((line) => [line.index, line]));
  for (const line of more) byIndex.set(line.index, line);
  return [...byIndex.values()].sort((a, b) => a.index - b.index);
}

export class Talk {
  state: State = nothingYet;
  private client?: Client;
  private conversation?: Conversation;
  private earliest?: { hasPrevPage: boolean; prevPage: () => Promise<{ items: Message[] }> };
  private readonly names = new Map<string, string>();
  private watching = false;
  private closed = false;

  constructor(
    private session: Session,
    private readonly sessions: Sessions,
    private readonly hosts: { twilsock: string; cds: string; aim: string },
    private readonly changed: () => void,
  ) {}

  async start(): Promise<void> {
    const client = new Client(this.session.token, {
      Twilsock: { uri: this.hosts.twilsock },
      cdsUri: this.hosts.cds,
      apiUri: this.hosts.aim,
      logLevel: 'silent',
    } as ConstructorParameters<typeof Client>[1]);
    this.client = client;
    client.on('connectionStateChanged', (state) => {
      this.set({ connected: state === 'connected' });
      if (state === 'connected') void this.again();
    });
    client.on('tokenAboutToExpire', () => void this.renew());
    client.on('tokenExpired', () => void this.renew());
    await new Promise<void>((resolve, reject) => {
      client.on('initialized', () => resolve());
      client.on('initFailed', ({ error }) =>
        reject(new Error(error?.message ?? 'the chat could not start')),
      );
    });
    const conversation = await client.getConversationBySid(this.session.conversationSid);
    this.conversation = conversation;
    await this.listen(conversation);
    await this.load(conversation);
    this.set({
      phase: conversation.state?.current === 'closed' ? 'ended' : 'open',
      connected: client.connectionState === 'connected',
    });
  }

  private async listen(conversation: Conversation): Promise<void> {
    conversation.on('messageAdded', (message) => this.arrived(message));
    conversation.on('messageUpdated', ({ message }) => this.take([message]));
    conversation.on('messageRemoved', (message) =>
      this.set({ lines: this.state.lines.filter((line) => line.index !== message.index) }),
    );
    conversation.on('typingStarted', (who) => this.typing(who, true));
    conversation.on('typingEnded', (who) => this.typing(who, false));
    conversation.on('participantJoined', (who) => void this.came(who));
    conversation.on('participantLeft', (who) => this.went(who));
    conversation.on('participantUpdated', () => void this.horizons());
    conversation.on('updated', ({ conversation: now }) => {
      if (now.state?.current === 'closed') this.set({ phase: 'ended', typing: [] });
    });
    conversation.on('removed', () => this.set({ phase: 'ended', typing: [] }));
    for (const who of await conversation.getParticipants()) await this.learn(who);
    await this.horizons();
  }

  private async load(conversation: Conversation): Promise<void> {
    const page = await conversation.getMessages(PAGE);
    this.earliest = page;
    this.take(page.items);
    const read = conversation.lastReadMessageIndex ?? -1;
    this.set({
      earlier: page.hasPrevPage,
      unread: this.state.lines.filter((line) => !line.mine && line.index > read).length,
    });
    if (this.watching) this.seen();
  }

  async showEarlier(): Promise<void> {
    if (!this.earliest?.hasPrevPage) return;
    const page = await this.earliest.prevPage();
    this.earliest = page as unknown as Talk['earliest'];
    this.take(page.items);
    this.set({ earlier: this.earliest?.hasPrevPage ?? false });
  }

  /** Everything that was said, for the transcript. */
  async all(): Promise<readonly Line[]> {
    while (this.state.earlier) await this.showEarlier();
    return this.state.lines;
  }

  send(body: string, files: File[]): void {
    const pending: Pending = {
      key: crypto.randomUUID(),
      body,
      files,
      at: Date.now(),
      failed: false,
    };
    this.set({ pending: [...this.state.pending, pending] });
    void this.post(pending);
  }

  retry(key: string): void {
    const pending = this.state.pending.find((one) => one.key === key);
    if (!pending) return;
    this.mark(key, false);
    void this.post(pending);
  }

  writing(): void {
    if (this.state.connected) this.conversation?.typing().catch(() => undefined);
  }

  /** Is the window open and looked at? What is on the screen counts as read. */
  watch(on: boolean): void {
    this.watching = on;
    if (on) this.seen();
  }

  async finish(): Promise<void> {
    await this.sessions.end(this.session);
    this.set({ phase: 'ended', typing: [] });
  }

  stop(): void {
    this.closed = true;
    void this.client?.shutdown().catch(() => undefined);
  }

  private async post(pending: Pending): Promise<void> {
    try {
      const message = this.conversation
        ?.prepareMessage()
        .setBody(pending.body)
        .setAttributes({ client_key: pending.key });
      for (const file of pending.files) {
        message?.addMedia({ contentType: file.type, filename: file.name, media: file });
      }
      await message?.build().send();
    } catch {
      this.mark(pending.key, true);
    }
  }

  /** Connected again: what could not be sent goes out now, unless it turns out to have arrived. */
  private async again(): Promise<void> {
    if (!this.conversation || !this.state.pending.some((one) => one.failed)) return;
    const page = await this.conversation.getMessages(PAGE).catch(() => undefined);
    if (page) this.take(page.items);
    for (const one of this.state.pending) if (one.failed) this.retry(one.key);
  }

  private async renew(): Promise<void> {
    if (this.closed) return;
    try {
      this.session = await this.sessions.refresh(this.session);
      await this.client?.updateToken(this.session.token);
    } catch {
      this.set({ connected: false });
    }
  }

  private mark(key: string, failed: boolean): void {
    this.set({
      pending: this.state.pending.map((one) => (one.key === key ? { ...one, failed } : one)),
    });
  }

  private arrived(message: Message): void {
    this.take([message]);
    if (message.author === this.session.identity) return;
    this.typingEnded(message.author ?? '');
    if (this.watching) this.seen();
    else this.set({ unread: this.state.unread + 1 });
  }

  private take(messages: readonly Message[]): void {
    const keys = new Set(messages.map((message) => attributeOf(message.attributes, 'client_key')));
    this.set({
      lines: merged(
        this.state.lines,
        messages.map((message) => this.lineOf(message)),
      ),
      pending: this.state.pending.filter((one) => !keys.has(one.key)),
    });
  }

  private lineOf(message: Message): Line {
    const at = message.dateCreated?.getTime() ?? Date.now();
    return {
      key: attributeOf(message.attributes, 'client_key') ?? message.sid,
      index: message.index,
      mine: message.author === this.session.identity,
      author: this.names.get(message.author ?? '') ?? '',
      body: message.body ?? '',
      at,
      edited: (message.dateUpdated?.getTime() ?? at) - at > 1000 && message.lastUpdatedBy !== null,
      attachments: (message.attachedMedia ?? []).map(attachmentOf),
    };
  }

  private seen(): void {
    const last = this.state.lines[this.state.lines.length - 1];
    if (this.state.unread > 0) this.set({ unread: 0 });
    if (last && last.index > (this.conversation?.lastReadMessageIndex ?? -1)) {
      this.conversation?.advanceLastReadMessageIndex(last.index).catch(() => undefined);
    }
  }

  private async horizons(): Promise<void> {
    const others = ((await this.conversation?.getParticipants()) ?? []).filter(
      (who) => who.identity !== this.session.identity,
    );
    this.set({
      readTo: Math.max(-1, ...others.map((who) => who.lastReadMessageIndex ?? -1)),
      answered: others.length > 0,
    });
  }

  private async learn(who: Participant): Promise<string> {
    const identity = who.identity ?? who.sid;
    const told = attributeOf(who.attributes, 'friendly_name');
    const user = told ? undefined : await this.client?.getUser(identity).catch(() => undefined);
    const name = told ?? user?.friendlyName ?? '';
    this.names.set(identity, name);
    return name;
  }

  private async came(who: Participant): Promise<void> {
    const name = await this.learn(who);
    this.note('joined', who, name);
    await this.horizons();
  }

  private went(who: Participant): void {
    this.typing(who, false);
    this.note('left', who, this.names.get(who.identity ?? who.sid) ?? '');
    void this.horizons();
  }

  private note(word: Note['word'], who: Participant, name: string): void {
    if (who.identity === this.session.identity) return;
    const at = Date.now();
    this.set({ notes: [...this.state.notes, { key: `${who.sid}${word}${at}`, at, word, name }] });
  }

  private typing(who: Participant, on: boolean): void {
    const name = this.names.get(who.identity ?? who.sid) ?? '';
    const others = this.state.typing.filter((one) => one !== name);
    this.set({ typing: on ? [...others, name] : others });
  }

  private typingEnded(identity: string): void {
    const name = this.names.get(identity) ?? '';
    this.set({ typing: this.state.typing.filter((one) => one !== name) });
  }

  private set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    this.changed();
  }
}
