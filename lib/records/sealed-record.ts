/**
 * Small files of one piece:
 *
 *   8 bytes   a mark, which says what it is
 *   u32       length of the header
 *   header    JSON in UTF-8
 *   body      what the header describes
 *   u64       XXH64 of everything before
 *
 * Numbers are little-endian.
 */
import { selectKernels } from '../backend/select';
import { MerganserError } from '../errors';
import { plainArray } from '../plain-array';
import { decodeWellFormed, encodeUtf8 } from '../tokenizer/utf8';

const MARK_BYTES = 8;
const FIXED_BYTES = MARK_BYTES + 4;
const HASH_BYTES = 8;

export function writeRecord(mark: string, header: object, body: Uint8Array): Uint8Array {
  const json = encodeUtf8(JSON.stringify(header));
  const file = new Uint8Array(FIXED_BYTES + json.length + body.length + HASH_BYTES);
  const view = new DataView(file.buffer);
  file.set(encodeUtf8(mark));
  view.setUint32(MARK_BYTES, json.length, true);
  file.set(json, FIXED_BYTES);
  const end = FIXED_BYTES + json.length + body.length;
  file.set(body, FIXED_BYTES + json.length);
  view.setBigUint64(end, selectKernels().checksum(file.subarray(0, end)), true);
  return file;
}

/** Throws MALFORMED_FILE unless the bytes are such a file, whole and undamaged. `what`: what it should be, in words. */
export function readRecord(
  mark: string,
  what: string,
  given: Uint8Array,
): { readonly header: Record<string, unknown>; readonly body: Uint8Array } {
  const file = plainArray(given, Uint8Array, 'bytes');
  if (file === null || file.length < FIXED_BYTES + HASH_BYTES) throw damagedRecord(what, 'more bytes', `${file?.length}`);
  if (String.fromCharCode(...file.subarray(0, MARK_BYTES)) !== mark) throw damagedRecord(what, `the mark ${mark}`, 'another beginning');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = file.length - HASH_BYTES;
  if (selectKernels().checksum(file.subarray(0, end)) !== view.getBigUint64(end, true))
    throw damagedRecord(what, 'the checksum at its end', 'another');
  const length = view.getUint32(MARK_BYTES, true);
  if (length > end - FIXED_BYTES) throw damagedRecord(what, 'a header that lies in it', `one of ${length} bytes`);
  return {
    header: parseHeader(what, file.subarray(FIXED_BYTES, FIXED_BYTES + length)),
    body: file.subarray(FIXED_BYTES + length, end),
  };
}

function parseHeader(what: string, bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(decodeWellFormed(bytes) ?? '');
  } catch {
    throw damagedRecord(what, 'a header in JSON', 'something else');
  }
  if (typeof header !== 'object' || header === null) throw damagedRecord(what, 'a header in JSON', 'something else');
  return header as Record<string, unknown>;
}

/** The error for what is no such file. */
export function damagedRecord(what: string, expected: string, came: string): MerganserError {
  return new MerganserError('MALFORMED_FILE', `Expected ${what} with ${expected}, but got ${came}.`);
}
