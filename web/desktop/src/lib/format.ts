/** How times, names and free-form attributes are written for a person. */

/** `0:07`, `12:40`, `1:02:33`; more than a day is `2 d 3 h`. */
export function duration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60];
  if (h >= 24) return `${Math.floor(h / 24)} d ${h % 24} h`;
  const pad = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** For screen readers, where `0:42` is read as a ratio. */
export function spokenDuration(ms: number): string {
  const total = Math.max(0, Math.round(ms / 1000));
  const m = Math.floor(total / 60);
  const s = total % 60;
  const part = (n: number, unit: string) => `${n} ${unit}${n === 1 ? '' : 's'}`;
  if (m === 0) return part(s, 'second');
  return s === 0 ? part(m, 'minute') : `${part(m, 'minute')} ${part(s, 'second')}`;
}

/** `customerAddress`, `customer_address` and `customers.name` become words. */
export function humanise(key: string): string {
  const words = key
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[._-]+/g, ' ')
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export interface AttributeRow {
  key: string;
  value: string;
}

const MAX_ROWS = 200;

/** Nested attributes as rows with dotted keys. Sizes are bounded by the server; the table is bounded here as well. */
export function flattenAttributes(attributes: unknown): AttributeRow[] {
  const rows: AttributeRow[] = [];
  const walk = (key: string, value: unknown): void => {
    if (rows.length >= MAX_ROWS || value === undefined) return;
    if (Array.isArray(value) && value.every((v) => v === null || typeof v !== 'object')) {
      rows.push({ key, value: value.map((v) => String(v)).join(', ') });
    } else if (value !== null && typeof value === 'object') {
      for (const [k, v] of Object.entries(value)) walk(key ? `${key}.${k}` : k, v);
    } else if (key) {
      rows.push({ key, value: value === null ? '' : String(value) });
    }
  };
  walk('', attributes);
  return rows;
}

/** A link only for what is safe to follow: attributes are written by strangers. */
export function webUrl(text: string): string | undefined {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const first = words[0]?.charAt(0) ?? '?';
  const last = words.length > 1 ? (words[words.length - 1]?.charAt(0) ?? '') : '';
  return (first + last).toUpperCase();
}

/** `Hello {{name}}` with a context: the template language of notification texts. */
export function fillTemplate(template: string, context: Record<string, unknown> = {}): string {
  return template.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, path: string) => {
    let value: unknown = context;
    for (const step of path.split('.')) {
      value = value !== null && typeof value === 'object' ? Reflect.get(value, step) : undefined;
    }
    return value === undefined || value === null ? '' : String(value);
  });
}
