/**
 * <script src="https://host/webchat/embed.js" data-address="default" async></script>
 *
 * puts a button into the page's corner (or the window into the element that data-target names). What is heavy is loaded when
 * somebody wants to write, or when a conversation of this browser is still open. The page may speak to it:
 *
 *   PlugboardWebchat.open()   .close()   .identify(token, {order: '4711'})
 */
import { settingsOf, type Settings } from './settings';
import { Sessions } from './session';
import { speechFor } from './words';
import type { Window as ChatWindow } from './chat';
import style from './launcher.css?inline';

interface Handle {
  open(): void;
  close(): void;
  identify(identity: string, fields?: Record<string, string>): void;
}

declare global {
  interface Window {
    PlugboardWebchat?: Handle;
  }
}

const BUBBLE =
  '<svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true"><path fill="currentColor" ' +
  'd="M12 3C6.5 3 2 6.8 2 11.5c0 2.3 1.1 4.4 2.9 5.9-.1 1-.6 2.4-1.7 3.6 2 0 4-.8 5.3-1.8 1.1.3 2.3.5 ' +
  '3.5.5 5.5 0 10-3.8 10-8.5S17.5 3 12 3z"/></svg>';

function placeFor(settings: Settings): HTMLElement {
  const host = document.createElement('div');
  const target = settings.target ? document.querySelector(settings.target) : null;
  if (settings.target && !target) console.warn(`Plugboard: there is no ${settings.target} here`);
  host.dataset.theme = settings.theme;
  host.dataset.place = target ? 'inline' : 'corner';
  (target ?? document.body).append(host);
  return host;
}

class Launcher implements Handle {
  private readonly root: ShadowRoot;
  private readonly button = document.createElement('button');
  private readonly badge = document.createElement('span');
  private readonly speech;
  private window?: ChatWindow;
  private loading?: Promise<ChatWindow>;
  private shown = false;

  constructor(private readonly settings: Settings) {
    const host = placeFor(settings);
    this.speech = speechFor(
      settings.language,
      document.documentElement.lang,
      ...navigator.languages,
    );
    this.root = host.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    this.button.type = 'button';
    this.button.className = 'launcher';
    this.button.innerHTML = BUBBLE;
    this.badge.className = 'badge';
    this.badge.hidden = true;
    this.button.append(this.badge);
    this.button.addEventListener('click', () => (this.shown ? this.close() : this.open()));
    this.root.adoptedStyleSheets = [sheet];
    this.root.append(this.button);
    this.tell(0);
    if (settings.startOpen || settings.target) this.open(false);
    else if (this.sessions().stored()) void this.load(); // somebody may answer while the window is shut
  }

  open(focus = true): void {
    this.shown = true;
    this.button.setAttribute('aria-expanded', 'true');
    void this.load().then((window) => this.shown && window.show(focus));
  }

  close(): void {
    this.shown = false;
    this.button.setAttribute('aria-expanded', 'false');
    this.window?.hide();
    this.button.focus();
  }

  identify(identity: string, fields: Record<string, string> = {}): void {
    Object.assign(this.settings, { identity, skipForm: true });
    Object.assign(this.settings.fields, fields);
  }

  private sessions(): Sessions {
    return new Sessions(this.settings, storage());
  }

  private load(): Promise<ChatWindow> {
    this.loading ??= import(/* @vite-ignore */ new URL('chat.js', this.settings.base).href).then(
      (module: typeof import('./chat')) => {
        this.window = module.mount(this.root, this.settings, this.sessions(), this.speech, {
          unread: (n) => this.tell(n),
          close: () => this.close(),
        });
        return this.window;
      },
    );
    this.loading.catch(() => (this.loading = undefined)); // the next click tries again
    return this.loading;
  }

  private tell(unread: number): void {
    this.badge.hidden = unread === 0;
    this.badge.textContent = unread > 9 ? '9+' : String(unread);
    this.button.setAttribute(
      'aria-label',
      unread ? this.speech.say('openUnread', { n: unread }) : this.speech.say('open'),
    );
    this.button.setAttribute('aria-expanded', String(this.shown));
  }
}

function storage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  const start = (): void => {
    window.PlugboardWebchat = new Launcher(settingsOf(script.src, script.dataset));
  };
  // An async script may run before the place it is meant for is there.
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
}
