/** Buffers of more ids than this are not kept between calls. */
const KEPT_IDS = 1 << 20;

/** A growing array of ids. Writers reserve room first, then write to `values` directly. */
export class IdBuffer {
  values = new Uint32Array(256);
  length = 0;

  /** Makes room for `count` more ids. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.values.length) return;
    const grown = new Uint32Array(Math.max(needed, this.values.length + (this.values.length >> 1)));
    grown.set(this.values.subarray(0, this.length));
    this.values = grown;
  }

  push(id: number): void {
    this.reserve(1);
    this.values[this.length++] = id;
  }

  /** The ids so far, as an array of their own; the buffer is empty afterwards. */
  take(): Uint32Array {
    const ids = this.values.slice(0, this.length);
    this.clear();
    return ids;
  }

  clear(): void {
    this.length = 0;
    if (this.values.length > KEPT_IDS) this.values = new Uint32Array(256);
  }
}
