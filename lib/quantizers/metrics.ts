/** How good codes are. */
import { describeShape, isShape, listOf, numberThat, objectOf } from '../arguments';
import { compareLabels } from '../clustering/indices';
import type { Float32Vectors, Vectors } from '../clustering/matrix';
import { unexpected } from '../errors';
import { checkCodes } from './codebook-quantizer';
import type { Codes, CodingOptions, Quantizer } from './types';
import { blockRows, eachBlock, readBlock, vectorsOfLength } from './vector-blocks';

export interface CodeStatistics {
  /** Bits per second: rate · Σ log₂ of the codebooks' sizes. */
  readonly bitrate: number;
  /** For each codebook the part of its codes that occur. */
  readonly usage: readonly number[];
  /** For each codebook exp(entropy of its codes): as many codes, equally frequent, would carry as much. */
  readonly perplexity: readonly number[];
}

export interface UnitAgreement {
  /** Part of the vectors whose class is the most frequent one of their unit. */
  readonly purity: number;
  /** Part of the vectors whose unit is the most frequent one of their class. */
  readonly unitPurity: number;
  /** Mutual information of classes and units over the entropy of the classes (phone-normalised mutual information, HuBERT). */
  readonly pnmi: number;
}

export interface QuantizerMetrics extends CodeStatistics {
  readonly meanSquaredError: number;
  /** Signal-to-noise ratio in decibels: 10 log₁₀(Σ x² / Σ (x − decoded)²); infinite if nothing is lost. */
  readonly signalToNoise: number;
  /** If classes were given. */
  readonly agreement: UnitAgreement | null;
}

/** `rate`: vectors per second. Throws INVALID_ARGUMENT for codes beyond the codebooks. */
export function codeStatistics(codes: Codes, codebookSizes: readonly number[], rate = 1): CodeStatistics {
  if (!isShape(codebookSizes, [codebookSizes?.length ?? 0], 1))
    throw unexpected('codebookSizes', 'whole numbers from 1', describeShape(codebookSizes));
  checkCodes(codes, codebookSizes);
  numberThat(rate, 'rate', 'a positive number', (value) => value > 0 && value < Infinity);
  const [vectors, books] = codes.dims;
  const counts = codebookSizes.map(() => new Map<number, number>());
  codes.data.forEach((code, i) => counts[i % books].set(code, (counts[i % books].get(code) ?? 0) + 1));
  const entropy = (of: Map<number, number>): number => [...of.values()].reduce((sum, n) => sum - (n / vectors) * Math.log(n / vectors), 0);
  return {
    bitrate: rate * codebookSizes.reduce((sum, size) => sum + Math.log2(size), 0),
    usage: codebookSizes.map((size, book) => counts[book].size / size),
    perplexity: counts.map((of) => (vectors === 0 ? 0 : Math.exp(entropy(of)))),
  };
}

/** How well units (codes) tell classes (phones, for example) apart; all codes of a vector together are its unit. Throws INVALID_ARGUMENT if they are not as many. */
export function unitAgreement(classes: ArrayLike<number>, codes: Codes): UnitAgreement {
  const units = unitsOf(codes);
  const { purity, homogeneity } = compareLabels(classes, units);
  return { purity, unitPurity: compareLabels(units, classes).purity, pnmi: homogeneity };
}

/** One number for each different row of codes. */
function unitsOf(codes: Codes): Uint32Array {
  const { data, dims } = objectOf(codes, 'codes');
  if (!(data instanceof Uint32Array) || !isShape(dims, [2], 0) || dims[0] * dims[1] !== data.length)
    throw unexpected('codes', 'a Uint32Array and its shape', 'something else');
  const [vectors, books] = dims;
  const numbers = new Map<string, number>();
  return Uint32Array.from({ length: vectors }, (_, i) => {
    const key = data.subarray(i * books, (i + 1) * books).join(' ');
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key)!;
  });
}

/** Encodes and decodes vectors, and tells what that costs and loses. Rejects as `encode` does. */
export async function evaluateQuantizer(
  quantizer: Quantizer,
  vectors: Vectors,
  options: CodingOptions & { readonly rate?: number; readonly classes?: ArrayLike<number> } = {},
): Promise<QuantizerMetrics> {
  const { rate = 1, classes, ...coding } = objectOf(options, 'options');
  const points = vectorsOfLength(vectors, objectOf(quantizer, 'quantizer').dims);
  if (classes !== undefined && listOf(classes, 'classes').length !== points.count)
    throw unexpected('classes', `${points.count} labels, one per vector`, `${classes.length} labels`);
  if (points.count === 0) throw unexpected('vectors', 'at least one vector', 'none');
  const codes = await quantizer.encode(vectors, coding);
  const decoded = await quantizer.decode(codes, coding);
  let [signal, noise] = [0, 0];
  await eachBlock(points.count, blockRows(points.dims), coding.signal ? { signal: coding.signal } : {}, (first, rows) => {
    const block = readBlock(points, first, rows);
    signal += block.reduce((sum, value) => sum + value * value, 0);
    noise += differenceOf(block, decoded, first * points.dims);
  });
  return {
    ...codeStatistics(codes, quantizer.codebookSizes, rate),
    meanSquaredError: noise / (points.count * points.dims),
    signalToNoise: noise === 0 ? Infinity : 10 * Math.log10(signal / noise),
    agreement: classes === undefined ? null : unitAgreement(classes, codes),
  };
}

function differenceOf(block: Float32Array, { data }: Float32Vectors, from: number): number {
  return block.reduce((sum, value, i) => sum + (value - data[from + i]) ** 2, 0);
}
