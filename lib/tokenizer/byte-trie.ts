/** A trie over byte strings in flat arrays: the longest of thousands of strings at a place in a text. */

const EMPTY = -1;
const NONE = -1;

export class ByteTrie {
  /** Node behind each first byte; −1: no string begins with it. */
  private readonly roots = new Int32Array(256).fill(NONE);
  /** Open-addressed: key node × 256 + byte, value next node. */
  private readonly keys: Int32Array;
  private readonly nodes: Int32Array;
  /** Value of the string that ends at each node; −1: none does. */
  private readonly values: Int32Array;
  private nodeCount = 0;

  /** A trie of the given strings, none of them empty; the value of a string is its index. Of equal strings the first counts. */
  constructor(strings: readonly Uint8Array[]) {
    const characters = strings.reduce((sum, string) => sum + string.length, 0);
    this.values = new Int32Array(characters + 1).fill(NONE);
    const capacity = 2 ** Math.ceil(Math.log2(2 * characters + 16));
    this.keys = new Int32Array(capacity).fill(EMPTY);
    this.nodes = new Int32Array(capacity);
    strings.forEach((string, index) => this.insert(string, index));
  }

  /** Whether a string of the trie may begin with this byte. */
  begins(byte: number): boolean {
    return this.roots[byte] !== NONE;
  }

  /** Index of the longest string that stands at `at` and is accepted, or −1. */
  longestAt(text: Uint8Array, at: number, end: number, accepts: (index: number) => boolean): number {
    let node = this.roots[text[at]];
    let longest = NONE;
    for (let next = at + 1; node !== NONE; next++) {
      const value = this.values[node];
      if (value !== NONE && accepts(value)) longest = value;
      if (next === end) break;
      node = this.child(node, text[next]);
    }
    return longest;
  }

  private insert(string: Uint8Array, index: number): void {
    let node = this.roots[string[0]];
    if (node === NONE) node = this.roots[string[0]] = this.nodeCount++;
    for (let i = 1; i < string.length; i++) {
      const child = this.child(node, string[i]);
      node = child === NONE ? this.addChild(node, string[i]) : child;
    }
    if (this.values[node] === NONE) this.values[node] = index;
  }

  private child(node: number, byte: number): number {
    const slot = this.slotOf(node * 256 + byte);
    return this.keys[slot] === EMPTY ? NONE : this.nodes[slot];
  }

  private addChild(node: number, byte: number): number {
    const slot = this.slotOf(node * 256 + byte);
    this.keys[slot] = node * 256 + byte;
    this.nodes[slot] = this.nodeCount;
    return this.nodeCount++;
  }

  /** The slot that holds the key, or the free one where it belongs. The table is never more than half full. */
  private slotOf(key: number): number {
    const mask = this.keys.length - 1;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 8) & mask;
    while (this.keys[slot] !== key && this.keys[slot] !== EMPTY) slot = (slot + 1) & mask;
    return slot;
  }
}
