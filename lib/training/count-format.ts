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

/** Bytes before the words of a block. */
export const BLOCK_START = 8;

export function writeBlockStart(block: Uint8Array, words: number, bytes: number): void {
  const view = new DataView(block.buffer, block.byteOffset);
  view.setUint32(0, words, true);
  view.setUint32(4, bytes, true);
}

export function damaged(name: string): MerganserError {
  return new MerganserError('MALFORMED_FILE', `Expected ${name} to be a whole count file, but it is damaged or cut off.`);
}
