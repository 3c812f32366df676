/** The elements of the form. Built by hand: a framework would be larger than all the rest. */
import type { FormDescription } from './api';
import { LIMITS, type Field } from './rules';

type Attributes = Record<string, string>;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export interface FieldView {
  row: HTMLElement;
  control: Control;
  fault: HTMLElement;
}

export interface FormView {
  form: HTMLFormElement;
  fields: Record<Field, FieldView>;
  website: HTMLInputElement;
  submit: HTMLButtonElement;
  /** Above the button: what went wrong with the whole. */
  problem: HTMLElement;
  counter: HTMLElement;
}

function field(name: Field, label: string, control: Control, hint?: string): FieldView {
  const fault = make('p', { id: `${name}-fault`, class: 'fault', hidden: '' });
  const describedBy = hint ? `${name}-hint ${name}-fault` : `${name}-fault`;
  for (const [key, value] of Object.entries({
    id: name,
    name,
    required: '',
    'aria-describedby': describedBy,
    'data-testid': `contact-${name}`,
  })) {
    control.setAttribute(key, value);
  }
  const parts: Node[] = [make('label', { for: name }, label)];
  if (hint) parts.push(make('p', { id: `${name}-hint`, class: 'hint' }, hint));
  const row = make('div', { class: 'row', 'data-field': name }, ...parts, control, fault);
  return { row, control, fault };
}

function topicSelect(topics: FormDescription['topics']): HTMLSelectElement {
  const select = make('select', {}, make('option', { value: '' }, 'Choose one'));
  for (const { value, label } of topics) select.append(make('option', { value }, label));
  return select;
}

export function buildForm(description: FormDescription): FormView {
  const fields: Record<Field, FieldView> = {
    name: field('name', 'Your name', make('input', { type: 'text', autocomplete: 'name' })),
    phone: field(
      'phone',
      'Phone number',
      make('input', { type: 'tel', autocomplete: 'tel', maxlength: String(LIMITS.phone) }),
      'With the country code, if you can: +44 20 7946 0123',
    ),
    topic: field('topic', 'What is it about?', topicSelect(description.topics)),
    message: field('message', 'Your message', make('textarea', { rows: '5' })),
  };
  fields.topic.row.hidden = description.topics.length === 0;
  const counter = make('p', { class: 'counter', 'aria-hidden': 'true' });
  fields.message.row.append(counter);

  const website = make('input', {
    type: 'text',
    name: 'website',
    tabindex: '-1',
    autocomplete: 'off',
  });
  const trap = make(
    'div',
    { class: 'trap', 'aria-hidden': 'true' },
    make('label', {}, 'Leave this empty', website),
  );

  const problem = make('p', { class: 'problem', hidden: '' });
  const submit = make(
    'button',
    { type: 'submit', 'data-testid': 'contact-submit' },
    description.submit_label,
  );
  const form = make(
    'form',
    { novalidate: '', 'aria-labelledby': 'title' },
    ...Object.values(fields).map((one) => one.row),
    trap,
    problem,
    submit,
  );
  return { form, fields, website, submit, problem, counter };
}

export function showFault(view: FieldView, text: string | undefined): void {
  view.fault.textContent = text ?? '';
  view.fault.hidden = text === undefined;
  if (text === undefined) view.control.removeAttribute('aria-invalid');
  else view.control.setAttribute('aria-invalid', 'true');
}

export function buildThanks(thanks: string, reference: string, again: () => void): HTMLElement {
  const heading = make('h2', { tabindex: '-1' }, 'Sent');
  const button = make('button', { type: 'button', class: 'plain' }, 'Write another message');
  button.addEventListener('click', again);
  const box = make(
    'div',
    { class: 'sent', 'data-testid': 'contact-sent' },
    heading,
    make('p', {}, thanks),
  );
  if (reference) {
    const code = make('strong', { 'data-testid': 'contact-reference' }, reference);
    box.append(make('p', { class: 'reference' }, 'Your reference: ', code));
  }
  box.append(button);
  return box;
}

export function buildUnavailable(retry: () => void): HTMLElement {
  const button = make('button', { type: 'button' }, 'Try again');
  button.addEventListener('click', retry);
  return make(
    'div',
    { 'data-testid': 'contact-unavailable' },
    make('p', { class: 'problem' }, 'This form cannot be loaded at the moment.'),
    button,
  );
}
