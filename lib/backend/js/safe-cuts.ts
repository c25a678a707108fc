import { characterLength, codePointAt, isContinuation } from '../../tokenizer/utf8';
import type { BpeSpec } from '../kernels';
import type { BpeModel } from './bpe-model';
import type { PairTable } from './pair-table';
import type { Scanner } from './scanners/scanner';
import { CharacterTable } from './symbols';

/** Bits of the filter per merge across non-ASCII characters: false positives (a cut missed, never a wrong one) stay below 6 %. */
const FILTER_BITS_PER_SEAM = 16;

/**
 * Cuts a piece where no merge can cross: between two characters that stand side by side at the seam of no merge. BPE of the parts is then BPE of the
 * whole. Text without pre-tokenizer (Llama 2, Gemma) falls into words, Chinese and Japanese into parts of a few characters, which repeat
 * and so can be remembered.
 *
 * In models over bytes a merge may see a part of a character only; such a merge rules out cuts by what it knows: the last byte of the left character and
 * the first byte of the right one.
 */
export class SafeCuts implements Scanner {
  /** `[last byte of the left character × 256 + first byte of the right one]`: 1 if nothing may be cut there. Exact between ASCII characters. */
  private readonly byteJoins: Uint8Array;
  /** Bloom filter of one bit over pairs of characters of which one at least is not ASCII. */
  private readonly filter: Uint32Array;
  private readonly filterShift: number;
  /** Set if text may hold characters without tokens: they vanish, or fuse with their neighbours, so cuts only stand between known ones. */
  private readonly known: CharacterTable | null;

  /** null if the model's merges cannot be told from the characters of the text. */
  static create(model: BpeModel): SafeCuts | null {
    const { spec, pairs, coversAllText } = model;
    if (spec.continuingPrefix.length > 0 || spec.endOfWordSuffix.length > 0) return null;
    if (spec.unit === 'byte' && !coversAllText) return null;
    if (spec.unit === 'char' && mergesStandIns(spec, pairs)) return null;
    return new SafeCuts(spec, pairs, coversAllText ? null : new CharacterTable(spec));
  }

  private constructor(spec: BpeSpec, pairs: PairTable, known: CharacterTable | null) {
    this.known = known;
    this.byteJoins = new Uint8Array(1 << 16);
    const hashes: number[] = [];
    for (let rank = 0; rank < pairs.ranks; rank++) {
      if (pairs.left(rank) >= 0) this.addSeam(spec, pairs.left(rank), pairs.right(rank), hashes);
    }
    const filterBits = Math.max(10, 32 - Math.clz32(hashes.length * FILTER_BITS_PER_SEAM));
    this.filterShift = 32 - filterBits;
    this.filter = new Uint32Array(2 ** (filterBits - 5));
    for (const hash of hashes) this.filter[(hash >>> this.filterShift) >>> 5] |= 1 << ((hash >>> this.filterShift) & 31);
  }

  scan(text: Uint8Array, start: number, end: number, ends: Int32Array): number {
    const { byteJoins } = this;
    let count = 0;
    let left = start;
    let at = start + characterLength(text[start]);
    while (at < end) {
      const last = text[at - 1];
      const lead = text[at];
      if (byteJoins[(last << 8) | lead] === 0 && ((last | lead) < 0x80 ? this.areKnown(last, lead) : this.isCut(text, left, at))) {
        ends[count++] = at;
        if (count === ends.length) return count;
      }
      left = at;
      at += lead < 0x80 ? 1 : characterLength(lead);
    }
    ends[count++] = end;
    return count;
  }

  /** Whether the characters that begin at `left` and `right`, not both ASCII, are joined by no merge. */
  private isCut(text: Uint8Array, left: number, right: number): boolean {
    const leftCharacter = codePointAt(text, left);
    const rightCharacter = codePointAt(text, right);
    const bit = hashCharacters(leftCharacter, rightCharacter) >>> this.filterShift;
    if ((this.filter[bit >>> 5] >>> (bit & 31)) & 1) return false;
    return this.areKnown(leftCharacter, rightCharacter);
  }

  private areKnown(left: number, right: number): boolean {
    return this.known === null || (this.known.find(left) >= 0 && this.known.find(right) >= 0);
  }

  /** Notes the characters on both sides of a merge's seam: in `byteJoins`, or their hash in `hashes`. */
  private addSeam(spec: BpeSpec, left: number, right: number, hashes: number[]): void {
    const { tokenBytes, tokenOffsets } = spec;
    const leftStart = tokenOffsets[left];
    const leftEnd = tokenOffsets[left + 1];
    const rightStart = tokenOffsets[right];
    const rightEnd = tokenOffsets[right + 1];
    if (leftStart === leftEnd || rightStart === rightEnd) return; // no text produces them
    const lead = tokenBytes[rightStart];
    if (isContinuation(lead)) return; // the seam is inside a character
    let leftCharacter = leftEnd - 1;
    while (leftCharacter > leftStart && isContinuation(tokenBytes[leftCharacter])) leftCharacter--;
    const last = tokenBytes[leftEnd - 1];
    const whole = !isContinuation(tokenBytes[leftCharacter]) && rightEnd - rightStart >= characterLength(lead);
    if (!whole || (last | lead) < 0x80) {
      this.byteJoins[(last << 8) | lead] = 1;
    } else {
      hashes.push(hashCharacters(codePointAt(tokenBytes, leftCharacter), codePointAt(tokenBytes, rightStart)));
    }
  }
}

/** Whether a merge takes symbols that stand for text other than their own: byte tokens, the unknown token. */
function mergesStandIns(spec: BpeSpec, pairs: PairTable): boolean {
  const standIns = new Set(spec.byteFallback ? spec.byteIds : []);
  standIns.add(spec.unkId);
  standIns.delete(-1);
  if (standIns.size === 0) return false;
  for (let rank = 0; rank < pairs.ranks; rank++) if (standIns.has(pairs.left(rank)) || standIns.has(pairs.right(rank))) return true;
  return false;
}

function hashCharacters(left: number, right: number): number {
  const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca77);
  return Math.imul(hash ^ (hash >>> 15), 0xc2b2ae3d);
}
