/** Thresholds for a target sparsity, from the scores that a context's own queries give (Hooper et al. 2024, §4.2). */
import type { Kernels } from '../../backend/kernels';
import { aborted } from '../../errors';
import { clusterScores } from './attend-clusters';
import { Pace } from './blocks';
import { centroidsOf, groupsOf, scoresOf, sizesOf } from './cluster-scores';
import { streamsOf, type ContextStore } from './context-store';
import { scoreQuantile } from './quantile';
import type { Queries } from './query-rows';
import type { ContextThresholds } from './types';

/** Scores of everything that keys can be in, each with its number of keys. */
export interface ScoredKeys {
  readonly scores: Float64Array;
  readonly sizes: Uint32Array;
}

export interface ContextScores {
  /** Of each stream. */
  readonly fine: readonly ScoredKeys[];
  readonly coarse: readonly ScoredKeys[] | null;
}

/** The scores of all clusters, averaged over all queries. */
export async function scoreContext(store: ContextStore, queries: Queries, kernels: Kernels, signal?: AbortSignal): Promise<ContextScores> {
  const fine: ScoredKeys[] = [];
  const coarse: ScoredKeys[] = [];
  const pace = new Pace(signal);
  if (signal?.aborted) throw aborted(signal);
  // Thresholds lie on scores: they must be the very ones that attention compares with them.
  const ofClusters = store.coarse === null ? await clusterScores(store, queries, kernels, signal) : null;
  for (let stream = 0; stream < streamsOf(store); stream++) {
    const sizes = sizesOf(store, stream);
    const score = (data: Float32Array, of: Uint32Array): Promise<Float64Array> =>
      scoresOf(store, { kernels, queries, pace }, stream, [0, queries.length], data, of);
    fine.push({ scores: ofClusters?.[stream] ?? (await score(centroidsOf(store, stream), sizes)), sizes });
    if (store.coarse !== null) {
      const groups = groupsOf(store, stream, sizes);
      coarse.push({ scores: await score(groups.data, groups.sizes), sizes: groups.sizes });
    }
  }
  return { fine, coarse: store.coarse === null ? null : coarse };
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
