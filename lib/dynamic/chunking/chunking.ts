/**
 * Dynamic chunking of H-Net (Hwang, Wang, Gu: Dynamic Chunking for End-to-End Hierarchical Sequence Modeling, arXiv 2507.07955): where neighbouring
 * vectors differ, chunks begin; a model works on one vector for each chunk; and a moving average spreads what it gives over all positions again.
 *
 * Sequences are packed: sequence s is the rows offsets[s] … offsets[s + 1] − 1. `packRows` and `padRows` convert from and to padded batches.
 */
import { selectKernels } from '../../backend/select';
import { invalidArgument, MerganserError } from '../../errors';
import { type Matrix, matrixOf, tensorOf } from '../embeddings/matrix';
import type { FloatTensor } from '../embeddings/types';

/** 0.5 itself is no boundary. */
const BOUNDARY = 0.5;
/** Probabilities of the moving average stay away from 0 and 1 by this. */
const MARGIN = 1e-4;

export interface Routing {
  /** How likely a chunk begins at each position; 1 where a sequence does. */
  readonly probabilities: Float32Array;
  /** 1 where a chunk begins. */
  readonly boundaries: Uint8Array;
}

export interface Chunks {
  /** The rows where chunks begin. */
  readonly rows: FloatTensor;
  /** Sequence s has the chunks offsets[s] … offsets[s + 1] − 1. */
  readonly offsets: Uint32Array;
  /** Where each chunk begins. */
  readonly positions: Uint32Array;
}

/**
 * p[t] = clamp((1 − cos(q[t − 1], k[t])) / 2, 0, 1). `queries` and `keys`: the hidden vectors under the model's two projections; without `keys` the same
 * vectors are both (the projections that training begins with). Throws INVALID_ARGUMENT.
 */
export function routeChunks(queries: FloatTensor, offsets: Uint32Array, keys: FloatTensor = queries): Routing {
  const q = matrixOf('queries', queries);
  const k = matrixOf('keys', keys, { rows: q.rows, width: q.width });
  checkOffsets(offsets, q.rows);
  const probabilities = new Float32Array(q.rows);
  selectKernels().routeRows(q.data, k.data, q.width, offsets, probabilities);
  return { probabilities, boundaries: Uint8Array.from(probabilities, isBoundary) };
}

/** The rows where chunks begin, in order. Throws INVALID_ARGUMENT. */
export function chunkRows(rows: FloatTensor, boundaries: Uint8Array, offsets: Uint32Array): Chunks {
  const matrix = matrixOf('rows', rows);
  checkOffsets(offsets, matrix.rows);
  checkBoundaries(boundaries, matrix.rows);
  const starts = chunkStarts(boundaries);
  return { rows: gather(matrix, starts), offsets: chunkOffsets(boundaries, offsets), positions: starts };
}

/**
 * From chunks to positions: z[k] = p[k] · ẑ[k] + (1 − p[k]) · z[k − 1] over the chunks of each sequence, and at every position the z of its chunk. p is kept
 * between 10⁻⁴ and 1 − 10⁻⁴. Throws INVALID_ARGUMENT.
 */
export function dechunkRows(chunks: FloatTensor, routing: Routing, offsets: Uint32Array): FloatTensor {
  const { probabilities, boundaries } = routing ?? {};
  if (!(probabilities instanceof Float32Array && boundaries instanceof Uint8Array && probabilities.length === boundaries.length))
    throw invalidArgument('routing', 'probabilities and boundaries of as many positions, as routeChunks gives them', routing);
  checkOffsets(offsets, boundaries.length);
  checkBoundaries(boundaries, offsets[offsets.length - 1]);
  checkSequenceStarts(boundaries, offsets);
  const starts = chunkStarts(boundaries);
  const matrix = matrixOf('chunks', chunks, { rows: starts.length });
  const average = new Float32Array(matrix.data.length);
  const shares = Float32Array.from(starts, (position) => clampShare(probabilities[position]));
  selectKernels().averageRows(matrix.data, shares, matrix.width, chunkOffsets(boundaries, offsets), average);
  return upsampleRows(tensorOf(average, matrix.rows, matrix.width), boundaries);
}

/** At every position the row of its chunk. The first position must begin one. Throws INVALID_ARGUMENT. */
export function upsampleRows(chunks: FloatTensor, boundaries: Uint8Array): FloatTensor {
  if (boundaries.length > 0 && boundaries[0] !== 1) throw invalidArgument('boundaries[0]', '1', boundaries[0]);
  let chunk = -1;
  const rows = Uint32Array.from(boundaries, (boundary) => (chunk += boundary));
  return gather(matrixOf('chunks', chunks, { rows: chunk + 1 }), rows);
}

/** N / (N − 1) · ((N − 1) · F · G + (1 − F) · (1 − G)) with F the mean of the boundaries and G that of the probabilities: 1 where chunks have N positions. */
export function ratioLoss({ probabilities, boundaries }: Routing, positionsPerChunk: number): number {
  if (!(positionsPerChunk > 1)) throw invalidArgument('positionsPerChunk', 'a number above 1', positionsPerChunk);
  if (probabilities.length === 0) throw invalidArgument('probabilities', 'at least one', probabilities);
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const [f, g, n] = [mean(boundaries), mean(probabilities), positionsPerChunk];
  return (n / (n - 1)) * ((n - 1) * f * g + (1 - f) * (1 - g));
}

/** Numbers of a row. */
const MOST_NUMBERS = 2 ** 24;

/** Chunking of one sequence, position by position, with the same results. */
export class ChunkStepper {
  #query: Float32Array | null = null;
  readonly #average: Float64Array;

  /** Throws INVALID_ARGUMENT. */
  constructor(readonly width: number) {
    if (!Number.isInteger(width) || width < 1 || width > MOST_NUMBERS)
      throw invalidArgument('width', `an integer from 1 to ${MOST_NUMBERS}`, width);
    this.#average = new Float64Array(width);
  }

  /** The next position's probability, and whether a chunk begins there. */
  route(query: Float32Array, key: Float32Array = query): { probability: number; boundary: boolean } {
    this.#checkWidth('query', query);
    this.#checkWidth('key', key);
    const probabilities = new Float32Array(2);
    const pair = new Float32Array(2 * this.width);
    if (this.#query === null) probabilities[1] = 1;
    else {
      pair.set(key, this.width);
      const queries = new Float32Array(2 * this.width);
      queries.set(this.#query);
      selectKernels().routeRows(queries, pair, this.width, Uint32Array.of(0, 2), probabilities);
    }
    this.#query = query.slice();
    return { probability: probabilities[1], boundary: isBoundary(probabilities[1]) === 1 };
  }

  /** What `dechunkRows` gives for the position; `chunk`: the model's row for the chunk that begins here, null where none does. */
  dechunk(probability: number, chunk: Float32Array | null): Float32Array {
    if (chunk !== null) {
      this.#checkWidth('chunk', chunk);
      const share = clampShare(probability);
      for (let i = 0; i < this.width; i++) this.#average[i] = share * chunk[i] + (1 - share) * this.#average[i];
    }
    return Float32Array.from(this.#average);
  }

  #checkWidth(name: string, row: Float32Array): void {
    if (row?.length !== this.width) throw invalidArgument(name, `a Float32Array of ${this.width}`, row);
  }
}

function isBoundary(probability: number): number {
  return probability > BOUNDARY ? 1 : 0;
}

/** As a float, as it is kept. */
function clampShare(probability: number): number {
  return Math.fround(Math.min(1 - MARGIN, Math.max(MARGIN, probability)));
}

function chunkStarts(boundaries: Uint8Array): Uint32Array {
  const starts: number[] = [];
  boundaries.forEach((boundary, position) => boundary === 1 && starts.push(position));
  return Uint32Array.from(starts);
}

function chunkOffsets(boundaries: Uint8Array, offsets: Uint32Array): Uint32Array {
  const before = new Uint32Array(boundaries.length + 1);
  boundaries.forEach((boundary, i) => (before[i + 1] = before[i] + boundary));
  return offsets.map((offset) => before[offset]);
}

function gather({ data, width }: Matrix, rows: Uint32Array): FloatTensor {
  const out = new Float32Array(rows.length * width);
  selectKernels().gatherRows(data, new Float32Array(0), width, rows, out);
  return tensorOf(out, rows.length, width);
}

/** Throws INVALID_ARGUMENT unless the offsets cut so many rows into sequences. */
export function checkOffsets(offsets: Uint32Array, rows: number): void {
  if (Object.prototype.toString.call(offsets) !== '[object Uint32Array]') throw invalidArgument('offsets', 'a Uint32Array', offsets);
  const rises = offsets.every((offset, i) => offset >= (i === 0 ? 0 : offsets[i - 1]));
  if (offsets.length === 0 || offsets[0] !== 0 || !rises || offsets[offsets.length - 1] !== rows)
    throw invalidArgument('offsets', `ascending from 0 to ${rows}, the number of rows`, offsets);
}

function checkBoundaries(boundaries: Uint8Array, rows: number): void {
  if (boundaries?.length !== rows || !boundaries.every((value) => value <= 1))
    throw invalidArgument('boundaries', `a Uint8Array of ${rows} zeros and ones`, boundaries);
}

function checkSequenceStarts(boundaries: Uint8Array, offsets: Uint32Array): void {
  for (let s = 0; s + 1 < offsets.length; s++) {
    if (offsets[s] < offsets[s + 1] && boundaries[offsets[s]] !== 1)
      throw new MerganserError(
        'INVALID_ARGUMENT',
        `Expected a chunk to begin where sequence ${s} does, at ${offsets[s]}, but boundaries has 0 there.`,
      );
  }
}
