import type { CountedWords } from '../../training-kernels';

const FIRST_CAPACITY = 1 << 12;
const FIRST_STORE = 1 << 16;

/** How often each word was seen: a hash table of open addressing, with the words back to back in a store. Words are numbered as they come. */
export class WordTable {
  size = 0;
  /** Sum of all counts. */
  total = 0;
  counts = new Float64Array(FIRST_CAPACITY);
  /** Word i is store[offsets[i], offsets[i + 1]). */
  offsets = new Uint32Array(FIRST_CAPACITY + 1);
  store = new Uint8Array(FIRST_STORE);
  private hashes = new Int32Array(FIRST_CAPACITY);
  /** Numbers of words + 1; 0: free. */
  private slots = new Int32Array(2 * FIRST_CAPACITY);

  /** Memory of the tables. */
  get bytes(): number {
    return this.store.length + this.counts.length * 16 + this.slots.length * 4;
  }

  add(text: Uint8Array, start: number, end: number, count: number): void {
    this.total += count;
    const hash = hashOf(text, start, end);
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const word = slots[at] - 1;
      if (word < 0) {
        slots[at] = this.enter(text, start, end, hash) + 1;
        this.counts[this.size - 1] = count;
        if (2 * this.size >= slots.length) this.grow();
        return;
      }
      if (hashes[word] === hash && this.equals(word, text, start, end)) {
        this.counts[word] += count;
        return;
      }
    }
  }

  /** All words in the order of their bytes. */
  sorted(): CountedWords {
    const { store, offsets, counts } = this;
    const order = Array.from({ length: this.size }, (_, word) => word).sort((a, b) => {
      const aEnd = offsets[a + 1];
      const bEnd = offsets[b + 1];
      let x = offsets[a];
      let y = offsets[b];
      while (x < aEnd && y < bEnd && store[x] === store[y]) {
        x++;
        y++;
      }
      return x === aEnd || y === bEnd ? aEnd - x - (bEnd - y) : store[x] - store[y];
    });
    const words = {
      bytes: new Uint8Array(offsets[this.size]),
      offsets: new Uint32Array(this.size + 1),
      counts: new Float64Array(this.size),
    };
    order.forEach((word, place) => {
      words.bytes.set(store.subarray(offsets[word], offsets[word + 1]), words.offsets[place]);
      words.offsets[place + 1] = words.offsets[place] + offsets[word + 1] - offsets[word];
      words.counts[place] = counts[word];
    });
    return words;
  }

  private equals(word: number, text: Uint8Array, start: number, end: number): boolean {
    const { store, offsets } = this;
    let at = offsets[word];
    if (offsets[word + 1] - at !== end - start) return false;
    for (let i = start; i < end; i++, at++) if (store[at] !== text[i]) return false;
    return true;
  }

  private enter(text: Uint8Array, start: number, end: number, hash: number): number {
    const word = this.size++;
    const from = this.offsets[word];
    const to = from + end - start;
    if (to > this.store.length) this.store = grown(this.store, new Uint8Array(Math.max(2 * this.store.length, to)));
    if (end - start < 32) for (let i = start, at = from; i < end; i++, at++) this.store[at] = text[i];
    else this.store.set(text.subarray(start, end), from);
    this.offsets[word + 1] = to;
    this.hashes[word] = hash;
    return word;
  }

  private grow(): void {
    const capacity = 2 * this.counts.length;
    this.counts = grown(this.counts, new Float64Array(capacity));
    this.hashes = grown(this.hashes, new Int32Array(capacity));
    this.offsets = grown(this.offsets, new Uint32Array(capacity + 1));
    this.slots = new Int32Array(2 * capacity);
    const mask = this.slots.length - 1;
    for (let word = 0; word < this.size; word++) {
      let at = this.hashes[word] & mask;
      while (this.slots[at] !== 0) at = (at + 1) & mask;
      this.slots[at] = word + 1;
    }
  }
}

/** `larger` with what `array` holds. */
export function grown<T extends Uint8Array | Int32Array | Uint32Array | Float64Array>(array: T, larger: T): T {
  larger.set(array);
  return larger;
}

function hashOf(text: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ text[i], 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
