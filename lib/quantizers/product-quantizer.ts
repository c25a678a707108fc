/** Product quantization (Jégou, Douze & Schmid 2011): vectors are cut into parts, each with a codebook of its own. */
import { listOf, objectOf } from '../arguments';
import { float32Vectors, pointsOf, type Float32Vectors, type Vectors } from '../clustering/matrix';
import { invalidArgument, unexpected } from '../errors';
import { CodebookQuantizer, trainCodebook } from './codebook-quantizer';
import type { Codes, CodingOptions, QuantizerTraining } from './types';
import { blockRows, eachBlock, readBlock } from './vector-blocks';

export interface ProductTraining extends QuantizerTraining {
  /** How many parts of equal length; a divisor of the vectors' length. */
  readonly parts: number;
}

export class ProductQuantizer extends CodebookQuantizer {
  readonly kind = 'product';

  /** `codebooks`: one for each part of the vectors, in order; parts may have different lengths. */
  constructor(codebooks: readonly Float32Vectors[]) {
    if (listOf(codebooks, 'codebooks').length === 0) throw unexpected('codebooks', 'at least one', 'none');
    super(
      Array.from(codebooks).reduce((sum, codebook) => sum + pointsOf(codebook, 'codebooks').dims, 0),
      codebooks,
    );
  }

  /** Rejects as `kmeans` does. */
  static async train(vectors: Vectors, training: ProductTraining): Promise<ProductQuantizer> {
    const { parts, ...options } = objectOf(training, 'options');
    const points = pointsOf(vectors, 'vectors');
    const { count, dims } = points;
    if (!Number.isInteger(parts) || parts < 1 || dims % parts !== 0) throw invalidArgument('parts', `a divisor of ${dims}`, parts);
    const length = dims / parts;
    const columns = Array.from({ length: parts }, () => new Float32Array(count * length));
    await eachBlock(count, blockRows(dims), options.signal ? { signal: options.signal } : {}, (first, rows) => {
      const block = readBlock(points, first, rows);
      for (const [part, out] of columns.entries()) copyColumns(block, dims, part * length, length, out, first);
    });
    const codebooks: Float32Vectors[] = [];
    for (const [part, data] of columns.entries()) {
      codebooks.push((await trainCodebook(float32Vectors(data, length), options, part, parts)).centroids);
    }
    return new ProductQuantizer(codebooks);
  }

  encode(vectors: Vectors, options: CodingOptions = {}): Promise<Codes> {
    return this.encodeBy('part', 1, vectors, options);
  }

  protected placeOf(part: number): number {
    let place = 0;
    for (let before = 0; before < part; before++) place += this.codebooks[before].dims[1];
    return place;
  }
}

/** Columns [from, from + length) of all rows, to rows from `first` on. */
function copyColumns(rows: Float32Array, dims: number, from: number, length: number, out: Float32Array, first: number): void {
  for (let at = from, to = first * length; at < rows.length; at += dims - length) {
    for (const end = at + length; at < end;) out[to++] = rows[at++];
  }
}
