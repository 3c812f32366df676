/** What is asked before a conversation: no more than an agent needs. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Speech, Word } from './words';

interface Props {
  speech: Speech;
  fault?: string;
  known: Record<string, string>;
  onStart: (name: string, fields: Record<string, string>) => void;
}

interface Field {
  name: 'name' | 'email' | 'question';
  max: number;
  type?: string;
  autoComplete?: string;
  wrong: (value: string) => Word | undefined;
}

const fields: Field[] = [
  {
    name: 'name',
    max: 64,
    autoComplete: 'name',
    wrong: (value) => (value ? undefined : 'needName'),
  },
  {
    name: 'email',
    max: 254,
    type: 'email',
    autoComplete: 'email',
    wrong: (value) => (!value || /^[^@\s]+@[^@\s]+$/.test(value) ? undefined : 'badEmail'),
  },
  { name: 'question', max: 1600, wrong: (value) => (value ? undefined : 'needQuestion') },
];

export function Form({ speech, fault, known, onStart }: Props): JSX.Element {
  const [faults, setFaults] = useState<Partial<Record<Field['name'], Word>>>({});

  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const values = Object.fromEntries(
      fields.map(({ name }) => [name, String(data.get(name) ?? '').trim()]),
    );
    const found = Object.fromEntries(
      fields.flatMap(({ name, wrong }) => {
        const word = wrong(values[name] ?? '');
        return word ? [[name, word]] : [];
      }),
    ) as typeof faults;
    setFaults(found);
    const first = fields.find(({ name }) => found[name]);
    if (first) {
      event.currentTarget.querySelector<HTMLElement>(`[name=${first.name}]`)?.focus();
      return;
    }
    const { name = '', email, question = '' } = values;
    onStart(name, { question, ...(email ? { email } : {}) });
  };

  return (
    <form class="form" noValidate onSubmit={submit}>
      <p>{speech.say('hello')}</p>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {fields.map(({ name, max, type, autoComplete }, at) => {
        const wrong = faults[name];
        const shared = {
          id: `pb-${name}`,
          name,
          maxLength: max,
          defaultValue: known[name] ?? '',
          'aria-required': name !== 'email',
          'aria-invalid': wrong !== undefined,
          'aria-describedby': wrong && `pb-${name}-fault`,
          ...(at === 0 ? { 'data-first': true } : {}),
        };
        return (
          <div class="field" key={name}>
            <label for={`pb-${name}`}>{speech.say(name)}</label>
            {name === 'question' ? (
              <textarea rows={4} {...shared} />
            ) : (
              <input type={type ?? 'text'} autoComplete={autoComplete} {...shared} />
            )}
            {wrong && (
              <p class="wrong" id={`pb-${name}-fault`}>
                {speech.say(wrong)}
              </p>
            )}
          </div>
        );
      })}
      <button type="submit" class="main">
        {speech.say('start')}
      </button>
    </form>
  );
}
