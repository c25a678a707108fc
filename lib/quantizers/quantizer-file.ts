/**
 * The file of a quantizer, a sealed record; docs/clustering.md describes it for other programs.
 *
 *   header    version, kind, dims, and what the kind needs; `codebooks` has the shape of each, [codes, numbers]
 *   body      float32, codebook by codebook, row by row
 */
import type { Float32Vectors } from '../clustering/matrix';
import { requireLength } from '../own-array';
import { float32Vectors } from '../clustering/matrix';
import type { MerganserError } from '../errors';
import { damagedRecord, readRecord, writeRecord } from '../records/sealed-record';
import type { QuantizerKind } from './types';

const MAGIC = 'MERGQNT1';
const WHAT = "a quantizer's file";

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

/** Throws INVALID_ARGUMENT if a codebook's memory was taken away. */
export function writeQuantizer({ header, codebooks }: QuantizerParts): Uint8Array {
  const numbers = codebooks.reduce((sum, { data }) => sum + data.length, 0);
  const body = new DataView(new ArrayBuffer(4 * numbers));
  let at = 0;
  for (const { data, dims } of codebooks) {
    requireLength(data, dims[0] * dims[1], 'codebooks');
    for (const value of data) {
      body.setFloat32(at, value, true);
      at += 4;
    }
  }
  return writeRecord(MAGIC, { ...header, codebooks: codebooks.map(({ dims }) => dims) }, new Uint8Array(body.buffer));
}

/** Throws MALFORMED_FILE unless the bytes are such a file, whole and undamaged. */
export function readQuantizer(file: Uint8Array): QuantizerParts {
  const { header: parsed, body } = readRecord(MAGIC, WHAT, file);
  const { codebooks: shapes, ...header } = checkedHeader(parsed);
  const expected = shapes.reduce((sum, [codes, numbers]) => sum + 4 * codes * numbers, 0);
  if (expected !== body.length) throw damaged(`${expected} bytes of codebooks, as its header says`, `${body.length}`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  const codebooks = shapes.map(([codes, dims]) => {
    const data = new Float32Array(codes * dims);
    for (let i = 0; i < data.length; i++, at += 4) data[i] = view.getFloat32(at, true);
    if (!data.every(Number.isFinite)) throw damaged('finite numbers', 'others');
    return float32Vectors(data, dims);
  });
  return { header, codebooks };
}

type HeaderWithShapes = QuantizerHeader & { readonly codebooks: ReadonlyArray<readonly [number, number]> };

function checkedHeader(header: Record<string, unknown>): HeaderWithShapes {
  const positive = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
  const shapes = header['codebooks'];
  if (header['version'] !== 1) throw damaged('version 1', `version ${String(header['version'])}`);
  if (!positive(header['dims'])) throw damaged('a length of vectors', 'none');
  if (!Array.isArray(shapes) || !shapes.every((shape) => Array.isArray(shape) && shape.length === 2 && shape.every(positive)))
    throw damaged('shapes of codebooks', 'something else');
  return header as unknown as HeaderWithShapes;
}

/** The error for what is no quantizer's file. */
export function damaged(expected: string, came: string): MerganserError {
  return damagedRecord(WHAT, expected, came);
}
