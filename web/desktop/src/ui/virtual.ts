/**
 * Which rows of a long list are on the screen. Rows may have different heights,
 * but every height is known beforehand, so finding the first one is a binary
 * search and nothing is ever measured.
 */
export class RowLayout {
  /** tops[i] is where row i starts; the last entry is the height of all. */
  private readonly tops: Float64Array;

  constructor(count: number, heightOf: (index: number) => number) {
    this.tops = new Float64Array(count + 1);
    for (let i = 0; i < count; i++) this.tops[i + 1] = this.top(i) + heightOf(i);
  }

  get count(): number {
    return this.tops.length - 1;
  }

  get height(): number {
    return this.top(this.count);
  }

  top(index: number): number {
    return this.tops[index] ?? 0;
  }

  /** The row at this distance from the top, within the list. */
  indexAt(y: number): number {
    let low = 0;
    let high = Math.max(0, this.count - 1);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The half-open range of rows to draw, with a few to spare on both sides. */
  range(scrollTop: number, viewport: number, spare = 4): [first: number, end: number] {
    if (this.count === 0) return [0, 0];
    const first = Math.max(0, this.indexAt(scrollTop) - spare);
    const end = Math.min(this.count, this.indexAt(scrollTop + viewport) + 1 + spare);
    return [first, end];
  }

  /** Where to scroll so that a row is seen whole; the same place when it is already. */
  scrollFor(index: number, scrollTop: number, viewport: number): number {
    const [top, bottom] = [this.top(index), this.top(index + 1)];
    if (top < scrollTop) return top;
    return bottom > scrollTop + viewport ? bottom - viewport : scrollTop;
  }
}
