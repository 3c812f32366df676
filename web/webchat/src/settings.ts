/** What the page says by its script tag, and by `PlugboardWebchat`. */

export interface Settings {
  /** Where our server is: the address of embed.js without its name. */
  base: string;
  /** The address configuration (IG…, or its address) that customers write to. */
  address: string;
  language?: string;
  theme: 'auto' | 'light' | 'dark';
  /** Shown at the head of the window; the words' own title without it. */
  title?: string;
  /** A CSS selector: the window stands in that element instead of floating. */
  target?: string;
  startOpen: boolean;
  /** Begin at once, without asking for a name: the page has said who it is, or does not want to know. */
  skipForm: boolean;
  /** Who is writing, signed by the page's own server. */
  identity?: string;
  fields: Record<string, string>;
}

const yes = (value: string | undefined): boolean =>
  value !== undefined && value !== 'false' && value !== '0';

export function settingsOf(src: string, data: DOMStringMap): Settings {
  const theme = data.theme === 'light' || data.theme === 'dark' ? data.theme : 'auto';
  const fields: Record<string, string> = {};
  // data-field-order="4711" becomes {order: "4711"} of the pre-engagement data.
  for (const [name, value] of Object.entries(data)) {
    const field = /^field([A-Z].*)$/.exec(name)?.[1];
    if (field && value) fields[field.charAt(0).toLowerCase() + field.slice(1)] = value;
  }
  return {
    base: new URL('.', src).href,
    address: data.address ?? 'default',
    language: data.language,
    theme,
    title: data.title,
    target: data.target,
    startOpen: yes(data.open),
    skipForm: yes(data.skipForm),
    identity: data.identity,
    fields,
  };
}
