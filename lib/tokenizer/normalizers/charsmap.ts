/**
 * SentencePiece's `precompiled_charsmap`: a double-array trie (Darts-clone) from byte strings to replacements.
 * Layout: size of the trie in bytes (u32, little-endian), the trie's units (u32 each), then zero-terminated replacements.
 */
import { MerganserError } from '../../errors';

const LEAF_VALUE_MASK = 0x7fffffff;
const LABEL_MASK = 0x800000ff;

export class Charsmap {
  private constructor(
    private readonly units: Uint32Array,
    private readonly replacements: Uint8Array,
  ) {}

  /** @throws MerganserError INVALID_TOKENIZER if the sizes contradict each other. */
  static parse(blob: Uint8Array): Charsmap {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    const trieSize = blob.length >= 4 ? view.getUint32(0, true) : -1;
    if (trieSize < 4 || trieSize % 4 !== 0 || 4 + trieSize > blob.length) {
      throw new MerganserError(
        'INVALID_TOKENIZER',
        `Expected precompiled_charsmap to begin with the size of its trie, but got ${blob.length} bytes with the size ${trieSize}.`,
      );
    }
    const units = new Uint32Array(trieSize / 4);
    for (let i = 0; i < units.length; i++) units[i] = view.getUint32(4 + 4 * i, true);
    return new Charsmap(units, blob.subarray(4 + trieSize));
  }

  /**
   * What Hugging Face replaces text[start, end) by: the replacement of its SHORTEST prefix in the trie. null if there is none.
   * (The library takes the first result of a search that yields prefixes by length, whatever the text's own length.)
   */
  lookUp(text: Uint8Array, start: number, end: number): Uint8Array | null {
    const { units } = this;
    let node = offsetOf(units[0]);
    for (let at = start; at < end; at++) {
      const byte = text[at];
      if (byte === 0) return null;
      node ^= byte;
      const unit = units[node];
      if (unit === undefined || (unit & LABEL_MASK) >>> 0 !== byte) return null;
      node ^= offsetOf(unit);
      if (((unit >>> 8) & 1) === 1) return this.replacementAt((units[node] ?? 0) & LEAF_VALUE_MASK);
    }
    return null;
  }

  private replacementAt(start: number): Uint8Array {
    const end = this.replacements.indexOf(0, start);
    return this.replacements.subarray(start, end === -1 ? undefined : end);
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
