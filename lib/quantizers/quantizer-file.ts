/**
 * The file of a quantizer; docs/clustering.md describes it for other programs.
 *
 *   8 bytes   "MERGQNT1"
 *   u32       length of the header
 *   header    JSON in UTF-8: version, kind, dims, and what the kind needs; `codebooks` has the shape of each, [codes, numbers]
 *   numbers   float32, codebook by codebook, row by row
 *   u64       XXH64 of everything before
 *
 * Numbers are little-endian.
 */
import { selectKernels } from '../backend/select';
import type { Float32Vectors } from '../clustering/matrix';
import { float32Vectors } from '../clustering/matrix';
import { MerganserError } from '../errors';
import { decodeWellFormed, encodeUtf8 } from '../tokenizer/utf8';
import type { QuantizerKind } from './types';

const MAGIC = 'MERGQNT1';
const FIXED_BYTES = MAGIC.length + 4;
const HASH_BYTES = 8;

export interface QuantizerHeader {
  readonly version: 1;
  readonly kind: QuantizerKind;
  readonly dims: number;
  /** Of finite scalar quantization. */
  readonly levels?: readonly number[];
  /** Of residual quantization. */
  readonly beam?: number;
}

export interface QuantizerParts {
  readonly header: QuantizerHeader;
  readonly codebooks: readonly Float32Vectors[];
}

export function writeQuantizer({ header, codebooks }: QuantizerParts): Uint8Array {
  const json = encodeUtf8(JSON.stringify({ ...header, codebooks: codebooks.map(({ dims }) => dims) }));
  const numbers = codebooks.reduce((sum, { data }) => sum + data.length, 0);
  const file = new Uint8Array(FIXED_BYTES + json.length + 4 * numbers + HASH_BYTES);
  const view = new DataView(file.buffer);
  file.set(encodeUtf8(MAGIC));
  view.setUint32(MAGIC.length, json.length, true);
  file.set(json, FIXED_BYTES);
  let at = FIXED_BYTES + json.length;
  for (const { data } of codebooks) {
    for (const value of data) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  view.setBigUint64(at, selectKernels().checksum(file.subarray(0, at)), true);
  return file;
}

/** Throws MALFORMED_FILE unless the bytes are such a file, whole and undamaged. */
export function readQuantizer(file: Uint8Array): QuantizerParts {
  if (!(file instanceof Uint8Array) || file.length < FIXED_BYTES + HASH_BYTES) throw damaged('more bytes', `${file?.length}`);
  if (String.fromCharCode(...file.subarray(0, MAGIC.length)) !== MAGIC) throw damaged(`the mark ${MAGIC}`, 'another beginning');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = file.length - HASH_BYTES;
  if (selectKernels().checksum(file.subarray(0, end)) !== view.getBigUint64(end, true)) throw damaged('the checksum at its end', 'another');
  const length = view.getUint32(MAGIC.length, true);
  if (length > end - FIXED_BYTES) throw damaged('a header that lies in it', `one of ${length} bytes`);
  const { codebooks: shapes, ...header } = parseHeader(file.subarray(FIXED_BYTES, FIXED_BYTES + length));
  let at = FIXED_BYTES + length;
  const expected = shapes.reduce((sum, [codes, numbers]) => sum + 4 * codes * numbers, at);
  if (expected !== end) throw damaged(`${expected + HASH_BYTES} bytes, as its header says`, `${file.length}`);
  const codebooks = shapes.map(([codes, dims]) => {
    const data = new Float32Array(codes * dims);
    for (let i = 0; i < data.length; i++, at += 4) data[i] = view.getFloat32(at, true);
    if (!data.every(Number.isFinite)) throw damaged('finite numbers', 'others');
    return float32Vectors(data, dims);
  });
  return { header, codebooks };
}

function parseHeader(bytes: Uint8Array): QuantizerHeader & { readonly codebooks: ReadonlyArray<readonly [number, number]> } {
  let header: Record<string, unknown> | null;
  try {
    header = JSON.parse(decodeWellFormed(bytes) ?? '') as Record<string, unknown> | null;
  } catch {
    throw damaged('a header in JSON', 'something else');
  }
  const positive = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
  const shapes = header?.['codebooks'];
  if (header?.['version'] !== 1) throw damaged('version 1', `version ${String(header?.['version'])}`);
  if (!positive(header['dims'])) throw damaged('a length of vectors', 'none');
  if (!Array.isArray(shapes) || !shapes.every((shape) => Array.isArray(shape) && shape.length === 2 && shape.every(positive)))
    throw damaged('shapes of codebooks', 'something else');
  return header as unknown as ReturnType<typeof parseHeader>;
}

/** The error for what is no quantizer's file. */
export function damaged(expected: string, came: string): MerganserError {
  return new MerganserError('MALFORMED_FILE', `Expected a quantizer's file with ${expected}, but got ${came}.`);
}
