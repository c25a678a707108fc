/**
 * The format of count files; docs/training.md describes it for other programs.
 *
 *   8 bytes   "MERGCNT1"
 *   u32       length of the header
 *   header    JSON in UTF-8: how the words were made
 *   blocks    u32 number of words (0: the end), u32 bytes that follow, then for each word, in the order of their bytes over the whole file:
 *             varint length, the word, varint count
 *   u64 u64   number of different words, sum of the counts
 *   32 bytes  SHA-256 of everything before
 *
 * Numbers are little-endian; varints have seven bits a byte, the lowest first.
 */
import type { CountedWords } from '../backend/training-kernels';
import { MerganserError } from '../errors';
import type { TextPath } from './text-path';

export const MAGIC = 'MERGCNT1';
export const HASH_BYTES = 32;
/** Most words of a block. */
export const BLOCK_WORDS = 1 << 14;

/** How the words of a count file were made. Files can be added up, and trained from, if this is equal. */
export interface CountHeader {
  readonly version: 1;
  /** 'byte': words are bytes; 'char': UTF-8. */
  readonly unit: TextPath['unit'];
  /** U+0020 in words stands for U+2581. */
  readonly spaceAlias: boolean;
  readonly normalizer: unknown;
  readonly preTokenizer: unknown;
}

export function countHeader(path: TextPath, normalizer: unknown, preTokenizer: unknown): CountHeader {
  return { version: 1, unit: path.unit, spaceAlias: path.spaceAlias, normalizer, preTokenizer };
}

/** Throws INVALID_ARGUMENT if the words of a file were made otherwise than they are to be. */
export function checkHeader(found: CountHeader, expected: CountHeader, name: string): void {
  for (const part of ['unit', 'spaceAlias', 'normalizer', 'preTokenizer'] as const) {
    const [has, wanted] = [canonical(found[part]), canonical(expected[part])];
    if (has !== wanted)
      throw new MerganserError(
        'INVALID_ARGUMENT',
        `Expected the words of ${name} to be counted with ${part} ${wanted}, but it was ${has}.`,
      );
  }
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** A block of the words [from, to). */
export function encodeBlock({ bytes, offsets, counts }: CountedWords, from: number, to: number): Uint8Array {
  const block = new Uint8Array(8 + offsets[to] - offsets[from] + (to - from) * 13);
  let at = 8;
  for (let word = from; word < to; word++) {
    at = writeVarint(block, at, offsets[word + 1] - offsets[word]);
    block.set(bytes.subarray(offsets[word], offsets[word + 1]), at);
    at = writeVarint(block, at + offsets[word + 1] - offsets[word], counts[word]);
  }
  const view = new DataView(block.buffer);
  view.setUint32(0, to - from, true);
  view.setUint32(4, at - 8, true);
  return block.subarray(0, at);
}

/** The words of a block's payload. Throws MALFORMED_FILE. */
export function decodeBlock(payload: Uint8Array, words: number, name: string): CountedWords {
  const block = { bytes: new Uint8Array(payload.length), offsets: new Uint32Array(words + 1), counts: new Float64Array(words) };
  const reader = new VarintReader(payload, name);
  for (let word = 0; word < words; word++) {
    const length = reader.next();
    const start = block.offsets[word];
    if (reader.at + length > payload.length) throw damaged(name);
    block.bytes.set(payload.subarray(reader.at, reader.at + length), start);
    block.offsets[word + 1] = start + length;
    reader.at += length;
    block.counts[word] = reader.next();
  }
  if (reader.at !== payload.length) throw damaged(name);
  return block;
}

export function damaged(name: string): MerganserError {
  return new MerganserError('MALFORMED_FILE', `Expected ${name} to be a whole count file, but it is damaged or cut off.`);
}

function writeVarint(out: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    out[at++] = (value % 0x80) | 0x80;
    value = Math.floor(value / 0x80);
  }
  out[at++] = value;
  return at;
}

class VarintReader {
  at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
  ) {}

  next(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      if (this.at >= this.bytes.length || factor > 2 ** 49) throw damaged(this.name);
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
}
