/**
 * Attention that is asked for again and again with the same options: while decoding, once for each token. A step takes a millisecond or less, of which checking options and
 * describing a context to the backend would be a good part, so that is done once.
 */
import type { PreparedClusterAttention } from '../../backend/attention-kernels';
import { invalidArgument, unexpected } from '../../errors';
import { attendSpec, emptyResult } from './attend-call';
import { planAttend, type Attending } from './attend-options';
import { keptClusters } from './attend-result';
import { requireSums, tilesOf } from './attend-store';
import { requireFiniteSync } from './context-source';
import { whole } from './context-options';
import type { ContextStore } from './context-store';
import { numbersOf, type Elements } from './element-rows';
import type { AttendResult, DecodingOptions, KeptClusters } from './types';

/** The context as it is at a step. Throws DISPOSED. */
export type Present = () => { readonly store: ContextStore; readonly attending: Attending };

interface Prepared {
  readonly store: ContextStore;
  readonly thresholds: Attending['thresholds'];
  readonly call: PreparedClusterAttention;
  readonly queries: Float32Array;
  readonly output: Float32Array;
  readonly logSumExp: Float32Array;
  readonly tiles: number;
  readonly result: AttendResult;
  /** How many rows behind the clusters take part; null: none did when the call was prepared. */
  readonly tailLengths: Uint32Array | null;
}

export class DecodingSteps {
  readonly #present: Present;
  readonly #options: DecodingOptions;
  #prepared: Prepared | null = null;
  #kept: KeptClusters | null = null;

  constructor(present: Present, options: DecodingOptions) {
    this.#present = present;
    this.#options = { ...options };
    this.#ready();
  }

  /**
   * `attendSync` for `[batch, queryHeads, queries, d]` numbers of the type that the options name. What comes back is the same object with the same arrays at each step: copy what
   * must outlive the next one. Throws what `attendSync` throws.
   */
  attend(queries: Float32Array | Uint16Array): AttendResult {
    const prepared = this.#ready();
    this.#take(queries, prepared);
    this.#kept = null;
    prepared.call.run();
    requireSums(prepared.logSumExp);
    return prepared.result;
  }

  /** Prepares anew if the context is another one since the last step. */
  #ready(): Prepared {
    const { store, attending } = this.#present();
    const prepared = this.#prepared;
    const there = prepared !== null && prepared.thresholds === attending.thresholds && isWhole(prepared);
    if (there && prepared.store === store) return prepared;
    if (there && prepared.tailLengths !== null && onlyTailsDiffer(prepared.store, store)) {
      prepared.tailLengths.fill(store.tail);
      return (this.#prepared = { ...prepared, store });
    }
    return (this.#prepared = this.#prepare(store, attending));
  }

  #prepare(store: ContextStore, attending: Attending): Prepared {
    const { queryHeads, queries = 1, type, perTile, threshold, budget, topP, estimate, threads } = this.#options;
    const dims = [store.batch, whole(queryHeads, 'queryHeads', 0), whole(queries, 'queries', 0), store.dims];
    const numbers = new Float32Array(dims.reduce((product, size) => product * size));
    if (!TYPES.includes(type ?? 'float32')) throw invalidArgument('type', `"${TYPES.join('", "')}"`, type);
    const options = { perTile, threshold, budget, topP, estimate, threads };
    const plan = planAttend({ data: numbers, dims }, definedOf(options), store, attending);
    const spec = attendSpec(store, plan);
    const parts = spec.parts.map((part) => ({ ...part, lengths: part.lengths.slice() }));
    const { to, output, logSumExp } = emptyResult(plan.queries);
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const steps = this;
    return {
      ...{ store, thresholds: attending.thresholds, queries: numbers, output, logSumExp, tiles: tilesOf(plan) },
      call: attending.kernels.prepareClusterAttention({ ...spec, parts }, to),
      tailLengths: store.tail > 0 ? parts[parts.length - 1].lengths : null,
      result: {
        output: { type: 'float32', data: output, dims: dims as [number, number, number, number] },
        logSumExp,
        get kept() {
          return steps.#keptNow();
        },
      },
    };
  }

  #take(queries: Elements, { queries: to, store: { batch, dims } }: Prepared): void {
    const { queryHeads, queries: length = 1, type = 'float32' } = this.#options;
    const fits = type === 'float32' ? queries instanceof Float32Array : queries instanceof Uint16Array;
    if (!fits) throw invalidArgument('queries', `a ${type === 'float32' ? 'Float32Array' : 'Uint16Array'} for "${type}"`, queries);
    if (queries.length !== to.length) {
      throw unexpected('queries', `${batch} × ${queryHeads} × ${length} × ${dims} numbers`, `${queries.length}`);
    }
    requireFiniteSync({ data: queries, type, name: 'queries', heads: queryHeads, length, dims });
    to.set(numbersOf(queries, type, 0, queries.length, to));
  }

  #keptNow(): KeptClusters {
    const { store, call, tiles } = this.#prepared!;
    return (this.#kept ??= keptClusters(store, call.chosen(), tiles));
  }
}

const TYPES = ['float32', 'float16', 'bfloat16'];

/** An array whose memory was handed to another thread has no length. */
function isWhole({ queries, output, logSumExp, store }: Prepared): boolean {
  return output.length === queries.length && logSumExp.length * store.dims === queries.length;
}

/** Appending keys changes no more, as long as they become no clusters and there is room. */
function onlyTailsDiffer(before: ContextStore, now: ContextStore): boolean {
  const { keys, values, arrays, coarse, clusters } = before;
  return keys === now.keys && values === now.values && arrays === now.arrays && coarse === now.coarse && clusters === now.clusters;
}

/** Options that are not there may not be `undefined`. */
function definedOf<T extends object>(options: { [Name in keyof T]: T[Name] | undefined }): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
