/** k-means tokens: a vector is the number of its nearest centroid (HuBERT's units, for example). */
import { objectOf } from '../arguments';
import { assignToCentroids } from '../clustering/kmeans';
import { pointsOf, type Float32Vectors, type Vectors } from '../clustering/matrix';
import { CodebookQuantizer, codesOf, trainCodebook } from './codebook-quantizer';
import type { Codes, CodingOptions, QuantizerTraining } from './types';
import { vectorsOfLength } from './vector-blocks';

export class KMeansQuantizer extends CodebookQuantizer {
  readonly kind = 'k-means';

  /** `codebook`: the centroids. */
  constructor(codebook: Float32Vectors) {
    super(pointsOf(codebook, 'codebook').dims, [codebook]);
  }

  /** Rejects as `kmeans` does. */
  static async train(vectors: Vectors, options: QuantizerTraining): Promise<KMeansQuantizer> {
    return new KMeansQuantizer((await trainCodebook(vectors, objectOf(options, 'options'), 0, 1)).centroids);
  }

  async encode(vectors: Vectors, options: CodingOptions = {}): Promise<Codes> {
    const { onProgress, ...each } = objectOf(options, 'options');
    const { count } = vectorsOfLength(vectors, this.dims);
    const { labels } = await assignToCentroids(vectors, this.codebooks[0], each);
    onProgress?.(count, count);
    return codesOf(labels, 1);
  }

  protected placeOf(): number {
    return 0;
  }
}
