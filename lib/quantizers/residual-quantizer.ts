/** Residual vector quantization: each codebook quantizes what the ones before left over. */
import { listOf, objectOf } from '../arguments';
import { integer } from '../clustering/kmeans-options';
import { float32Vectors, pointsOf, type Float32Vectors, type Vectors } from '../clustering/matrix';
import { unexpected } from '../errors';
import { CodebookQuantizer, trainCodebook } from './codebook-quantizer';
import type { QuantizerHeader } from './quantizer-file';
import type { Codes, CodingOptions, QuantizerTraining } from './types';
import { blockRows, eachBlock, readBlock } from './vector-blocks';

const MOST_BEAM = 256;
const MOST_CODEBOOKS = 1e4;

export interface ResidualTraining extends QuantizerTraining {
  /** How many codes a vector gets: 1 to 10,000. */
  readonly codebooks: number;
  /** Partial codes that encoding keeps at each step, 1 to 256; 1: the nearest code each time. Default 1. The codebooks do not depend on it. */
  readonly beam?: number;
}

export class ResidualQuantizer extends CodebookQuantizer {
  readonly kind = 'residual';

  /** `beam`: see {@link ResidualTraining}. */
  constructor(
    codebooks: readonly Float32Vectors[],
    readonly beam = 1,
  ) {
    if (listOf(codebooks, 'codebooks').length === 0) throw unexpected('codebooks', 'at least one', 'none');
    const { dims } = pointsOf(codebooks[0], 'codebooks');
    if (codebooks.some((codebook) => pointsOf(codebook, 'codebooks').dims !== dims))
      throw unexpected('codebooks', 'of vectors of one length', 'several lengths');
    integer(beam, 'beam', 1, MOST_BEAM);
    super(dims, codebooks);
  }

  /** Trains the codebooks one after the other on what is left of the vectors. Rejects as `kmeans` does. */
  static async train(vectors: Vectors, training: ResidualTraining): Promise<ResidualQuantizer> {
    const { codebooks, beam = 1, ...options } = objectOf(training, 'options');
    integer(codebooks, 'codebooks', 1, MOST_CODEBOOKS);
    integer(beam, 'beam', 1, MOST_BEAM);
    const points = pointsOf(vectors, 'vectors');
    const { count, dims } = points;
    const rest = new Float32Array(count * dims);
    await eachBlock(count, blockRows(dims), options.signal ? { signal: options.signal } : {}, (first, rows) =>
      rest.set(readBlock(points, first, rows), first * dims),
    );
    const books: Float32Vectors[] = [];
    for (let book = 0; book < codebooks; book++) {
      const { centroids, labels } = await trainCodebook(float32Vectors(rest, dims), options, book, codebooks);
      books.push(centroids);
      subtractCodes(rest, centroids, labels);
    }
    return new ResidualQuantizer(books, beam);
  }

  encode(vectors: Vectors, options: CodingOptions = {}): Promise<Codes> {
    return this.encodeBy('rest', this.beam, vectors, options);
  }

  protected placeOf(): number {
    return 0;
  }

  protected override header(): Partial<QuantizerHeader> {
    return { beam: this.beam };
  }
}

function subtractCodes(rest: Float32Array, { data, dims: [, dims] }: Float32Vectors, labels: Uint32Array): void {
  for (let row = 0; row < labels.length; row++) {
    for (let k = 0, from = labels[row] * dims, to = row * dims; k < dims; k++) rest[to + k] -= data[from + k];
  }
}
