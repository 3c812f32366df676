/** The window: one of four faces (form, one moment, the conversation, a fault), and when which. */
import { render, type JSX } from 'preact';
import style from './chat.css?inline';
import { Conversation } from './conversation';
import { Form } from './form';
import { Head } from './head';
import { Refused, type Session, type Sessions } from './session';
import type { Settings } from './settings';
import { Chat } from './chat-client';
import { download, transcriptOf } from './transcript';
import type { Speech } from './words';

export interface Window {
  show(focus: boolean): void;
  hide(): void;
}

interface Page {
  unread(n: number): void;
  close(): void;
}

type Face = { is: 'form'; fault?: string } | { is: 'talk'; chat: Chat } | { is: 'moment' };

class ChatWindow implements Window {
  private readonly place = document.createElement('div');
  private face: Face = { is: 'form' };
  private shown = false;

  constructor(
    private readonly root: ShadowRoot,
    private readonly settings: Settings,
    private readonly sessions: Sessions,
    private readonly speech: Speech,
    private readonly page: Page,
  ) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    this.place.className = 'place';
    this.place.hidden = true;
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    root.append(this.place);
    document.addEventListener('visibilitychange', () => this.look());
    const stored = sessions.stored();
    if (stored) void this.resume(stored);
    else if (settings.skipForm) void this.begin('', settings.fields);
    this.draw();
  }

  show(focus: boolean): void {
    this.shown = true;
    this.place.hidden = false;
    this.look();
    if (focus) this.place.querySelector<HTMLElement>('[data-first]')?.focus();
  }

  hide(): void {
    this.shown = false;
    this.place.hidden = true;
    this.look();
  }

  /** What nobody can see is not read. */
  private look(): void {
    if (this.face.is === 'talk') this.face.chat.talk.watch(this.shown && !document.hidden);
  }

  private async begin(name: string, fields: Record<string, string>): Promise<void> {
    const { question, ...rest } = fields;
    this.turn({ is: 'moment' });
    try {
      const told = { ...this.settings.fields, ...rest, ...(name ? { friendlyName: name } : {}) };
      const session = await this.sessions.begin(name, question ? { ...told, question } : told);
      await this.talk(session, question);
    } catch (error) {
      this.turn({ is: 'form', fault: this.faultOf(error) });
    }
  }

  private async resume(stored: Session): Promise<void> {
    this.turn({ is: 'moment' });
    try {
      await this.talk(await this.sessions.refresh(stored));
    } catch (error) {
      if (!(error instanceof Refused) || error.kind === 'refused') this.sessions.forget();
      this.turn({
        is: 'form',
        fault:
          error instanceof Refused && error.kind !== 'refused' ? this.faultOf(error) : undefined,
      });
    }
  }

  private async talk(session: Session, question?: string): Promise<void> {
    const chat = new Chat(session, this.sessions, this.settings.base, () => {
      this.page.unread(chat.talk?.state.unread ?? 0);
      this.draw();
    });
    await chat.start();
    this.turn({ is: 'talk', chat });
    if (question) chat.talk.send(question);
  }

  private anew(): void {
    if (this.face.is === 'talk') this.face.chat.stop();
    if (this.settings.skipForm) void this.begin('', this.settings.fields);
    else this.turn({ is: 'form' });
  }

  private faultOf(error: unknown): string {
    if (!(error instanceof Refused)) return this.speech.say('unreachable');
    if (error.kind === 'throttled') return this.speech.say('throttled');
    return error.kind === 'refused' ? error.message : this.speech.say('unreachable');
  }

  private turn(face: Face): void {
    this.face = face;
    this.look();
    this.draw();
    const inside = this.root.activeElement;
    if (this.shown && face.is !== 'moment' && (!inside || !inside.isConnected)) {
      this.place.querySelector<HTMLElement>('[data-first]')?.focus();
    }
  }

  private async transcript({ talk }: Chat): Promise<void> {
    const day = new Date().toISOString().slice(0, 10);
    download(transcriptOf(await talk.all(), this.speech), `chat-${day}.txt`);
  }

  private draw(): void {
    render(this.body(), this.place);
  }

  private body(): JSX.Element {
    const { face, speech } = this;
    const chat = face.is === 'talk' ? face.chat : undefined;
    return (
      <section
        class="window"
        role="dialog"
        aria-label={this.settings.title ?? speech.say('title')}
        lang={speech.language}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !this.settings.target) this.page.close();
        }}
      >
        <Head
          title={this.settings.title ?? speech.say('title')}
          speech={speech}
          onClose={this.settings.target ? undefined : () => this.page.close()}
          onTranscript={chat && (() => void this.transcript(chat))}
          onEnd={chat && !chat.talk.state.closed ? () => void chat.end() : undefined}
        />
        {face.is === 'form' && (
          <Form
            speech={speech}
            fault={face.fault}
            known={this.settings.fields}
            onStart={(name, fields) => void this.begin(name, fields)}
          />
        )}
        {face.is === 'moment' && (
          <p class="moment" role="status">
            <span class="spinner" aria-hidden="true" />
            {speech.say('starting')}
          </p>
        )}
        {chat && (
          <Conversation
            talk={chat.talk}
            state={chat.talk.state}
            connected={chat.connected}
            speech={speech}
            onAnew={() => this.anew()}
          />
        )}
      </section>
    );
  }
}

export function mount(
  root: ShadowRoot,
  settings: Settings,
  sessions: Sessions,
  speech: Speech,
  page: Page,
): Window {
  return new ChatWindow(root, settings, sessions, speech, page);
}
