/** Vectors as the numbers of rows of codebooks, and back; see code_vectors.hpp for the native form. */
import { GREATEST_SQUARE } from '../../../clustering/greatest-square';
import { fromBfloat16, fromFloat16 } from '../../half-floats';
import type { PointArray } from '../../clustering-kernels';
import type { CodebookRows, CodeDecoding, CodingControl, VectorCoding } from '../../quantizer-kernels';
import { assignNearestSync } from '../clustering/lloyd';
import { notFinite } from '../clustering/point-rows';
import { inTurns } from '../turns';
import { BeamSearch } from './beam-search';
import { unknownCode } from './known-codes';

/** Multiplications of a block of vectors. */
const BLOCK_WORK = 1 << 23;
/** Numbers that are decoded between two looks at the clock. */
const DECODED_NUMBERS = 1 << 16;

export function encodeVectors(spec: VectorCoding, codes: Uint32Array, { signal, onProgress }: CodingControl): Promise<void> {
  return inTurns(encoding(spec, codes, onProgress), signal);
}

function* encoding(
  { points, codebooks, kind, beam }: VectorCoding,
  codes: Uint32Array,
  onProgress: CodingControl['onProgress'],
): Generator<void, void> {
  const books = codebooks.length;
  const work = codebooks.reduce((sum, { data }) => sum + data.length, 0);
  const step = Math.max(16, Math.floor(BLOCK_WORK / (work * (kind === 'rest' ? beam : 1))));
  const search = kind === 'rest' && beam > 1 ? new BeamSearch(codebooks, beam) : null;
  for (let first = 0; first < points.count; first += step) {
    const rows = readRows(points, first, Math.min(step, points.count - first));
    const to = codes.subarray(first * books, first * books + (rows.length / points.dims) * books);
    if (search !== null) search.encode(rows, to);
    else if (kind === 'rest') encodeRests(rows, codebooks, to);
    else encodeParts(rows, points.dims, codebooks, to);
    onProgress?.(Math.min(first + step, points.count));
    yield;
  }
}

function encodeRests(rests: Float32Array, codebooks: readonly CodebookRows[], codes: Uint32Array): void {
  for (const [book, codebook] of codebooks.entries()) {
    const { data, dims } = codebook;
    const labels = nearestCodes(rests, codebook);
    labels.forEach((code, row) => {
      codes[row * codebooks.length + book] = code;
      for (let k = 0; k < dims; k++) rests[row * dims + k] -= data[code * dims + k];
    });
  }
}

function encodeParts(rows: Float32Array, dims: number, codebooks: readonly CodebookRows[], codes: Uint32Array): void {
  for (const [book, codebook] of codebooks.entries()) {
    const columns = new Float32Array((rows.length / dims) * codebook.dims);
    for (let at = codebook.place, to = 0; at < rows.length; at += dims, to += codebook.dims)
      columns.set(rows.subarray(at, at + codebook.dims), to);
    nearestCodes(columns, codebook).forEach((code, row) => (codes[row * codebooks.length + book] = code));
  }
}

function nearestCodes(data: Float32Array, codebook: CodebookRows): Uint32Array {
  const { dims } = codebook;
  const labels = new Uint32Array(data.length / dims);
  const points = { data, type: 'float32', dims, rows: null, count: labels.length, weights: null } as const;
  assignNearestSync({ points, spherical: false }, codebook.data, labels, null);
  return labels;
}

/** Rows of points as numbers of single precision. Throws INVALID_ARGUMENT if one is not finite or too long. */
export function readRows({ data, type, dims }: PointArray, first: number, count: number): Float32Array {
  const out = new Float32Array(count * dims);
  const from = data.subarray(first * dims, (first + count) * dims);
  if (type === 'float32') out.set(from);
  else {
    const widen = type === 'float16' ? fromFloat16 : fromBfloat16;
    for (let i = 0; i < out.length; i++) out[i] = widen(from[i]);
  }
  for (let row = 0; row < count; row++) {
    let square = 0;
    for (let at = row * dims; at < (row + 1) * dims; at++) square += out[at] * out[at];
    if (!(square < GREATEST_SQUARE)) throw notFinite(first + row);
  }
  return out;
}

export function decodeCodes(spec: CodeDecoding, out: Float32Array, { signal, onProgress }: CodingControl): Promise<void> {
  return inTurns(decoding(spec, out, onProgress), signal);
}

function* decoding(
  { codes, count, codebooks, dims }: CodeDecoding,
  out: Float32Array,
  onProgress: CodingControl['onProgress'],
): Generator<void, void> {
  const step = Math.max(1, Math.floor(DECODED_NUMBERS / (dims * codebooks.length)));
  const sizes = codebooks.map((codebook) => codebook.codes);
  for (let first = 0; first < count; first += step) {
    const end = Math.min(first + step, count);
    const error = unknownCode(codes.subarray(first * sizes.length, end * sizes.length), sizes);
    if (error !== null) throw error;
    for (const [book, { data, dims: length, place }] of codebooks.entries()) {
      for (let row = first; row < end; row++) {
        const from = codes[row * codebooks.length + book] * length;
        const to = row * dims + place;
        if (book === 0 || place > 0) for (let k = 0; k < length; k++) out[to + k] = data[from + k];
        else for (let k = 0; k < length; k++) out[to + k] += data[from + k];
      }
    }
    onProgress?.(end);
    yield;
  }
}
