/** Who takes part in bench/index.ts. */

/** Finds neighbours with some effort; `threads` at most. */
export interface Contestant {
  readonly name: string;
  readonly effortName: string;
  readonly mostEffort: number;
  readonly built: number;
  readonly bytes: number;
  /** Ids of the K nearest, query by query. */
  search(queries: Float32Array, effort: number, threads: number): ArrayLike<number | bigint>;
  /** The effort that it chooses itself for a recall, by queries that are not asked later. */
  readonly calibrated?: (recall: number) => number;
}
