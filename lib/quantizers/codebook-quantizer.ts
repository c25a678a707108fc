/** What quantizers with codebooks have in common. */
import { describeShape, isShape, listOf, objectOf } from '../arguments';
import { float32Vectors, pointsOf, type Float32Vectors, type Vectors } from '../clustering/matrix';
import { kmeans } from '../clustering/kmeans';
import { integer } from '../clustering/kmeans-options';
import { invalidArgument, unexpected } from '../errors';
import { writeBytesAtomically } from '../tokenizer/load/files';
import { writeQuantizer, type QuantizerHeader } from './quantizer-file';
import type { Codes, CodingOptions, Quantizer, QuantizerKind, QuantizerTraining } from './types';
import { blockRows, eachBlock } from './vector-blocks';

/** A quantizer whose codes stand for rows of codebooks, each of which makes up a part of a vector or a term of it. */
export abstract class CodebookQuantizer implements Quantizer {
  abstract readonly kind: QuantizerKind;
  readonly codebookSizes: readonly number[];

  /** Throws INVALID_ARGUMENT for codebooks with numbers that are not finite. */
  protected constructor(
    readonly dims: number,
    readonly codebooks: readonly Float32Vectors[],
  ) {
    for (const { data } of codebooks) {
      if (!(data instanceof Float32Array) || data.length === 0 || !data.every(Number.isFinite))
        throw unexpected('codebooks', 'rows of finite numbers in a Float32Array', 'others');
    }
    this.codebookSizes = codebooks.map((codebook) => codebook.dims[0]);
  }

  abstract encode(vectors: Vectors, options?: CodingOptions): Promise<Codes>;

  /** Where in a vector the rows of a codebook belong. */
  protected abstract placeOf(codebook: number): number;

  async decode(codes: Codes, options: Pick<CodingOptions, 'signal' | 'onProgress'> = {}): Promise<Float32Vectors> {
    const { dims, codebooks } = this;
    const books = codebooks.length;
    checkCodes(codes, this.codebookSizes);
    const out = new Float32Array(codes.dims[0] * dims);
    await eachBlock(codes.dims[0], blockRows(dims * books), objectOf(options, 'options'), (first, rows) => {
      for (let row = first; row < first + rows; row++) {
        for (let book = 0; book < books; book++) {
          const { data, dims: shape } = codebooks[book];
          const from = codes.data[row * books + book] * shape[1];
          const to = row * dims + this.placeOf(book);
          for (let k = 0; k < shape[1]; k++) out[to + k] += data[from + k];
        }
      }
    });
    return float32Vectors(out, dims);
  }

  /** What the header of the file has beyond kind and length. @internal */
  protected header(): Partial<QuantizerHeader> {
    return {};
  }

  toBytes(): Uint8Array {
    return writeQuantizer({ header: { version: 1, kind: this.kind, dims: this.dims, ...this.header() }, codebooks: this.codebooks });
  }

  async save(path: string): Promise<void> {
    await writeBytesAtomically(path, this.toBytes());
  }
}

/** Throws INVALID_ARGUMENT unless the codes are of codebooks of these sizes. */
export function checkCodes(codes: Codes, sizes: readonly number[]): void {
  const { data, dims } = (codes ?? {}) as Partial<Codes>;
  listOf(sizes, 'codebookSizes');
  if (!(data instanceof Uint32Array)) throw invalidArgument('codes.data', 'a Uint32Array', data);
  if (!isShape(dims, [2], 0) || dims[1] !== sizes.length || dims[0] * dims[1] !== data.length)
    throw unexpected('codes', `rows of ${sizes.length} codes`, `${data.length} numbers with the shape ${describeShape(dims)}`);
  const bad = data.findIndex((code, i) => code >= sizes[i % sizes.length]);
  if (bad >= 0) throw invalidArgument('codes', `below ${sizes[bad % sizes.length]}, the size of the codebook`, data[bad]);
}

export function codesOf(data: Uint32Array, books: number): Codes {
  return { type: 'uint32', data, dims: [data.length / books, books] };
}

/** One codebook by k-means; codebooks have seeds of their own. */
export async function trainCodebook(
  vectors: Vectors,
  { codebookSize, seed = 1, onProgress, ...options }: QuantizerTraining,
  codebook: number,
  codebooks: number,
): Promise<{ centroids: Float32Vectors; labels: Uint32Array }> {
  integer(seed, 'seed', 0, 2 ** 32 - 1);
  if (!Number.isInteger(codebookSize) || codebookSize < 1) throw invalidArgument('codebookSize', 'a whole number from 1', codebookSize);
  const { count } = pointsOf(vectors, 'vectors');
  if (codebookSize > count) throw invalidArgument('codebookSize', `at most ${count}, the number of vectors`, codebookSize);
  return kmeans(vectors, {
    ...options,
    clusters: codebookSize,
    seed: (seed + codebook) >>> 0,
    ...(onProgress && { onProgress: (progress) => onProgress({ codebook, codebooks, ...progress }) }),
  });
}
