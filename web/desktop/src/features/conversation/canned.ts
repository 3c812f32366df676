import type { CannedResponse } from '../../api/helps';

/** Every word of the query is somewhere in it; those whose label begins with it come first. */
export function matching(rows: readonly CannedResponse[], query: string): CannedResponse[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (row: CannedResponse): number =>
    words.length > 0 && row.label.toLowerCase().startsWith(words[0] ?? '') ? 0 : 1;
  return rows
    .filter((row) => {
      const all = `${row.label} ${row.section} ${row.text}`.toLowerCase();
      return words.every((word) => all.includes(word));
    })
    .sort(
      (a, b) =>
        rank(a) - rank(b) || a.section.localeCompare(b.section) || a.label.localeCompare(b.label),
    );
}
