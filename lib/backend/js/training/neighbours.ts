/** What stands beside the tokens of a merge, by id. */
export class Neighbours {
  readonly counts: Float64Array;
  readonly occurrences: Int32Array;
  /** The new pair with this neighbour; −1: it is not stored. */
  readonly pairs: Int32Array;
  /** The ids that are in use: the first `used`. */
  readonly ids: Int32Array;
  used = 0;

  constructor(bound: number) {
    this.counts = new Float64Array(bound);
    this.occurrences = new Int32Array(bound);
    this.pairs = new Int32Array(bound).fill(-1);
    this.ids = new Int32Array(bound);
  }

  add(id: number, count: number): void {
    if (this.occurrences[id]++ === 0) this.ids[this.used++] = id;
    this.counts[id] += count;
  }

  clear(): void {
    for (let i = 0; i < this.used; i++) {
      const id = this.ids[i];
      this.counts[id] = this.occurrences[id] = 0;
      this.pairs[id] = -1;
    }
    this.used = 0;
  }
}
