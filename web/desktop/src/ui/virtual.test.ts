import { describe, expect, it } from 'vitest';
import { RowLayout } from './virtual';

describe('RowLayout', () => {
  it('draws only what is seen, of however many rows', () => {
    const layout = new RowLayout(5000, () => 60);
    expect(layout.height).toBe(300_000);
    expect(layout.range(0, 600)).toEqual([0, 15]);
    expect(layout.range(120_000, 600)).toEqual([1996, 2015]);
    expect(layout.range(299_400, 600)).toEqual([4986, 5000]);
    // A list that has just become shorter may be scrolled beyond its end.
    expect(layout.range(900_000, 600)).toEqual([4995, 5000]);
  });

  it('finds rows of different heights', () => {
    const layout = new RowLayout(4, (i) => [32, 116, 32, 60][i] ?? 0);
    expect([0, 31, 32, 147, 148, 180, 9999].map((y) => layout.indexAt(y))).toEqual([
      0, 0, 1, 1, 2, 3, 3,
    ]);
  });

  it('scrolls no further than needed', () => {
    const layout = new RowLayout(100, () => 10);
    expect(layout.scrollFor(5, 0, 100)).toBe(0);
    expect(layout.scrollFor(20, 0, 100)).toBe(110);
    expect(layout.scrollFor(2, 50, 100)).toBe(20);
  });

  it('is content with nothing', () => {
    const layout = new RowLayout(0, () => 10);
    expect(layout.range(0, 100)).toEqual([0, 0]);
    expect(layout.height).toBe(0);
  });
});
