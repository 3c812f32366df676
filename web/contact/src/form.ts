/**
 * One form on one page: loads its description, checks, sends, and says what
 * happened. It lives in a shadow root, so neither the page's styles nor its
 * scripts' selectors reach it by accident.
 */
import { ContactApi, type FormDescription } from './api';
import {
  FIELDS,
  LIMITS,
  check,
  firstFault,
  lengthOf,
  cleaned,
  type Field,
  type Values,
} from './rules';
import css from './form.css?inline';
import { buildForm, buildThanks, buildUnavailable, make, showFault, type FormView } from './view';

/**
 * The server takes what comes sooner after the form was shown for a machine's.
 * A browser that fills in by itself can be as quick; it waits out the rest.
 */
const QUICKEST_MS = 1000;

/** How much of the message may be left before the counter appears. */
const COUNTER_FROM = 200;

export class ContactForm {
  private readonly root: ShadowRoot;
  private readonly body = make('div', { class: 'body' });
  private readonly status = make('p', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  private description: FormDescription | undefined;
  private view: FormView | undefined;
  private startedAt = 0;
  private sending = false;
  /** Faults are shown while typing only once somebody has tried to send. */
  private tried = false;

  constructor(
    host: HTMLElement,
    private readonly api: ContactApi,
  ) {
    this.root = host.attachShadow({ mode: 'open' });
    this.addStyles();
    this.root.append(make('section', { class: 'card' }, this.body, this.status));
  }

  async load(): Promise<void> {
    this.body.replaceChildren(make('p', { class: 'loading' }, 'Loading…'));
    try {
      this.description = await this.api.describe();
    } catch {
      this.body.replaceChildren(buildUnavailable(() => void this.load()));
      this.say('This form cannot be loaded at the moment.');
      return;
    }
    this.show(this.description);
  }

  /** A constructed sheet works under any content security policy of the page. */
  private addStyles(): void {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      this.root.adoptedStyleSheets = [sheet];
    } catch {
      this.root.append(make('style', {}, css));
    }
  }

  private show(description: FormDescription): void {
    const view = buildForm(description);
    this.view = view;
    this.tried = false;
    this.startedAt = Date.now();
    this.body.replaceChildren(
      make('h2', { id: 'title', tabindex: '-1' }, description.title),
      make('p', { class: 'intro' }, description.intro),
      view.form,
    );
    view.form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.submit();
    });
    view.form.addEventListener('input', () => this.typed());
  }

  private values(view: FormView): Values {
    const read = (field: Field) => view.fields[field].control.value;
    return cleaned({
      name: read('name'),
      phone: read('phone'),
      topic: read('topic'),
      message: read('message'),
    });
  }

  private topics(): string[] {
    return this.description?.topics.map((topic) => topic.value) ?? [];
  }

  private typed(): void {
    const view = this.view;
    if (!view) return;
    const left = LIMITS.message - lengthOf(view.fields.message.control.value);
    view.counter.textContent = left > COUNTER_FROM ? '' : `${left} characters left`;
    if (this.tried) this.showFaults(view);
  }

  private showFaults(view: FormView): Field | undefined {
    const faults = check(this.values(view), this.topics());
    for (const field of FIELDS) showFault(view.fields[field], faults[field]);
    return firstFault(faults);
  }

  private async submit(): Promise<void> {
    const view = this.view;
    if (!view || this.sending) return;
    this.tried = true;
    this.problem(view, undefined);
    const first = this.showFaults(view);
    if (first) {
      view.fields[first].control.focus();
      return;
    }
    this.busy(view, true);
    const early = QUICKEST_MS - (Date.now() - this.startedAt);
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const outcome = await this.api.send(this.values(view), {
      website: view.website.value,
      started_at: this.startedAt,
      // Agents like to see where a customer wrote from; its query is nobody's business.
      page: location.origin + location.pathname,
    });
    this.busy(view, false);
    if (outcome.kind === 'sent') {
      this.sent(outcome.reference);
    } else if (outcome.kind === 'refused' && outcome.field) {
      showFault(view.fields[outcome.field], outcome.message);
      view.fields[outcome.field].control.focus();
    } else {
      this.problem(view, outcome.message);
      view.submit.focus();
    }
  }

  private busy(view: FormView, busy: boolean): void {
    this.sending = busy;
    // Not disabled: that would drop the focus, and the words tell enough.
    view.submit.setAttribute('aria-disabled', String(busy));
    view.submit.textContent = busy ? 'Sending…' : (this.description?.submit_label ?? 'Send');
    if (busy) this.say('Sending your message.');
  }

  private problem(view: FormView, text: string | undefined): void {
    view.problem.textContent = text ?? '';
    view.problem.hidden = text === undefined;
    this.say(text ?? '');
  }

  private sent(reference: string): void {
    const thanks = this.description?.thanks ?? 'Thank you.';
    const box = buildThanks(thanks, reference, () => {
      if (!this.description) return;
      this.show(this.description);
      this.root.querySelector<HTMLElement>('#name')?.focus();
    });
    this.view = undefined;
    this.body.replaceChildren(box);
    box.querySelector<HTMLElement>('h2')?.focus();
    this.say(thanks);
  }

  private say(text: string): void {
    this.status.textContent = text;
  }
}
