/** From queries to outputs: lookup, selection, and one softmax over kept keys, estimates of the others and new keys, in one call of the backend. */
import type { ClusterLists } from '../../backend/attention-kernels';
import { MerganserError } from '../../errors';
import { attendSpec, emptyResult } from './attend-call';
import type { AttendPlan } from './attend-plan';
import type { ContextStore } from './context-store';

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

function finished(plan: AttendPlan, result: Omit<Attended, 'tiles'>): Attended {
  requireSums(result.logSumExp);
  return { ...result, tiles: tilesOf(plan) };
}

/** Masks of each stream. */
export function tilesOf({ queries, perTile }: Pick<AttendPlan, 'queries' | 'perTile'>): number {
  return Math.ceil(queries.length / perTile);
}

/** Products of long vectors overflow, and make sums that are no numbers: throws INVALID_ARGUMENT. */
export function requireSums(logSumExp: Float32Array): void {
  for (let i = 0; i < logSumExp.length; i++) {
    if (logSumExp[i] < Infinity) continue;
    throw new MerganserError('INVALID_ARGUMENT', 'Expected queries whose products with the keys are finite, but got longer ones.');
  }
}
