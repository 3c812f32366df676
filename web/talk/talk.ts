/** A conversation as one plain state, changed by what the official SDK tells. See README.md. */
import type { Conversation, Message, Participant } from '@twilio/conversations';
import {
  attachmentOf,
  emptyTalk,
  fateOf,
  merged,
  textOf,
  type Line,
  type Note,
  type Pending,
  type TalkState,
} from './shape';

const PAGE = 30;

interface Page {
  items: Message[];
  hasPrevPage: boolean;
  prevPage: () => Promise<Page>;
}

export interface Surroundings {
  /** Our own identity. */
  me: string;
  /** How others are called who do not say so themselves. */
  nameOf: (identity: string) => Promise<string>;
  changed: () => void;
  newKey?: () => string;
  now?: () => number;
}

export class Talk {
  state: TalkState = emptyTalk;
  private earliest?: Page;
  private readonly names = new Map<string, string>();
  private watching = false;
  private stopped = false;

  constructor(
    readonly conversation: Conversation,
    private readonly around: Surroundings,
  ) {}

  async start(): Promise<void> {
    const { conversation } = this;
    conversation.on('messageAdded', this.arrived);
    conversation.on('messageUpdated', ({ message }) => this.take([message]));
    conversation.on('messageRemoved', ({ index }) =>
      this.set({ lines: this.state.lines.filter((line) => line.index !== index) }),
    );
    conversation.on('typingStarted', (who) => this.typing(who, true));
    conversation.on('typingEnded', (who) => this.typing(who, false));
    conversation.on('participantJoined', (who) => void this.came(who));
    conversation.on('participantLeft', this.went);
    conversation.on('participantUpdated', () => void this.look());
    conversation.on('updated', () => this.looked());
    conversation.on('removed', () => this.set({ closed: true, typing: [] }));
    for (const who of await conversation.getParticipants()) await this.learn(who);
    await this.look();
    const page: Page = await conversation.getMessages(PAGE);
    this.earliest = page;
    this.take(page.items);
    const read = conversation.lastReadMessageIndex ?? -1;
    this.set({
      earlier: page.hasPrevPage,
      unread: this.state.lines.filter((line) => !line.mine && line.index > read).length,
    });
    this.looked();
    if (this.watching) this.seen();
  }

  /** The conversation may go on; we no longer tell of it. */
  stop(): void {
    this.stopped = true;
  }

  async showEarlier(): Promise<void> {
    if (!this.earliest?.hasPrevPage) return;
    this.earliest = await this.earliest.prevPage();
    this.take(this.earliest.items);
    this.set({ earlier: this.earliest.hasPrevPage });
  }

  /** Everything that was said, for a transcript. */
  async all(): Promise<readonly Line[]> {
    while (this.state.earlier) await this.showEarlier();
    return this.state.lines;
  }

  send(body: string, files: readonly File[] = []): void {
    const key = this.around.newKey?.() ?? crypto.randomUUID();
    const at = this.around.now?.() ?? Date.now();
    const pending: Pending = { key, body, files, at, failed: false };
    this.set({ pending: [...this.state.pending, pending] });
    void this.post(pending);
  }

  retry(key: string): void {
    const pending = this.state.pending.find((one) => one.key === key);
    if (!pending) return;
    this.mark(key, false);
    void this.post(pending);
  }

  /** The connection is back: what could not be sent goes out now, unless it turns out to have arrived. */
  async reconnected(): Promise<void> {
    if (!this.state.pending.some((one) => one.failed)) return;
    const page = await this.conversation.getMessages(PAGE).catch(() => undefined);
    if (!page) return;
    this.take(page.items);
    for (const one of this.state.pending) if (one.failed) this.retry(one.key);
  }

  writing(): void {
    this.conversation.typing().catch(() => undefined);
  }

  /** Is it looked at? What nobody sees is not read. */
  watch(on: boolean): void {
    this.watching = on;
    if (on) this.seen();
  }

  private async post(pending: Pending): Promise<void> {
    try {
      const message = this.conversation
        .prepareMessage()
        .setBody(pending.body)
        .setAttributes({ client_key: pending.key });
      for (const file of pending.files) {
        message.addMedia({
          contentType: file.type || 'application/octet-stream',
          filename: file.name,
          media: file,
        });
      }
      await message.build().send();
    } catch {
      this.mark(pending.key, true);
    }
  }

  private mark(key: string, failed: boolean): void {
    this.set({
      pending: this.state.pending.map((one) => (one.key === key ? { ...one, failed } : one)),
    });
  }

  private readonly arrived = (message: Message): void => {
    this.take([message]);
    if (message.author === this.around.me) return;
    const name = this.names.get(message.author ?? '') ?? '';
    this.set({ typing: this.state.typing.filter((one) => one !== name) });
    if (this.watching) this.seen();
    else this.set({ unread: this.state.unread + 1 });
  };

  private take(messages: readonly Message[]): void {
    const keys = new Set(messages.map(({ attributes }) => textOf(attributes, 'client_key')));
    this.set({
      lines: merged(
        this.state.lines,
        messages.map((message) => this.lineOf(message)),
      ),
      pending: this.state.pending.filter(({ key }) => !keys.has(key)),
    });
  }

  private lineOf(message: Message): Line {
    const author = message.author ?? '';
    const at = message.dateCreated?.getTime() ?? 0;
    return {
      key: textOf(message.attributes, 'client_key') ?? message.sid,
      index: message.index,
      mine: author === this.around.me,
      author,
      name: this.names.get(author) ?? '',
      body: message.body ?? '',
      at,
      edited: message.lastUpdatedBy !== null && (message.dateUpdated?.getTime() ?? at) > at,
      attachments: (message.attachedMedia ?? []).map(attachmentOf),
      fate: fateOf(message.aggregatedDeliveryReceipt),
    };
  }

  private seen(): void {
    const last = this.state.lines[this.state.lines.length - 1];
    if (this.state.unread > 0) this.set({ unread: 0 });
    if (last && last.index > (this.conversation.lastReadMessageIndex ?? -1)) {
      this.conversation.advanceLastReadMessageIndex(last.index).catch(() => undefined);
    }
  }

  private looked(): void {
    if (this.conversation.state?.current === 'closed') this.set({ closed: true, typing: [] });
  }

  private async look(): Promise<void> {
    const others = (await this.conversation.getParticipants())
      .filter((who) => who.identity !== this.around.me)
      .map((who) => ({
        sid: who.sid,
        identity: who.identity,
        name: this.names.get(who.identity ?? who.sid) ?? '',
        channel: who.type,
        readTo: who.lastReadMessageIndex ?? -1,
      }));
    this.set({ others, readTo: Math.max(-1, ...others.map((who) => who.readTo)) });
  }

  private async learn(who: Participant): Promise<string> {
    const key = who.identity ?? who.sid;
    const name =
      textOf(who.attributes, 'friendlyName') ??
      (who.identity ? await this.around.nameOf(who.identity) : '');
    this.names.set(key, name);
    return name;
  }

  private async came(who: Participant): Promise<void> {
    const name = await this.learn(who);
    this.note('joined', who, name);
    this.set({
      lines: this.state.lines.map((line) =>
        line.author === who.identity && line.name !== name ? { ...line, name } : line,
      ),
    });
    await this.look();
  }

  private readonly went = (who: Participant): void => {
    this.typing(who, false);
    this.note('left', who, this.names.get(who.identity ?? who.sid) ?? '');
    void this.look();
  };

  private note(word: Note['word'], who: Participant, name: string): void {
    if (who.identity === this.around.me) return;
    const at = this.around.now?.() ?? Date.now();
    this.set({ notes: [...this.state.notes, { key: `${who.sid} ${word} ${at}`, at, word, name }] });
  }

  private typing(who: Participant, on: boolean): void {
    const name = this.names.get(who.identity ?? who.sid) ?? '';
    const rest = this.state.typing.filter((one) => one !== name);
    this.set({ typing: on ? [...rest, name] : rest });
  }

  private set(change: Partial<TalkState>): void {
    this.state = { ...this.state, ...change };
    if (!this.stopped) this.around.changed();
  }
}
