/** Checks what users pass to `attend`. */
import type { Kernels } from '../../backend/kernels';
import { invalidArgument, MerganserError, unexpected } from '../../errors';
import { ownRows } from '../own-rows';
import { readTensor, type AttentionTensor } from '../tensors';
import type { AttendPlan, Selection } from './attend-plan';
import { finiteChecks, ownSource, readMoreRows, type FiniteCheck } from './context-source';
import { streamsOf, type ContextStore } from './context-store';
import { whole } from './context-options';
import type { Queries } from './query-rows';
import type { AttendOptions, ContextThresholds, LookupType } from './types';

/** What a context attends with if it is not told otherwise. */
export interface Attending {
  readonly thresholds: ContextThresholds | null;
  readonly lookup: LookupType;
  readonly kernels: Kernels;
}

/** Throws INVALID_ARGUMENT. Numbers are not looked at: see `checksOf`. */
export function planAttend(
  tensor: AttentionTensor,
  options: AttendOptions,
  store: ContextStore,
  { thresholds, lookup, kernels }: Attending,
): AttendPlan {
  if (typeof options !== 'object' || (options as unknown) === null) throw invalidArgument('options', 'an object', options);
  const queries = readQueries(tensor, store);
  const estimate = options.estimate ?? 'none';
  if (!['none', 'mean', 'variance'].includes(estimate)) throw invalidArgument('estimate', '"none", "mean" or "variance"', estimate);
  return {
    kernels,
    queries,
    added: readAdded(options, store),
    causal: options.causal ?? true,
    ...readSelections(options, store, thresholds),
    perTile: options.perTile === undefined ? Math.max(1, queries.length) : whole(options.perTile, 'perTile', 1),
    estimate,
    lookup,
    threads: options.threads === undefined ? 0 : whole(options.threads, 'threads', 1),
  };
}

/** In memory that nobody takes away. Rejects with INVALID_ARGUMENT and ABORTED. */
export async function ownPlan(plan: AttendPlan, signal: AbortSignal | undefined): Promise<AttendPlan> {
  const [queries, added] = await Promise.all([ownRows(plan.queries, 'queries', signal), plan.added && ownSource(plan.added, signal)]);
  return { ...plan, queries, added };
}

/** Everything in it that must be finite. */
export function checksOf({ queries, added }: Pick<AttendPlan, 'queries' | 'added'>): FiniteCheck[] {
  return [{ ...queries, name: 'queries' }, ...(added === null ? [] : finiteChecks(added))];
}

export function readQueries(tensor: AttentionTensor, { batch, heads, dims }: ContextStore): Queries {
  const { data, type, dims: shape } = readTensor(tensor, 'queries');
  const fits = shape[0] === batch && shape[3] === dims && (heads === 0 ? shape[1] === 0 : shape[1] > 0 && shape[1] % heads === 0);
  if (!fits) {
    throw unexpected('queries.dims', `[${batch}, a multiple of ${heads}, …, ${dims}], as the context needs them`, `[${shape.join(', ')}]`);
  }
  return { data, type, batch, heads: shape[1], length: shape[2], dims };
}

function readAdded({ newKeys, newValues }: AttendOptions, store: ContextStore): AttendPlan['added'] {
  if (newKeys === undefined && newValues === undefined) return null;
  if (newKeys === undefined || newValues === undefined) {
    throw new MerganserError('INVALID_ARGUMENT', 'Expected newKeys and newValues together, but got one of them.');
  }
  return readMoreRows(newKeys, newValues, store, 'newKeys');
}

function readSelections(
  { threshold, budget, topP }: AttendOptions,
  store: ContextStore,
  calibrated: ContextThresholds | null,
): Pick<AttendPlan, 'selections' | 'coarseThresholds'> {
  const given = [threshold, budget, topP].filter((option) => option !== undefined).length;
  if (given > 1) throw new MerganserError('INVALID_ARGUMENT', 'Expected one of threshold, budget and topP, but got several.');
  const streams = streamsOf(store);
  const all = (selection: Selection): Pick<AttendPlan, 'selections' | 'coarseThresholds'> => ({
    selections: new Array<Selection>(streams).fill(selection),
    coarseThresholds: null,
  });
  if (budget !== undefined) return all({ kind: 'budget', keys: budgetKeys(budget, store.clustered) });
  if (topP !== undefined) {
    if (!(topP >= 0 && topP <= 1)) throw invalidArgument('topP', 'from 0 to 1', topP);
    return all({ kind: 'topP', part: topP });
  }
  const thresholds = threshold ?? calibrated;
  if (thresholds === null) {
    throw new MerganserError(
      'INVALID_ARGUMENT',
      'Expected threshold, budget or topP for a context that is not calibrated, but got none of them.',
    );
  }
  const { fine, coarse } = asThresholds(thresholds);
  return {
    selections: spread(fine, streams, 'threshold').map((value): Selection => ({ kind: 'threshold', threshold: value })),
    coarseThresholds: coarse === null || store.coarse === null ? null : spread(coarse, streams, 'threshold.coarse'),
  };
}

function budgetKeys(budget: number, clustered: number): number {
  if (typeof budget !== 'number' || !(budget >= 0)) throw invalidArgument('budget', 'a number of keys, or a part of them below 1', budget);
  return budget < 1 ? Math.floor(budget * clustered) : Math.floor(budget);
}

function asThresholds(threshold: NonNullable<AttendOptions['threshold']>): ContextThresholds {
  if (typeof threshold === 'number') return { fine: [threshold], coarse: null };
  return 'fine' in threshold ? threshold : { fine: threshold, coarse: null };
}

function spread(values: readonly number[], streams: number, name: string): number[] {
  if (values.length !== 1 && values.length !== streams) {
    throw unexpected(name, `one number, or ${streams}: one for each KV head of each sequence`, `${values.length}`);
  }
  const bad = values.find((value) => typeof value !== 'number' || Number.isNaN(value));
  if (bad !== undefined) throw invalidArgument(name, 'numbers', bad);
  return values.length === 1 ? new Array<number>(streams).fill(values[0]) : [...values];
}
