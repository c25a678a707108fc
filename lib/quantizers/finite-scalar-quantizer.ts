/** Quantization without training: every number of a vector by itself. */
import { describeShape, isShape } from '../arguments';
import { unknownCode } from '../backend/js/quantizers/known-codes';
import { float32Vectors, type Float32Vectors, type Vectors } from '../clustering/matrix';
import { invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { writeBytesAtomically } from '../tokenizer/load/files';
import { checkCodes, checkShape, codesOf, codingOptions } from './codebook-quantizer';
import { ProductQuantizer } from './product-quantizer';
import { writeQuantizer } from './quantizer-file';
import { levelOf, startsOf } from './scalar-levels';
import type { Codes, CodingOptions, Quantizer } from './types';
import { blockRows, eachBlock, readBlock, requireWhole, vectorsOfLength } from './vector-blocks';

/** What groups of numbers stand for is kept, if they have no more codes than this. */
const MOST_TABLED = 1 << 14;

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
  private readonly basis: Uint32Array;
  #tables: ProductQuantizer | null = null;

  /** Throws INVALID_ARGUMENT unless each number of levels is a whole one from 2, and there are at most 2³² codes. */
  constructor(readonly levels: readonly number[]) {
    if (!isShape(levels, [levels?.length ?? 0], 2) || levels.length === 0)
      throw unexpected('levels', 'whole numbers from 2, at least one', describeShape(levels));
    this.basis = Uint32Array.from(levels, (_, i) => levels.slice(0, i).reduce((product, level) => product * level, 1));
    this.codes = levels.reduce((product, level) => product * level, 1);
    if (this.codes > 2 ** 32) throw invalidArgument('levels', 'at most 2^32 codes together', this.codes);
    this.dims = levels.length;
    this.codebookSizes = [this.codes];
  }

  /** On the calling thread, in turns with other work: copying the vectors for threads would take as long. Rejects as every quantizer does. */
  async encode(vectors: Vectors, options: CodingOptions = {}): Promise<Codes> {
    const { kernels, ...each } = codingOptions(options);
    const { levels, basis, dims } = this;
    const points = vectorsOfLength(vectors, dims);
    const data = new Uint32Array(points.count);
    const starts = levels.map((level) => startsOf(level));
    const known = starts.every((those) => those !== null) ? starts : null;
    await eachBlock(points.count, Math.ceil(blockRows(dims) / 4), each, (first, count) => {
      const codes = data.subarray(first, first + count);
      requireWhole(points);
      if (known !== null) kernels.encodeScalars({ points, first, count, starts: known, basis }, codes);
      else this.#encodeByFormula(readBlock(points, first, count), codes);
    });
    return codesOf(data, 1);
  }

  #encodeByFormula(rows: Float32Array, codes: Uint32Array): void {
    const { levels, basis, dims } = this;
    for (let row = 0; row < codes.length; row++) {
      let code = 0;
      for (let i = 0; i < dims; i++) code += basis[i] * levelOf(rows[row * dims + i], levels[i]);
      codes[row] = code;
    }
  }

  /** Numbers from −1 to 1. */
  async decode(codes: Codes, options: CodingOptions = {}): Promise<Float32Vectors> {
    const { signal } = codingOptions(options);
    if (this.levels.some((level) => level > MOST_TABLED)) return this.#decodeByFormula(codes, options);
    const tables = this.#tablesOfParts();
    if (tables.codebooks.length === 1) return tables.decode(codes, options);
    const data = await ownArray(checkShape(codes, this.codebookSizes), 'codes', signal);
    const parts = await this.#split(data, tables.codebookSizes, signal);
    return tables.decode(codesOf(parts, tables.codebookSizes.length), options);
  }

  /** Codes as those of groups of numbers. */
  async #split(codes: Uint32Array, sizes: readonly number[], signal: AbortSignal | undefined): Promise<Uint32Array> {
    const error = unknownCode(codes, this.codebookSizes);
    if (error !== null) throw error;
    const parts = new Uint32Array(codes.length * sizes.length);
    await eachBlock(codes.length, blockRows(sizes.length) / 4, signal ? { signal } : {}, (first, rows) => {
      for (let row = first, at = first * sizes.length; row < first + rows; row++) {
        let code = codes[row];
        for (const size of sizes) {
          parts[at++] = code % size;
          code = Math.floor(code / size);
        }
      }
    });
    return parts;
  }

  async #decodeByFormula(codes: Codes, options: CodingOptions): Promise<Float32Vectors> {
    const { dims } = this;
    checkCodes(codes, this.codebookSizes);
    const data = await ownArray(codes.data, 'codes', options.signal);
    const out = new Float32Array(data.length * dims);
    await eachBlock(data.length, blockRows(dims), options, (first, rows) => {
      for (let row = first; row < first + rows; row++) writeNumbers(data[row], this.levels, out, row * dims);
    });
    return float32Vectors(out, dims);
  }

  /** Groups of numbers, each with all of its codes as a codebook. */
  #tablesOfParts(): ProductQuantizer {
    if (this.#tables === null) {
      const groups: number[][] = [];
      let codes = Infinity;
      for (const level of this.levels) {
        if (codes * level > MOST_TABLED) {
          groups.push([]);
          codes = 1;
        }
        groups[groups.length - 1].push(level);
        codes *= level;
      }
      this.#tables = new ProductQuantizer(groups.map((levels) => tableOf(levels)));
    }
    return this.#tables;
  }

  toBytes(): Uint8Array {
    return writeQuantizer({ header: { version: 1, kind: this.kind, dims: this.dims, levels: this.levels }, codebooks: [] });
  }

  async save(path: string): Promise<void> {
    await writeBytesAtomically(path, this.toBytes());
  }
}

/** What a code stands for. */
function writeNumbers(code: number, levels: readonly number[], out: Float32Array, at: number): void {
  for (const level of levels) {
    const place = code % level;
    const half = Math.floor(level / 2);
    out[at++] = level === 2 ? place - 0.5 : (place - half) / half;
    code = Math.floor(code / level);
  }
}

function tableOf(levels: readonly number[]): Float32Vectors {
  const codes = levels.reduce((product, level) => product * level, 1);
  const data = new Float32Array(codes * levels.length);
  for (let code = 0; code < codes; code++) writeNumbers(code, levels, data, code * levels.length);
  return float32Vectors(data, levels.length);
}
