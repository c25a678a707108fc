/** From queries to outputs: lookup, selection, and one softmax over kept keys, estimates of the others and new keys, in one call of the backend. */
import type { ClusterLists } from '../../backend/attention-kernels';
import type { Kernels } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import { attendSpec, emptyResult } from './attend-call';
import type { ContextSource } from './build-store';
import type { ContextStore } from './context-store';
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

export interface Attended {
  readonly output: Float32Array;
  readonly logSumExp: Float32Array;
  /** Clusters that were retrieved, for each stream and tile. */
  readonly kept: ClusterLists;
  readonly tiles: number;
}

/** Rejects with INVALID_ARGUMENT and ABORTED. */
export async function attendStore(store: ContextStore, plan: AttendPlan, signal: AbortSignal | undefined): Promise<Attended> {
  const { to, ...result } = emptyResult(plan.queries);
  return finished(plan, { ...result, kept: await plan.kernels.attendClustersAsync(attendSpec(store, plan), to, { signal }) });
}

export function attendStoreSync(store: ContextStore, plan: AttendPlan): Attended {
  const { to, ...result } = emptyResult(plan.queries);
  return finished(plan, { ...result, kept: plan.kernels.attendClusters(attendSpec(store, plan), to) });
}

/** Products of long vectors overflow, and make sums that are no numbers. */
function finished({ queries, perTile }: AttendPlan, result: Omit<Attended, 'tiles'>): Attended {
  const { logSumExp } = result;
  for (let i = 0; i < logSumExp.length; i++) {
    if (logSumExp[i] < Infinity) continue;
    throw new MerganserError('INVALID_ARGUMENT', 'Expected queries whose products with the keys are finite, but got longer ones.');
  }
  return { ...result, tiles: Math.ceil(queries.length / perTile) };
}
