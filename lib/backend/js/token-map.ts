/** Tokens by their bytes. */
export class TokenMap {
  private readonly bytes: Uint8Array;
  private readonly offsets: Uint32Array;
  /** Open addressing: id + 1, 0 is free. */
  private readonly slots: Int32Array;
  private readonly longest: number;

  /** Empty tokens are left out; of equal ones the first counts. */
  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.bytes = bytes;
    this.offsets = offsets;
    const count = offsets.length - 1;
    this.slots = new Int32Array(2 ** (33 - Math.clz32(count)));
    let longest = 0;
    for (let id = 0; id < count; id++) {
      const length = offsets[id + 1] - offsets[id];
      if (length === 0) continue;
      if (length > longest) longest = length;
      const slot = this.slotOf(bytes, offsets[id], offsets[id + 1]);
      if (this.slots[slot] === 0) this.slots[slot] = id + 1;
    }
    this.longest = longest;
  }

  /** The token that text[start, end) is, or −1. */
  find(text: Uint8Array, start: number, end: number): number {
    if (end - start > this.longest) return -1;
    return this.slots[this.slotOf(text, start, end)] - 1;
  }

  /** The slot that holds these bytes, or the free one where they would go. */
  private slotOf(text: Uint8Array, start: number, end: number): number {
    const mask = this.slots.length - 1;
    for (let slot = hashBytes(text, start, end) & mask; ; slot = (slot + 1) & mask) {
      const id = this.slots[slot] - 1;
      if (id < 0 || equalBytes(this.bytes, this.offsets[id], this.offsets[id + 1], text, start, end)) return slot;
    }
  }
}

/** A 32-bit hash, mixed in all bits. */
export function hashBytes(text: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ text[i], 0x5bd1e995) ^ (hash >>> 15);
  hash = Math.imul(hash ^ (hash >>> 16), 0x2c1b3c6d);
  return hash ^ (hash >>> 15);
}

export function equalBytes(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  while (aStart < aEnd) if (a[aStart++] !== b[bStart++]) return false;
  return true;
}
