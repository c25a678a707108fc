/**
 * The part of the contract (see kernels.ts) that attends.
 *
 * Query head h belongs to KV head ⌊h / group⌋. A stream is one KV head of one sequence, number sequence × kvHeads + KV head. Queries are taken tile by tile; a unit is one
 * tile of one stream, with the queries of all heads of its group: units are numbered by sequence, then KV head, then tile. What is listed for a unit is so for all of its
 * queries. The arrays must not change while a call is under way.
 *
 * Outputs are within 2 × the rounding error of the plain formula in single precision (the TypeScript backend computes in double precision). Where queries, keys and values
 * all are bfloat16, a backend may round weights to bfloat16, too, as FlashAttention does: within 2⁻⁸ of the size of the values. The result does not depend on
 * the number of threads. A query that sees no key, or only such of weight −∞, has output 0 and log-sum-exp −∞. What queries and keys that are not finite give is not
 * defined; it does not touch other units.
 */

export type ElementType = 'float32' | 'float16' | 'bfloat16';

/** Vectors where they lie: row r of head h of sequence s begins at element starts[s] + h × headStride + r × rowStride. Half-precision types are the bits of each element. */
export interface HeadRows {
  readonly data: Float32Array | Uint16Array;
  readonly type: ElementType;
  /** Numbers in a row, 1 … 256; they lie side by side. */
  readonly dims: number;
  /** One for each sequence. */
  readonly starts: Float64Array;
  readonly headStride: number;
  readonly rowStride: number;
}

export type Float32HeadRows = HeadRows & { readonly data: Float32Array; readonly type: 'float32' };

export type QueryRows = HeadRows & { readonly type: 'float32' | 'bfloat16' };

/** Which rows each unit sees: entries offsets[u] … offsets[u + 1] − 1 belong to unit u. A row that is listed twice counts twice. */
export interface RowLists {
  /** units + 1 entries. */
  readonly offsets: Uint32Array;
  /** Entry e begins at row starts[e] × block; negative: nothing. */
  readonly starts: Int32Array;
  /** Rows of each entry; null: `block` each. What is beyond the part's length is left out. */
  readonly lengths: Uint32Array | null;
  readonly block: number;
}

/** Keys with their values. The heads of these rows are KV heads. */
export interface KeyPart {
  readonly keys: HeadRows;
  readonly values: HeadRows;
  /** Rows in each sequence. */
  readonly lengths: Uint32Array;
  /** Query i of n sees the rows j ≤ i + length − n (aligned at the ends). */
  readonly causal: boolean;
  /** null: all rows. */
  readonly lists: RowLists | null;
  /** Added to the logits of each row (natural logarithm; −∞: the row does not count); rows of one number. null: nothing. */
  readonly bias: Float32HeadRows | null;
  /** Adds ½ Σ variance × (q × scale)² to the logits: what keys spread around `keys` weigh on average. null: not. */
  readonly variances: HeadRows | null;
}

export interface AttentionShape {
  readonly sequences: number;
  readonly kvHeads: number;
  /** Query heads for each KV head. */
  readonly group: number;
  /** Queries of each sequence. */
  readonly queryLengths: Uint32Array;
  /** Queries in a tile, of each head; the last tile of a sequence may have fewer. */
  readonly tile: number;
  /** What products of queries and keys are multiplied with. */
  readonly scale: number;
  /** Upper limit; 0: all of the pool. */
  readonly threads: number;
}

export interface AttentionSpec extends AttentionShape {
  readonly queries: QueryRows;
  /** One softmax goes over all rows of all parts. */
  readonly parts: readonly KeyPart[];
}

export interface AttentionOutput {
  /** Rows of as many numbers as the values have. */
  readonly output: Float32HeadRows;
  /** Rows of one number: the natural logarithm of Σ exp(logit). */
  readonly logSumExp: Float32HeadRows;
}

/** Clusters of keys, as many in each stream; empty ones have no part in anything. */
export interface ClusterRows {
  readonly clusters: number;
  /** Clusters that each stream has room for: where there are more than `clusters`, the arrays are as long as if there were so many. */
  readonly room: number;
  readonly dims: number;
  /** [streams × room × dims]. Int8Array: multiples of `scales`, faster. Uint16Array: bfloat16. */
  readonly centroids: Float32Array | Uint16Array | Int8Array;
  /** [streams × room] for an Int8Array, else null. */
  readonly scales: Float32Array | null;
  /** `[streams × (room + 1)]`: cluster c of a stream has the rows [offsets[c], offsets[c + 1]). */
  readonly offsets: Uint32Array;
  /** null: the lookup goes through all clusters. */
  readonly groups: ClusterGroups | null;
}

/**
 * Groups of neighbouring clusters, whose centroids are looked up first, as clusters are and with the keys of all their clusters. Clusters whose group's score is not greater than the
 * limit have the score NaN, so that they are never chosen, and do not count in the scores of the others.
 */
export interface ClusterGroups {
  readonly groups: number;
  /** [streams × groups × dims]. */
  readonly centroids: Float32Array;
  /** `[streams × (groups + 1)]`: group g of a stream has the clusters [offsets[g], offsets[g + 1]). */
  readonly offsets: Uint32Array;
  /** One for each stream. */
  readonly limits: Float64Array;
}

export interface CentroidScoreSpec extends AttentionShape {
  readonly queries: QueryRows;
  readonly clusters: ClusterRows;
  /** Every so many queries of a tile vote, the first one always. */
  readonly step: number;
}

/** How clusters are chosen; `limits` has one number for each stream. */
export interface ClusterSelection {
  /**
   * 'threshold': those whose score is greater. 'budget': the highest scores, as long as they have no more than so many keys together; 'topP': the fewest of the highest
   * scores that have this part of the whole mass (score × keys) together. Of equal scores the lowest cluster is first.
   */
  readonly kind: 'threshold' | 'budget' | 'topP';
  readonly limits: Float64Array;
}

/** Clusters of unit u: clusters[offsets[u]] … clusters[offsets[u + 1] − 1], ascending. */
export interface ClusterLists {
  readonly offsets: Uint32Array;
  readonly clusters: Uint32Array;
}

/** [streams × room × dims]. Int8Array: multiples of `scales`, [streams × room], which are null otherwise. */
export interface ClusterVectors {
  readonly data: Float32Array | Int8Array;
  readonly scales: Float32Array | null;
}

/** What stands for clusters that are not chosen: N keys at the centroid, with the mean value. */
export interface ClusterEstimate {
  /** Of as many dimensions as the values. */
  readonly valueMeans: ClusterVectors;
  /** null: no variance term. */
  readonly variances: ClusterVectors | null;
}

export interface ClusterAttentionSpec extends CentroidScoreSpec {
  readonly selection: ClusterSelection;
  /** The rows of the clusters. */
  readonly keys: HeadRows;
  readonly values: HeadRows;
  /** null: clusters that are not chosen do not count. */
  readonly estimate: ClusterEstimate | null;
  /** What counts besides. */
  readonly parts: readonly KeyPart[];
}

/** A call of `attendClusters` that is made again and again: everything but the numbers in the arrays is read once. The arrays must stay where they are. */
export interface PreparedClusterAttention {
  run(): void;
  /** What the last run chose. */
  chosen(): ClusterLists;
}

export interface AttentionControl {
  readonly signal?: AbortSignal | undefined;
  /** Called on the calling thread a few times a second at most, with the part that is done, up to 1. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

export interface AttentionKernels {
  attend(spec: AttentionSpec, to: AttentionOutput): void;
  /** On the pool's threads. Rejects with ABORTED. */
  attendAsync(spec: AttentionSpec, to: AttentionOutput, control: AttentionControl): Promise<void>;
  /**
   * scores[unit × clusters + c] = mean over the queries that vote of exp(q·C_c × scale) / Σ_j N_j exp(q·C_j × scale): what goes to each key of the cluster. Exponents are
   * shifted by the greatest. Empty clusters score 0.
   */
  centroidScores(spec: CentroidScoreSpec, scores: Float32Array): void;
  centroidScoresAsync(spec: CentroidScoreSpec, scores: Float32Array, control: AttentionControl): Promise<void>;
  /** `scores` as `centroidScores` gives them. Scores that are NaN are never chosen. */
  selectClusters(
    shape: AttentionShape,
    clusters: Pick<ClusterRows, 'clusters' | 'room' | 'offsets'>,
    selection: ClusterSelection,
    scores: Float32Array,
  ): ClusterLists;
  /** Lookup, selection, attention over the chosen clusters' rows, the estimate and the other parts in one go. Gives what was chosen. */
  attendClusters(spec: ClusterAttentionSpec, to: AttentionOutput): ClusterLists;
  prepareClusterAttention(spec: ClusterAttentionSpec, to: AttentionOutput): PreparedClusterAttention;
  attendClustersAsync(spec: ClusterAttentionSpec, to: AttentionOutput, control: AttentionControl): Promise<ClusterLists>;
  /** Joins attention over separate keys: outputs [rows × dims] and log-sum-exps [rows] of each. Where all are −∞ the output is 0. */
  mergeAttention(
    outputs: readonly Float32Array[],
    logSumExps: readonly Float32Array[],
    dims: number,
    output: Float32Array,
    logSumExp: Float32Array,
  ): void;
}

export interface Unit {
  readonly sequence: number;
  readonly head: number;
  /** Queries [from, to) of each head of the group. */
  readonly from: number;
  readonly to: number;
}

/** All units, in order. */
export function unitsOf({ sequences, kvHeads, queryLengths, tile }: AttentionShape): Unit[] {
  const units: Unit[] = [];
  for (let sequence = 0; sequence < sequences; sequence++) {
    for (let head = 0; head < kvHeads; head++) {
      for (let from = 0; from < queryLengths[sequence]; from += tile) {
        units.push({ sequence, head, from, to: Math.min(from + tile, queryLengths[sequence]) });
      }
    }
  }
  return units;
}
