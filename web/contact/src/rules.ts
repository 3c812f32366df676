/**
 * What the server will accept, told to the customer before asking the server.
 * The server's own rules decide; these only save a round trip, so they must
 * never be stricter than those.
 */
export const FIELDS = ['name', 'phone', 'topic', 'message'] as const;
export type Field = (typeof FIELDS)[number];
export type Values = Record<Field, string>;
export type Faults = Partial<Record<Field, string>>;

export const LIMITS = { name: 100, phone: 32, message: 2000 } as const;
const PHONE = /^[0-9+() .-]{5,32}$/;
const PHONE_DIGITS = { min: 5, max: 20 } as const;

/** Characters as the server counts them: code points, not UTF-16 halves. */
export const lengthOf = (text: string): number => [...text].length;

function faultOf(field: Field, value: string, topics: readonly string[]): string | undefined {
  switch (field) {
    case 'name':
      if (value === '') return 'Please tell us your name.';
      return lengthOf(value) > LIMITS.name
        ? `Please shorten this to ${LIMITS.name} characters.`
        : undefined;
    case 'phone':
      if (value === '') return 'Please enter a phone number where we can reach you.';
      return isPhone(value) ? undefined : 'Please enter a phone number, such as +44 20 7946 0123.';
    case 'topic':
      return topics.length === 0 || topics.includes(value) ? undefined : 'Please choose a topic.';
    case 'message':
      if (value === '') return 'Please write what this is about.';
      return lengthOf(value) > LIMITS.message
        ? `Please shorten this to ${LIMITS.message} characters.`
        : undefined;
  }
}

function isPhone(value: string): boolean {
  const digits = value.replace(/\D/g, '').length;
  return PHONE.test(value) && digits >= PHONE_DIGITS.min && digits <= PHONE_DIGITS.max;
}

/** Tabs and the like come with pasted text; the server takes none, and nobody would miss them. */
function clean(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, ' ')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '')
    .trim();
}

export function cleaned(values: Values): Values {
  return Object.fromEntries(FIELDS.map((field) => [field, clean(values[field])])) as Values;
}

export function check(values: Values, topics: readonly string[]): Faults {
  const faults: Faults = {};
  for (const field of FIELDS) {
    const fault = faultOf(field, values[field], topics);
    if (fault) faults[field] = fault;
  }
  return faults;
}

export const firstFault = (faults: Faults): Field | undefined =>
  FIELDS.find((field) => faults[field] !== undefined);
