/** The part of the contract (see kernels.ts) that clusters vectors. */

/**
 * Points as they lie in the caller's array: point i is row `rows[i]`, or row i if `rows` is null. Half-precision types are the bits of each element.
 * The arrays must not change while a call is under way.
 */
export interface PointArray {
  readonly data: Float32Array | Uint16Array;
  readonly type: 'float32' | 'float16' | 'bfloat16';
  readonly dims: number;
  readonly rows: Uint32Array | null;
  readonly count: number;
  /** Per point, finite, not negative, not all zero; null: 1 each. */
  readonly weights: Float64Array | null;
}

export interface LloydSpec {
  readonly points: PointArray;
  /** Per cluster: 1 if its centroid is not moved; null: none. */
  readonly frozen: Uint8Array | null;
  /** Points are scaled to unit length (zeros stay zeros), and so are means. */
  readonly spherical: boolean;
  readonly maxIterations: number;
  /** Ends when an iteration improves the objective by no more than this part of it; negative: never. */
  readonly tolerance: number;
  /** Bytes that bounds of distances may take. The result does not depend on it. */
  readonly boundsBytes: number;
  /** Upper limit; 0: all of the pool. The result does not depend on it. */
  readonly threads: number;
}

export type LloydStop = 'converged' | 'tolerance' | 'maxIterations';

export interface LloydOutcome {
  readonly stopReason: LloydStop;
  /** Σ weight × squared distance, with the centroids that each iteration began with. */
  readonly objectives: Float64Array;
  /** The same for the result. */
  readonly objective: number;
}

export interface ClusteringControl {
  readonly signal?: AbortSignal | undefined;
  /** Called on the calling thread a few times a second at most. */
  readonly onProgress?: ((iteration: number, objective: number) => void) | undefined;
}

export interface ClusteringKernels {
  /**
   * Lloyd's algorithm. Every iteration gives each point to the nearest centroid (of equally near ones the lowest), and moves every centroid that is not frozen
   * to the weighted mean of its points; one without points moves to a point of the largest cluster that is far from its centroid. `centroids` (clusters × dims) are where it begins and what it
   * leaves, `labels` are nearest to what it leaves. Rejects with ABORTED, and with INVALID_ARGUMENT if a point is not finite or longer than 3·10¹⁸.
   *
   * Labels are those of exact arithmetic but for ties within rounding: single precision in the native backend, double in the TypeScript one.
   */
  lloyd(spec: LloydSpec, centroids: Float32Array, labels: Uint32Array, control: ClusteringControl): Promise<LloydOutcome>;
  /** Number of the nearest centroid of each point, and the squared distance to it. Rejects as `lloyd` does. */
  assignNearest(
    spec: Pick<LloydSpec, 'points' | 'spherical' | 'threads'>,
    centroids: Float32Array,
    labels: Uint32Array,
    distances: Float32Array | null,
    control: ClusteringControl,
  ): Promise<void>;
  /** The same at once: for few points. Throws INVALID_ARGUMENT. */
  assignNearestSync(
    spec: Pick<LloydSpec, 'points' | 'spherical' | 'threads'>,
    centroids: Float32Array,
    labels: Uint32Array,
    distances: Float32Array | null,
  ): void;
  /** Inner products of all rows: out[i × rows of right + j] = ⟨left i, right j⟩. Within 2·dims·2⁻²⁴ of the product of the lengths. */
  products(left: Float32Array, right: Float32Array, dims: number, out: Float32Array): void;
  /** The greatest product of each row of `left` and the row of `right` that has it, of equal ones the first. */
  greatestProducts(left: Float32Array, right: Float32Array, dims: number, columns: Uint32Array, values: Float32Array): void;
  /**
   * The eigenvectors of the `count` greatest eigenvalues of a symmetric matrix [size, size], as rows of unit length, and the eigenvalues, descending. Residuals are below 10⁻⁸ of the greatest
   * eigenvalue in size; eigenvalues that are equal to within that leave their vectors undetermined but for what they span. 1 ≤ count ≤ size.
   */
  leadingEigenvectors(matrix: Float32Array, size: number, count: number, values: Float64Array, vectors: Float64Array): void;
  /** The same on other threads. Rejects with ABORTED. */
  leadingEigenvectorsAsync(
    matrix: Float32Array,
    size: number,
    count: number,
    values: Float64Array,
    vectors: Float64Array,
    control: ClusteringControl,
  ): Promise<void>;
  /**
   * Agglomerative clustering by chains of nearest neighbours (Müllner 2011), in double precision: the same bits on every backend. The chain begins with the first cluster that is left; of equally near
   * ones it takes the one before, else the first; a merged cluster has the number of its last point. `distances`: of all pairs of `points` (at least 1), those of point 0 to 1, 2 … first.
   */
  linkClusters(distances: Float64Array, points: number, linkage: Linkage, merges: ChainMerges): void;
  /** The same on another thread. Rejects with ABORTED. The distances must not change meanwhile. */
  linkClustersAsync(
    distances: Float64Array,
    points: number,
    linkage: Linkage,
    merges: ChainMerges,
    control: ClusteringControl,
  ): Promise<void>;
  /**
   * Silhouette widths, (b − a) / max(a, b): a is the mean distance of a point to the others of its cluster, b the least mean distance to another cluster; 0 if it is alone, or a = b = 0. In double precision:
   * each distance is within 10⁻⁹ of itself. At least two clusters, each with a point.
   */
  silhouettes(spec: SilhouetteSpec, out: SilhouetteWidths): void;
  /** The same on other threads. Rejects with ABORTED. `onProgress` hears of the number of points that are done. */
  silhouettesAsync(spec: SilhouetteSpec, out: SilhouetteWidths, control: ClusteringControl): Promise<void>;
  /**
   * MaxSim: out[q × documents + d] = Σ over the rows of query q of the greatest product with a row of document d. Sequence i has the rows
   * [offsets[i], offsets[i + 1]), of which those count that the mask does not have as 0; without rows it scores 0. Queries are no longer than 3·10¹⁸. Returns the
   * first row of the documents that counts and is longer or not finite, or −1: products are finite then.
   */
  maxSim(queries: RowSequences, documents: RowSequences, dims: number, out: Float64Array): number;
  /** The same on other threads; at most `threads` of them (0: all of the pool). Rejects with ABORTED. */
  maxSimAsync(
    queries: RowSequences,
    documents: RowSequences,
    dims: number,
    out: Float64Array,
    threads: number,
    control: ClusteringControl,
  ): Promise<number>;
}

/** Which distance a merged cluster has to others. */
export type Linkage = 'ward' | 'average' | 'complete';

/** Points − 1 merges, in the order in which the chain finds them. */
export interface ChainMerges {
  /** pairs[2 i] < pairs[2 i + 1]: the numbers of both clusters. */
  readonly pairs: Uint32Array;
  readonly distances: Float64Array;
  /** unfit[0]: the place of the first number that is not from 0 to below 10¹⁰⁰, and then nothing else is written; −1: there is none. */
  readonly unfit: Float64Array;
}

export interface SilhouetteSpec {
  /** Points, rows of `dims` numbers; or distances of all pairs, as a square matrix or those of point 0 to 1, 2 …, of 1 to 2, 3 …. */
  readonly values: Float32Array | Float64Array;
  /** 0 for distances. */
  readonly dims: number;
  /** Of each point, below `clusters`. */
  readonly labels: Uint32Array;
  readonly clusters: number;
  /** Upper limit; 0: all of the pool. The result does not depend on it. */
  readonly threads: number;
}

export interface SilhouetteWidths {
  /** Of each point. */
  readonly widths: Float64Array;
  /** unfit[0]: the first point that is not finite, or the place of the first distance that is not from 0 to below 10¹⁰⁰, and then widths are none; −1: there is none. */
  readonly unfit: Float64Array;
}

export interface RowSequences {
  readonly values: Float32Array | Uint16Array;
  readonly type: PointArray['type'];
  /** n + 1 entries, in rows. */
  readonly offsets: Uint32Array;
  /** Per row; null: all count. */
  readonly mask: Uint8Array | null;
}
