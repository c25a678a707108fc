/**
 * The compact form in which the vocabularies of OpenAI's encodings travel with the package (dist/encodings, made by scripts/build-encodings.ts):
 *
 * | bytes | what |
 * |---|---|
 * | 8 | `MRGRANK1` |
 * | 4 | number of ids, little-endian; ids without a token count |
 * | 4 | number of token bytes, little-endian |
 * | 32 | SHA-256 of the `.tiktoken` file that holds the same vocabulary |
 * | ids | length of each id's token; 0: the id has none |
 * | the rest | the tokens, back to back |
 */
import { MerganserError } from '../../errors';

/** Tokens by rank: token i is tokenBytes[tokenOffsets[i], tokenOffsets[i + 1]); ids without a token are empty. */
export interface EncodingRanks {
  readonly tokenBytes: Uint8Array;
  readonly tokenOffsets: Uint32Array;
}

const MAGIC = 'MRGRANK1';
/** What tells one file from another stands in the header: the digest of all tokens. */
export const HEADER_BYTES = 48;

/** Writes the compact form. `sourceSha256` are the 32 bytes of the digest. */
export function writeRanksFile(ranks: EncodingRanks, sourceSha256: Uint8Array): Uint8Array {
  const count = ranks.tokenOffsets.length - 1;
  const file = new Uint8Array(HEADER_BYTES + count + ranks.tokenBytes.length);
  const view = new DataView(file.buffer);
  file.set(new TextEncoder().encode(MAGIC), 0);
  view.setUint32(8, count, true);
  view.setUint32(12, ranks.tokenBytes.length, true);
  file.set(sourceSha256, 16);
  for (let id = 0; id < count; id++) {
    const length = ranks.tokenOffsets[id + 1] - ranks.tokenOffsets[id];
    if (length > 255) throw new MerganserError('UNSUPPORTED', `Expected tokens of at most 255 bytes, but id ${id} has ${length}.`);
    file[HEADER_BYTES + id] = length;
  }
  file.set(ranks.tokenBytes, HEADER_BYTES + count);
  return file;
}

/**
 * Reads the compact form; the token bytes are a view into `file`.
 * @param idLimit take the ids below this only (p50k's vocabulary begins with r50k's); default: all
 * Throws MALFORMED_FILE.
 */
export function parseRanksFile(file: Uint8Array, idLimit = Infinity): EncodingRanks {
  const header = readHeader(file);
  const count = Math.min(header.count, idLimit);
  const tokenOffsets = new Uint32Array(count + 1);
  for (let id = 0; id < count; id++) tokenOffsets[id + 1] = tokenOffsets[id] + file[HEADER_BYTES + id];
  const start = HEADER_BYTES + header.count;
  const fits = count === header.count ? tokenOffsets[count] === header.byteCount : tokenOffsets[count] <= header.byteCount;
  if (!fits) {
    throw malformed(`${header.byteCount} token bytes`, `lengths that sum to ${tokenOffsets[count]}`);
  }
  return { tokenBytes: file.subarray(start, start + tokenOffsets[count]), tokenOffsets };
}

/** SHA-256 of the `.tiktoken` file that a compact file was made from, in hexadecimal. Throws MALFORMED_FILE. */
export function sourceSha256(file: Uint8Array): string {
  readHeader(file);
  return Array.from(file.subarray(16, HEADER_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function readHeader(file: Uint8Array): { count: number; byteCount: number } {
  if (file.length < HEADER_BYTES) throw malformed(`a header of ${HEADER_BYTES} bytes`, `${file.length} bytes`);
  const magic = String.fromCharCode(...file.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw malformed(`the mark ${MAGIC}`, JSON.stringify(magic));
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const header = { count: view.getUint32(8, true), byteCount: view.getUint32(12, true) };
  const size = HEADER_BYTES + header.count + header.byteCount;
  if (file.length !== size) throw malformed(`${size} bytes`, `${file.length}`);
  return header;
}

function malformed(expected: string, actual: string): MerganserError {
  return new MerganserError('MALFORMED_FILE', `Expected a bundled encoding with ${expected}, but got ${actual}.`);
}
