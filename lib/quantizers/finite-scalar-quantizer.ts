/** Quantization without training: every number of a vector by itself. */
import { describeShape, isShape, objectOf } from '../arguments';
import { float32Vectors, type Float32Vectors, type Vectors } from '../clustering/matrix';
import { invalidArgument, unexpected } from '../errors';
import { writeBytesAtomically } from '../tokenizer/load/files';
import { checkCodes, codesOf } from './codebook-quantizer';
import { KMeansQuantizer } from './kmeans-quantizer';
import { LevelFinder } from './scalar-levels';
import { writeQuantizer } from './quantizer-file';
import type { Codes, CodingOptions, Quantizer } from './types';
import { blockRows, eachBlock, readBlock, vectorsOfLength } from './vector-blocks';

/** Up to so many codes what each stands for is kept. */
const MOST_TABLED = 1 << 12;

/**
 * Finite scalar quantization (Mentzer et al. 2023): every number is bounded and rounded to one of a few levels; together they are the index of a code, the
 * first number's level counting 1. Two levels are −½ and ½ (the authors' form needs three).
 */
export class FiniteScalarQuantizer implements Quantizer {
  readonly kind = 'finite-scalar';
  readonly dims: number;
  readonly codebookSizes: readonly number[];
  /** Number of codes. */
  readonly codes: number;
  private readonly basis: number[];
  #codebook: KMeansQuantizer | null = null;

  /** Throws INVALID_ARGUMENT unless each number of levels is a whole one from 2, and there are at most 2³² codes. */
  constructor(readonly levels: readonly number[]) {
    if (!isShape(levels, [levels?.length ?? 0], 2) || levels.length === 0)
      throw unexpected('levels', 'whole numbers from 2, at least one', describeShape(levels));
    this.basis = levels.map((_, i) => levels.slice(0, i).reduce((product, level) => product * level, 1));
    this.codes = levels.reduce((product, level) => product * level, 1);
    if (this.codes > 2 ** 32) throw invalidArgument('levels', 'at most 2^32 codes together', this.codes);
    this.dims = levels.length;
    this.codebookSizes = [this.codes];
  }

  async encode(vectors: Vectors, options: CodingOptions = {}): Promise<Codes> {
    const { levels, basis, dims } = this;
    const points = vectorsOfLength(vectors, dims);
    const data = new Uint32Array(points.count);
    const finders = levels.map((level) => LevelFinder.of(level));
    await eachBlock(points.count, Math.ceil(blockRows(dims) / 4), objectOf(options, 'options'), (first, rows) => {
      const block = readBlock(points, first, rows);
      const codes = new Float64Array(rows);
      for (let i = 0; i < dims; i++) finders[i].add(block, i, dims, basis[i], codes);
      data.set(codes, first);
    });
    return codesOf(data, 1);
  }

  /** Numbers from −1 to 1. */
  async decode(codes: Codes, options: CodingOptions = {}): Promise<Float32Vectors> {
    const { dims } = this;
    if (this.codes <= MOST_TABLED) return this.#table().decode(codes, options);
    checkCodes(codes, this.codebookSizes);
    const out = new Float32Array(codes.data.length * dims);
    await eachBlock(codes.data.length, blockRows(dims), objectOf(options, 'options'), (first, rows) => {
      for (let row = first; row < first + rows; row++) this.#writeNumbers(codes.data[row], out, row * dims);
    });
    return float32Vectors(out, dims);
  }

  #writeNumbers(code: number, out: Float32Array, at: number): void {
    const { levels, basis, dims } = this;
    for (let i = 0; i < dims; i++) {
      const place = Math.floor(code / basis[i]) % levels[i];
      const half = Math.floor(levels[i] / 2);
      out[at + i] = levels[i] === 2 ? place - 0.5 : (place - half) / half;
    }
  }

  /** All codes as a codebook. */
  #table(): KMeansQuantizer {
    if (this.#codebook === null) {
      const data = new Float32Array(this.codes * this.dims);
      for (let code = 0; code < this.codes; code++) this.#writeNumbers(code, data, code * this.dims);
      this.#codebook = new KMeansQuantizer(float32Vectors(data, this.dims));
    }
    return this.#codebook;
  }

  toBytes(): Uint8Array {
    return writeQuantizer({ header: { version: 1, kind: this.kind, dims: this.dims, levels: this.levels }, codebooks: [] });
  }

  async save(path: string): Promise<void> {
    await writeBytesAtomically(path, this.toBytes());
  }
}
