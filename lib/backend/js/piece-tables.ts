/**
 * Open-addressed tables from the bytes of a piece to its head (see piece-cache.ts), one per range of lengths. Entries are groups of 32-bit words:
 * the key's words, then the head, then room for the owner's values. A head of 0 is a free entry; its top bits are the piece's tag.
 */
abstract class PieceTable {
  words: Int32Array;
  private count = 0;

  protected constructor(
    /** Words of an entry, a power of two. */
    private readonly entryWords: number,
    /** Which of them is the head. */
    readonly headWord: number,
    private readonly firstEntries: number,
  ) {
    this.words = new Int32Array(entryWords * firstEntries);
  }

  get bytes(): number {
    return this.words.byteLength;
  }

  /** Whether one more entry would fill more than half. */
  get isFull(): boolean {
    return 2 * this.entryWords * (this.count + 1) > this.words.length;
  }

  clear(): void {
    this.words = new Int32Array(this.entryWords * this.firstEntries);
    this.count = 0;
  }

  double(): void {
    const old = this.words;
    this.words = new Int32Array(2 * old.length);
    for (let from = 0; from < old.length; from += this.entryWords) {
      if (old[from + this.headWord] === 0) continue;
      const to = this.freeEntry(this.hashOf(old, from));
      for (let i = 0; i < this.entryWords; i++) this.words[to + i] = old[from + i];
    }
  }

  /** Where an entry goes that is not there; it counts from now on, so its head must be set. */
  protected takeEntry(hash: number): number {
    this.count++;
    return this.freeEntry(hash);
  }

  private freeEntry(hash: number): number {
    const mask = this.words.length - 1;
    let at = this.home(hash);
    while (this.words[at + this.headWord] !== 0) at = (at + this.entryWords) & mask;
    return at;
  }

  /** Where the search for an entry begins: the high bits of the hash decide. */
  protected home(hash: number): number {
    return (hash >>> Math.clz32(this.words.length - 1)) & -this.entryWords;
  }

  protected abstract hashOf(words: Int32Array, at: number): number;
}

/** The top bits of a head. */
const TAG_SHIFT = 27;

/** Pieces of up to 8 bytes: two words, zero-padded. The head is followed by one word. */
export class ShortPieceTable extends PieceTable {
  constructor() {
    super(4, 2, 1 << 10);
  }

  /** Position of the entry's first word, or −1. */
  find(word0: number, word1: number, tag: number): number {
    const { words } = this;
    const mask = words.length - 1;
    for (let at = this.home(hash2(word0, word1)); ; at = (at + 4) & mask) {
      const head = words[at + 2];
      if (head === 0) return -1;
      if (words[at] === word0 && words[at + 1] === word1 && head >>> TAG_SHIFT === tag) return at;
    }
  }

  add(word0: number, word1: number, head: number): number {
    const at = this.takeEntry(hash2(word0, word1));
    this.words[at] = word0;
    this.words[at + 1] = word1;
    this.words[at + 2] = head;
    return at;
  }

  protected override hashOf(words: Int32Array, at: number): number {
    return hash2(words[at], words[at + 1]);
  }
}

/** Pieces of 9 to 16 bytes: four words, zero-padded. The head is followed by three words. */
export class MediumPieceTable extends PieceTable {
  constructor() {
    super(8, 4, 1 << 8);
  }

  /** Position of the entry's first word, or −1. */
  find(word0: number, word1: number, word2: number, word3: number, tag: number): number {
    const { words } = this;
    const mask = words.length - 1;
    for (let at = this.home(hash4(word0, word1, word2, word3)); ; at = (at + 8) & mask) {
      const head = words[at + 4];
      if (head === 0) return -1;
      const equal = words[at] === word0 && words[at + 1] === word1 && words[at + 2] === word2 && words[at + 3] === word3;
      if (equal && head >>> TAG_SHIFT === tag) return at;
    }
  }

  add(word0: number, word1: number, word2: number, word3: number, head: number): number {
    const at = this.takeEntry(hash4(word0, word1, word2, word3));
    this.words[at] = word0;
    this.words[at + 1] = word1;
    this.words[at + 2] = word2;
    this.words[at + 3] = word3;
    this.words[at + 4] = head;
    return at;
  }

  protected override hashOf(words: Int32Array, at: number): number {
    return hash4(words[at], words[at + 1], words[at + 2], words[at + 3]);
  }
}

/** Longer pieces: their hash, and where their bytes lie in the owner's store. */
export class LongPieceTable extends PieceTable {
  constructor() {
    super(4, 2, 1 << 6);
  }

  /** Position of the first entry with this hash and tag, at or behind `from` (−1: the first of all), or −1. The caller compares the bytes. */
  find(hash: number, tag: number, from: number): number {
    const { words } = this;
    const mask = words.length - 1;
    for (let at = from < 0 ? this.home(hash) : (from + 4) & mask; ; at = (at + 4) & mask) {
      const head = words[at + 2];
      if (head === 0) return -1;
      if (words[at] === hash && head >>> TAG_SHIFT === tag) return at;
    }
  }

  add(hash: number, textStart: number, head: number): number {
    const at = this.takeEntry(hash);
    this.words[at] = hash;
    this.words[at + 1] = textStart;
    this.words[at + 2] = head;
    return at;
  }

  protected override hashOf(words: Int32Array, at: number): number {
    return words[at];
  }
}

// Multiplication carries every bit upwards: only the high bits of these are good.
function hash2(word0: number, word1: number): number {
  return Math.imul(word0 ^ Math.imul(word1, 0x85ebca77), 0x9e3779b1);
}

function hash4(word0: number, word1: number, word2: number, word3: number): number {
  return Math.imul(hash2(word0, word1) ^ Math.imul(word2 ^ Math.imul(word3, 0xc2b2ae3d), 0x27d4eb2f), 0x165667b1);
}
