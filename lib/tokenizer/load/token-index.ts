/** Tokens by their UTF-8 bytes: a hash table that makes no strings. */
import type { TokenTable } from '../token-table';

const EMPTY = -1;
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** Hash of bytes; `seed` is the hash of what stands before them, so that concatenations can be hashed without being made. */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed = FNV_OFFSET): number {
  let hash = seed;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], FNV_PRIME);
  return hash;
}

/** Where to look first; slots begin at even places. The hash is mixed, for its low bits depend on the low bits of the bytes alone. */
function slotOf(hash: number, mask: number): number {
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 2) & mask;
}

export class TokenIndex {
  /** All tokens back to back, in order of their arrival. */
  private bytes: Uint8Array;
  private starts: Uint32Array;
  private ids: Int32Array;
  /** Hash and entry side by side: most of the time a look at one cache line says no. */
  private slots: Int32Array;
  private count = 0;

  /** With room for as many tokens and bytes; it grows. */
  constructor(tokens = 1 << 12, bytes = 1 << 16) {
    this.bytes = new Uint8Array(bytes);
    this.starts = new Uint32Array(tokens + 1);
    this.ids = new Int32Array(tokens + 1);
    this.slots = new Int32Array(2 ** (34 - Math.clz32(tokens))).fill(EMPTY);
  }

  /** All tokens of a table, which are different. */
  static of({ tokenBytes, tokenOffsets }: TokenTable): TokenIndex {
    const index = new TokenIndex(tokenOffsets.length, tokenBytes.length);
    for (let id = 0; id + 1 < tokenOffsets.length; id++)
      if (tokenOffsets[id + 1] > tokenOffsets[id]) index.add(tokenBytes, tokenOffsets[id], tokenOffsets[id + 1], id);
    return index;
  }

  get size(): number {
    return this.count;
  }

  /** Adds a token; false if it is there already. */
  add(source: Uint8Array, start: number, end: number, id: number): boolean {
    const hash = hashBytes(source, start, end);
    if (this.find(source, start, end, hash) >= 0) return false;
    const entry = this.count++;
    if (entry + 1 >= this.starts.length) this.growEntries();
    const at = this.starts[entry];
    const length = end - start;
    if (at + length > this.bytes.length) this.bytes = grown(this.bytes, new Uint8Array(2 * (at + length)));
    for (let i = 0; i < length; i++) this.bytes[at + i] = source[start + i];
    this.starts[entry + 1] = at + length;
    this.ids[entry] = id;
    this.insert(entry, hash);
    return true;
  }

  /** Id of a token, or −1. */
  id(source: Uint8Array, start: number, end: number): number {
    const entry = this.find(source, start, end, hashBytes(source, start, end));
    return entry < 0 ? -1 : this.ids[entry];
  }

  /** Id of the concatenation of two stretches, or −1. */
  idOfPair(source: Uint8Array, start: number, end: number, other: Uint8Array, otherStart: number, otherEnd: number): number {
    const hash = hashBytes(other, otherStart, otherEnd, hashBytes(source, start, end));
    const length = end - start;
    const total = length + otherEnd - otherStart;
    const mask = this.slots.length - 2;
    for (let slot = slotOf(hash, mask); this.slots[slot + 1] !== EMPTY; slot = (slot + 2) & mask) {
      if (this.slots[slot] !== hash) continue;
      const entry = this.slots[slot + 1];
      const at = this.starts[entry];
      if (this.starts[entry + 1] - at !== total) continue;
      if (this.matches(at, source, start, end) && this.matches(at + length, other, otherStart, otherEnd)) return this.ids[entry];
    }
    return -1;
  }

  /** The tokens in order of their ids, which are below `idBound` and all different. */
  byId(idBound: number): TokenTable {
    const entries = new Int32Array(idBound).fill(EMPTY);
    for (let entry = 0; entry < this.count; entry++) entries[this.ids[entry]] = entry;
    const tokenBytes = new Uint8Array(this.starts[this.count]);
    const tokenOffsets = new Uint32Array(idBound + 1);
    for (let id = 0, end = 0; id < idBound; id++) {
      const entry = entries[id];
      if (entry !== EMPTY) for (let i = this.starts[entry]; i < this.starts[entry + 1]; i++) tokenBytes[end++] = this.bytes[i];
      tokenOffsets[id + 1] = end;
    }
    return { tokenBytes, tokenOffsets };
  }

  private find(source: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.slots.length - 2;
    for (let slot = slotOf(hash, mask); this.slots[slot + 1] !== EMPTY; slot = (slot + 2) & mask) {
      if (this.slots[slot] !== hash) continue;
      const entry = this.slots[slot + 1];
      const at = this.starts[entry];
      if (this.starts[entry + 1] - at === end - start && this.matches(at, source, start, end)) return entry;
    }
    return -1;
  }

  private matches(at: number, source: Uint8Array, start: number, end: number): boolean {
    for (let i = start, j = at; i < end; i++, j++) if (this.bytes[j] !== source[i]) return false;
    return true;
  }

  private insert(entry: number, hash: number): void {
    if (4 * this.count > this.slots.length) {
      const earlier = this.slots;
      this.slots = new Int32Array(2 * earlier.length).fill(EMPTY);
      for (let slot = 0; slot < earlier.length; slot += 2) if (earlier[slot + 1] !== EMPTY) this.place(earlier[slot + 1], earlier[slot]);
    }
    this.place(entry, hash);
  }

  private place(entry: number, hash: number): void {
    const mask = this.slots.length - 2;
    let slot = slotOf(hash, mask);
    while (this.slots[slot + 1] !== EMPTY) slot = (slot + 2) & mask;
    this.slots[slot] = hash;
    this.slots[slot + 1] = entry;
  }

  private growEntries(): void {
    const size = 2 * this.starts.length;
    this.starts = grown(this.starts, new Uint32Array(size));
    this.ids = grown(this.ids, new Int32Array(size));
  }
}

function grown<Values extends Uint8Array | Uint32Array | Int32Array>(values: Values, larger: Values): Values {
  larger.set(values);
  return larger;
}
