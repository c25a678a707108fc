/**
 * The longest of a million tokens that a text begins with: a double array (Aoe: An Efficient Digital Search Algorithm by Using a Double-Array Structure, 1989)
 * over the tokens' bytes. The child of node n by byte b is node base[n] + b, if that one names n as its parent. Where only one token is left, its other
 * bytes are compared with the token itself.
 */
import { atOnce, inTurns } from '../turns';

export const NO_TOKEN = -1;
/** Of `parents`: a free place. */
const FREE = -1;
/** Of `bases`: the token of the node is the only one from here on. */
const LEAF = -1;

export class PrefixTrie {
  /** Where the last match of `longest` ended. */
  matchEnd = 0;

  constructor(
    private readonly tokenBytes: Uint8Array,
    private readonly tokenOffsets: Uint32Array,
    /** With 256 free ones behind the last. */
    private readonly parents: Int32Array,
    private readonly bases: Int32Array,
    /** The token that ends at each node, or {@link NO_TOKEN}; of a leaf, that ends there or further on. */
    private readonly tokens: Int32Array,
  ) {}

  /** Bytes of memory. */
  get bytes(): number {
    return 12 * this.parents.length + this.tokenBytes.length + this.tokenOffsets.byteLength;
  }

  /** The longest token that text[at, end) begins with, or {@link NO_TOKEN}; `matchEnd` is where it ends. */
  longest(text: Uint8Array, at: number, end: number): number {
    const { parents, bases, tokens } = this;
    let longest = NO_TOKEN;
    for (let node = 0, place = at; place < end;) {
      const next = bases[node] + text[place++];
      if (parents[next] !== node) break;
      node = next;
      if (bases[node] === LEAF) {
        const tokenEnd = this.endOfToken(tokens[node], text, { at, end, place });
        if (tokenEnd < 0) break;
        this.matchEnd = tokenEnd;
        return tokens[node];
      }
      if (tokens[node] === NO_TOKEN) continue;
      longest = tokens[node];
      this.matchEnd = place;
    }
    return longest;
  }

  /** Where a token ends that begins `at`, if it goes on from `place` as the text does; else −1. */
  private endOfToken(token: number, text: Uint8Array, { at, end, place }: { at: number; end: number; place: number }): number {
    const shift = this.tokenOffsets[token] - at;
    const tokenEnd = this.tokenOffsets[token + 1] - shift;
    if (tokenEnd > end) return -1;
    while (place < tokenEnd && text[place] === this.tokenBytes[place + shift]) place++;
    return place === tokenEnd ? tokenEnd : -1;
  }
}

export function buildPrefixTrie(tokenBytes: Uint8Array, tokenOffsets: Uint32Array): PrefixTrie {
  return atOnce(new TrieBuilder(tokenBytes, tokenOffsets).build());
}

export function buildPrefixTrieAsync(
  tokenBytes: Uint8Array,
  tokenOffsets: Uint32Array,
  signal: AbortSignal | undefined,
): Promise<PrefixTrie> {
  return inTurns(new TrieBuilder(tokenBytes, tokenOffsets).build(), signal);
}

const STOP_EVERY = 1 << 12;
/** Tokens that are put in order one by one. */
const FEW = 24;
/** Words of the bitmap that are searched before the place to begin moves on. */
const PATIENCE = 128;

/** A node to be: tokens[begin, end) have the same first `depth` bytes. */
interface Range {
  readonly node: number;
  begin: number;
  readonly end: number;
  readonly depth: number;
}

class TrieBuilder {
  private parents = new Int32Array(0);
  private bases = new Int32Array(0);
  private ends = new Int32Array(0);
  /** A bit for each place. */
  private free = new Uint32Array(0);
  /** Before this word no place is free. */
  private firstFree = 0;
  /** Words where bases are looked for, by the number of labels. */
  private readonly searchFrom = [0, 0, 0, 0];
  private readonly tokens: Uint32Array;
  private readonly sorted: Uint32Array;
  /** The bytes that lead on from the node at hand, and how many tokens have each. */
  private labels: number[] = [];
  private labelCounts: number[] = [];
  private readonly byteCounts = new Uint32Array(256);

  constructor(
    private readonly bytes: Uint8Array,
    private readonly offsets: Uint32Array,
  ) {
    const tokens: number[] = [];
    for (let token = 0; token + 1 < offsets.length; token++) if (offsets[token + 1] > offsets[token]) tokens.push(token);
    this.tokens = Uint32Array.from(tokens);
    this.sorted = new Uint32Array(tokens.length);
  }

  *build(): Generator<void, PrefixTrie> {
    this.grow();
    this.take(0);
    const waiting: Range[] = [{ node: 0, begin: 0, end: this.tokens.length, depth: 0 }];
    let done = 0;
    for (let range = waiting.pop(); range !== undefined; range = waiting.pop()) {
      if (++done % STOP_EVERY === 0) yield;
      if (range.depth > 0 && this.endsHere(range)) continue;
      if (range.begin === range.end) continue;
      this.sortByByte(range);
      const base = this.findBase();
      this.bases[range.node] = base;
      let { begin } = range;
      this.labels.forEach((label, i) => {
        const child = base + label;
        this.take(child);
        this.parents[child] = range.node;
        const end = begin + this.labelCounts[i];
        waiting.push({ node: child, begin, end, depth: range.depth + 1 });
        begin = end;
      });
    }
    let used = this.parents.length;
    while (used > 1 && this.parents[used - 1] === FREE) used--;
    const cut = (array: Int32Array): Int32Array => array.slice(0, used + 256);
    return new PrefixTrie(this.bytes, this.offsets, cut(this.parents), cut(this.bases), cut(this.ends));
  }

  /** Gives the node the lowest token that ends at it. True: the node is a leaf. */
  private endsHere(range: Range): boolean {
    const { node, end, depth } = range;
    let kept = end;
    for (let i = end - 1; i >= range.begin; i--) {
      const token = this.tokens[i];
      if (this.offsets[token + 1] - this.offsets[token] === depth) this.ends[node] = token;
      else this.tokens[--kept] = token;
    }
    range.begin = kept;
    if (end - kept > 1 || (end - kept === 1 && this.ends[node] !== NO_TOKEN)) return false;
    this.bases[node] = LEAF;
    if (end > kept) this.ends[node] = this.tokens[kept];
    return true;
  }

  private byteOf(token: number, depth: number): number {
    return this.bytes[this.offsets[token] + depth];
  }

  /** By the byte at the range's depth, tokens of one byte in the order they had; fills the labels. */
  private sortByByte({ begin, end, depth }: Range): void {
    const { tokens, byteCounts } = this;
    this.labels = [];
    this.labelCounts = [];
    if (end - begin <= FEW) {
      for (let i = begin + 1; i < end; i++) {
        const token = tokens[i];
        const byte = this.byteOf(token, depth);
        let at = i;
        for (; at > begin && this.byteOf(tokens[at - 1], depth) > byte; at--) tokens[at] = tokens[at - 1];
        tokens[at] = token;
      }
      for (let i = begin; i < end; i++) this.countLabel(this.byteOf(tokens[i], depth));
      return;
    }
    byteCounts.fill(0);
    for (let i = begin; i < end; i++) byteCounts[this.byteOf(tokens[i], depth)]++;
    let place = begin;
    for (let byte = 0; byte < 256; byte++) {
      const count = byteCounts[byte];
      if (count > 0) {
        this.labels.push(byte);
        this.labelCounts.push(count);
      }
      byteCounts[byte] = place;
      place += count;
    }
    for (let i = begin; i < end; i++) this.sorted[byteCounts[this.byteOf(tokens[i], depth)]++] = tokens[i];
    tokens.set(this.sorted.subarray(begin, end), begin);
  }

  private countLabel(byte: number): void {
    if (this.labels[this.labels.length - 1] === byte) this.labelCounts[this.labels.length - 1]++;
    else {
      this.labels.push(byte);
      this.labelCounts.push(1);
    }
  }

  /** The first base from which the places of all labels are free. 32 bases at a time. */
  private findBase(): number {
    const kind = Math.min(31 - Math.clz32(this.labels.length), 3);
    const from = Math.max(this.searchFrom[kind], this.firstFree);
    for (let word = from; ; word++) {
      // Where few places are free the search would go through the same words for every node.
      if (word - from === PATIENCE) this.searchFrom[kind] = word;
      while ((word + 1) * 32 + 512 >= this.parents.length) this.grow();
      let fits = 0xffff_ffff;
      for (let i = 0; i < this.labels.length && fits !== 0; i++) fits &= this.freeFrom(word * 32 + this.labels[i]);
      if (fits !== 0) return word * 32 + 31 - Math.clz32(fits & -fits);
    }
  }

  /** Bits of the 32 places from `place` on. */
  private freeFrom(place: number): number {
    const word = place >>> 5;
    const shift = place & 31;
    return shift === 0 ? this.free[word] : (this.free[word] >>> shift) | (this.free[word + 1] << (32 - shift));
  }

  private take(place: number): void {
    this.free[place >>> 5] &= ~(1 << (place & 31));
    while (this.free[this.firstFree] === 0) this.firstFree++;
  }

  private grow(): void {
    const grown = <A extends Int32Array | Uint32Array>(larger: A, old: A, filling: number): A => {
      larger.set(old);
      larger.fill(filling, old.length);
      return larger;
    };
    const places = Math.max(4096, 2 * this.parents.length);
    this.parents = grown(new Int32Array(places), this.parents, FREE);
    this.bases = grown(new Int32Array(places), this.bases, 0);
    this.ends = grown(new Int32Array(places), this.ends, NO_TOKEN);
    this.free = grown(new Uint32Array(places / 32), this.free, 0xffff_ffff);
  }
}
