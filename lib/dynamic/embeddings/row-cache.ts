/** Rows by key in memory that is taken once; the row that was used longest ago goes first. */
export class RowCache {
  readonly table: Float32Array;
  /** In order of use, the latest last. */
  private readonly rows = new Map<string, number>();

  constructor(
    readonly capacity: number,
    readonly width: number,
  ) {
    this.table = new Float32Array(capacity * width);
  }

  get size(): number {
    return this.rows.size;
  }

  /** The row of a key, which counts as used; undefined: there is none. */
  use(key: string): number | undefined {
    const row = this.rows.get(key);
    if (row === undefined) return undefined;
    this.rows.delete(key);
    this.rows.set(key, row);
    return row;
  }

  /** Puts a row in, in the place of the one that was used longest ago if there is no room. Keys in `kept`, fewer than there is room for, stay. */
  put(key: string, values: Float32Array, kept: ReadonlySet<string>): number {
    const row = this.rows.size < this.capacity ? this.rows.size : this.evict(kept);
    this.rows.set(key, row);
    this.table.set(values, row * this.width);
    return row;
  }

  private evict(kept: ReadonlySet<string>): number {
    for (const [key, row] of this.rows) {
      if (kept.has(key)) continue;
      this.rows.delete(key);
      return row;
    }
    throw new RangeError('every row is to be kept');
  }
}
