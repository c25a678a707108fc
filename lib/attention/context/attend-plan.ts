/** What a call of `attend` asks of a context. */
import type { Kernels } from '../../backend/kernels';
import type { ContextSource } from './build-store';
import type { Queries } from './query-rows';
import type { ClusterEstimate, LookupType } from './types';

export type Selection =
  /** Clusters whose score is greater. */
  | { readonly kind: 'threshold'; readonly threshold: number }
  /** Clusters of the highest scores that have no more than so many keys together; of equal scores the first. */
  | { readonly kind: 'budget'; readonly keys: number }
  /** Clusters of the highest scores that together have this part of the whole score (a cluster counts with each of its keys). */
  | { readonly kind: 'topP'; readonly part: number };

export interface AttendPlan {
  readonly kernels: Kernels;
  readonly queries: Queries;
  readonly added: ContextSource | null;
  readonly causal: boolean;
  /** For each stream. */
  readonly selections: readonly Selection[];
  /** What groups of clusters must exceed, for each stream; null: lookup in one step. */
  readonly coarseThresholds: readonly number[] | null;
  /** Queries of a head that share a mask. */
  readonly perTile: number;
  readonly estimate: ClusterEstimate;
  readonly lookup: LookupType;
  /** 0: all. */
  readonly threads: number;
}
