/** Thresholds for a target sparsity, from the scores that a context's own queries give (Hooper et al. 2024, §4.2). */
import type { Kernels } from '../../backend/kernels';
import { clusterScores, groupScores, type ScoredKeys } from './cluster-scores';
import type { ContextStore } from './context-store';
import { scoreQuantile } from './quantile';
import type { Queries } from './query-rows';
import type { ContextThresholds, LookupType } from './types';

export interface ContextScores {
  /** Of each stream. */
  readonly fine: readonly ScoredKeys[];
  readonly coarse: readonly ScoredKeys[] | null;
}

/** The scores of all clusters, averaged over all queries. */
export async function scoreContext(
  store: ContextStore,
  queries: Queries,
  by: { readonly kernels: Kernels; readonly lookup: LookupType },
  signal?: AbortSignal,
): Promise<ContextScores> {
  const fine = await clusterScores(store, queries, by, signal);
  return { fine, coarse: store.coarse === null ? null : await groupScores(store, queries, by.kernels, signal) };
}

/** One quantile of the keys of all streams, or one for each. */
function thresholdsOf(scored: readonly ScoredKeys[], sparsity: number, perHead: boolean): number[] {
  if (perHead) return scored.map(({ scores, sizes }) => scoreQuantile(scores, sizes, sparsity));
  const pooled = pool(scored);
  return [scoreQuantile(pooled.scores, pooled.sizes, sparsity)];
}

/** Those of several contexts together. Groups of clusters count if all contexts have them. */
export function contextThresholds(
  contexts: readonly ContextScores[],
  { sparsity, coarseSparsity, perHead }: { readonly sparsity: number; readonly coarseSparsity: number; readonly perHead: boolean },
): ContextThresholds {
  const coarse = contexts.flatMap((context) => context.coarse ?? []);
  return {
    fine: thresholdsOf(
      contexts.flatMap(({ fine }) => fine),
      sparsity,
      perHead,
    ),
    coarse: contexts.some((context) => context.coarse === null) ? null : thresholdsOf(coarse, coarseSparsity, perHead),
  };
}

function pool(scored: readonly ScoredKeys[]): ScoredKeys {
  const count = scored.reduce((sum, { sizes }) => sum + sizes.length, 0);
  const pooled = { scores: new Float64Array(count), sizes: new Uint32Array(count) };
  let at = 0;
  for (const { scores, sizes } of scored) {
    pooled.scores.set(scores, at);
    pooled.sizes.set(sizes, at);
    at += sizes.length;
  }
  return pooled;
}
