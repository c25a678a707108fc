/** What quantizers with codebooks have in common. */
import { describeShape, isShape, listOf, objectOf, requireSignal } from '../arguments';
import { unknownCode } from '../backend/js/quantizers/known-codes';
import type { Kernels } from '../backend/kernels';
import type { CodebookRows, VectorCoding } from '../backend/quantizer-kernels';
import { selectKernels } from '../backend/select';
import { GREATEST_SQUARE } from '../clustering/greatest-square';
import { float32Vectors, pointsOf, type Float32Vectors, type Vectors } from '../clustering/matrix';
import { kmeans } from '../clustering/kmeans';
import { integer } from '../clustering/kmeans-options';
import { aborted, invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { plainArray } from '../plain-array';
import { unfilledFloats } from '../unfilled';
import { writeBytesAtomically } from '../tokenizer/load/files';
import { writeQuantizer, type QuantizerHeader } from './quantizer-file';
import type { Codes, CodingOptions, Quantizer, QuantizerKind, QuantizerTraining } from './types';
import { vectorsOfLength } from './vector-blocks';

/** A quantizer whose codes stand for rows of codebooks, each of which makes up a part of a vector or a term of it. */
export abstract class CodebookQuantizer implements Quantizer {
  abstract readonly kind: QuantizerKind;
  readonly codebookSizes: readonly number[];

  /** Throws INVALID_ARGUMENT for codebooks with numbers that are not finite. */
  protected constructor(
    readonly dims: number,
    readonly codebooks: readonly Float32Vectors[],
  ) {
    for (const { data, dims: shape } of codebooks) {
      if (!(data instanceof Float32Array) || data.length === 0 || !shortEnough(data, shape[1]))
        throw unexpected('codebooks', 'rows of finite numbers in a Float32Array, no longer than 3e18', 'others');
    }
    this.codebookSizes = codebooks.map((codebook) => codebook.dims[0]);
  }

  abstract encode(vectors: Vectors, options?: CodingOptions): Promise<Codes>;

  /** Where in a vector the rows of a codebook belong. */
  protected abstract placeOf(codebook: number): number;

  /** Codes of every codebook. @internal */
  protected async encodeBy(kind: VectorCoding['kind'], beam: number, vectors: Vectors, options: CodingOptions): Promise<Codes> {
    const { kernels, threads, signal, onProgress } = codingOptions(options);
    const points = vectorsOfLength(vectors, this.dims);
    const { count } = points;
    const out = new Uint32Array(count * this.codebooks.length);
    if (signal?.aborted) throw aborted(signal);
    if (count > 0) {
      const data = await ownArray(points.data, 'vectors', signal);
      const spec = { points: { ...points, data }, codebooks: await this.ownCodebooks(signal), kind, beam, threads };
      await kernels.encodeVectors(spec, out, { signal, onProgress: onProgress && ((done) => onProgress(done, count)) });
    }
    onProgress?.(count, count);
    return codesOf(out, this.codebooks.length);
  }

  async decode(codes: Codes, options: CodingOptions = {}): Promise<Float32Vectors> {
    const { kernels, threads, signal, onProgress } = codingOptions(options);
    const { dims } = this;
    const given = checkShape(codes, this.codebookSizes);
    if (signal?.aborted) throw aborted(signal);
    const count = codes.dims[0];
    const data = await ownArray(given, 'codes', signal);
    const out = unfilledFloats(count * dims);
    if (count > 0) {
      const spec = { codes: data, count, codebooks: await this.ownCodebooks(signal), dims, threads };
      await kernels.decodeCodes(spec, out, { signal, onProgress: onProgress && ((done) => onProgress(done, count)) });
    }
    onProgress?.(count, count);
    return float32Vectors(out, dims);
  }

  private ownCodebooks(signal: AbortSignal | undefined): Promise<CodebookRows[]> {
    return Promise.all(
      this.codebooks.map(async ({ data, dims: [codes, dims] }, i) => {
        const own = await ownArray(data, 'codebooks', signal);
        if (own.length !== codes * dims) throw unexpected('codebooks', `${codes * dims} numbers, as before`, `${own.length}`);
        return { data: own, codes, dims, place: this.placeOf(i) };
      }),
    );
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

/** Whether rows are finite, and as short as vectors must be. */
function shortEnough(data: Float32Array, dims: number): boolean {
  for (let from = 0; from < data.length; from += dims) {
    let square = 0;
    for (let at = from; at < from + dims; at++) square += data[at] * data[at];
    if (!(square < GREATEST_SQUARE)) return false;
  }
  return true;
}

/** Throws INVALID_ARGUMENT. */
export function codingOptions(
  options: CodingOptions,
): Omit<CodingOptions, 'backend'> & { readonly kernels: Kernels; readonly threads: number } {
  const { backend, threads = 0, signal, onProgress } = objectOf(options, 'options');
  integer(threads, 'threads', 0, 1024);
  requireSignal(signal);
  return { kernels: selectKernels(backend), threads, ...(signal && { signal }), ...(onProgress && { onProgress }) };
}

/** Throws INVALID_ARGUMENT unless the codes are of codebooks of these sizes. */
export function checkCodes(codes: Codes, sizes: readonly number[]): void {
  const error = unknownCode(checkShape(codes, sizes), sizes);
  if (error !== null) throw error;
}

/** The codes, whatever numbers they are. Throws INVALID_ARGUMENT unless their shape fits. */
export function checkShape(codes: Codes, sizes: readonly number[]): Uint32Array {
  const { data: given, dims } = (codes ?? {}) as Partial<Codes>;
  listOf(sizes, 'codebookSizes');
  const data = plainArray(given, Uint32Array, 'codes.data');
  if (data === null) throw invalidArgument('codes.data', 'a Uint32Array', given);
  if (!isShape(dims, [2], 0) || dims[1] !== sizes.length || dims[0] * dims[1] !== data.length)
    throw unexpected('codes', `rows of ${sizes.length} codes`, `${data.length} numbers with the shape ${describeShape(dims)}`);
  return data;
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
