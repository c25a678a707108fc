/** A fixed context whose keys are clustered: what users call. The arithmetic is the backends'. */
import { objectOf } from '../../arguments';
import type { Kernels } from '../../backend/kernels';
import { selectKernels } from '../../backend/select';
import { invalidArgument, MerganserError } from '../../errors';
import { appendRows } from './append-rows';
import { buildStore } from './build-store';
import { compactInTurns } from './compact-arrays';
import { contextBytes, copiedBytes, readContext } from './context-bytes';
import { readContextBytes, writeContext } from './context-file';
import type { SavedContext } from './context-format';
import { clusteringRest, lookupType, planContext } from './context-options';
import { compacted, lengthOf, type ContextStore } from './context-store';
import { finiteChecks, ownSource, readMoreRows, readSource, requireFinite, requireFiniteSync } from './context-source';
import { clustersOf } from './context-clusters';
import { Turns } from './turns';
import type { AttentionTensor } from '../tensors';
import { attendStore, attendStoreSync } from './attend-store';
import { ownRows } from '../own-rows';
import { checksOf, ownPlan, planAttend, readQueries, type Attending } from './attend-options';
import { contextThresholds, scoreContext, type ContextScores } from './calibrate';
import { readCalibration } from './calibration-options';
import { resultOf } from './attend-result';
import { DecodingSteps } from './decoding-steps';
import type {
  AppendContextOptions,
  AttendOptions,
  AttendResult,
  ContextCalibrationOptions,
  ContextClusters,
  ContextOptions,
  ContextThresholds,
  DecodingOptions,
  LoadContextOptions,
  LookupType,
  SaveContextOptions,
} from './types';

export class ClusteredContext {
  #store: ContextStore | null;
  #thresholds: ContextThresholds | null;
  readonly #kernels: Kernels;
  readonly #lookup: LookupType;
  readonly #turns = new Turns();

  private constructor({ store, thresholds }: SavedContext, kernels: Kernels, lookup: LookupType) {
    this.#store = store;
    this.#thresholds = thresholds;
    this.#kernels = kernels;
    this.#lookup = lookup;
  }

  /**
   * Clusters the keys of each KV head, stores keys and values cluster by cluster, and computes what the clusters' means and variances are.
   *
   * keys, values: [batch, KV heads, length, d], with positions already rotated into the keys. The same input, options and seed give the same context on any number of
   * threads. Rejects with INVALID_ARGUMENT if shapes or options do not fit or a number is not finite, and with ABORTED.
   */
  static async build(keys: AttentionTensor, values: AttentionTensor, options: ContextOptions = {}): Promise<ClusteredContext> {
    const source = await readSource(keys, values, options.signal);
    const plan = planContext(options, source.length, source.dims);
    const lookup = lookupType(options.lookup);
    const store = await buildStore(source, plan);
    return ClusteredContext.#prepared({ store, thresholds: null }, plan.kernels, lookup, options.signal);
  }

  /** A context that was saved. Rejects with NOT_FOUND, with MALFORMED_FILE for a file that is not what was written, and with ABORTED. */
  static async load(path: string, options: LoadContextOptions = {}): Promise<ClusteredContext> {
    const kernels = selectKernels(options.backend);
    return ClusteredContext.#from(await readContextBytes(path, kernels, options.map ?? false, options.signal), kernels, options);
  }

  /** The same from bytes, which are copied: to memory that the backend reads fastest. */
  static async fromBytes(bytes: Uint8Array, options: Omit<LoadContextOptions, 'map'> = {}): Promise<ClusteredContext> {
    const kernels = selectKernels(options.backend);
    return ClusteredContext.#from(await copiedBytes(bytes, kernels, options.signal), kernels, options);
  }

  static async #from(
    bytes: Uint8Array,
    kernels: Kernels,
    { verify = true, lookup, signal }: LoadContextOptions,
  ): Promise<ClusteredContext> {
    const type = lookupType(lookup);
    return ClusteredContext.#prepared(await readContext(bytes, kernels, verify, signal), kernels, type, signal);
  }

  static async #prepared(saved: SavedContext, kernels: Kernels, lookup: LookupType, signal?: AbortSignal): Promise<ClusteredContext> {
    if (lookup === 'int8') await compactInTurns(saved.store, kernels, signal);
    return new ClusteredContext(saved, kernels, lookup);
  }

  /** Sequences. */
  get batch(): number {
    return this.#open().batch;
  }

  /** KV heads. */
  get heads(): number {
    return this.#open().heads;
  }

  /** Keys of each head. */
  get length(): number {
    return lengthOf(this.#open());
  }

  /** The head dimension, d. */
  get dims(): number {
    return this.#open().dims;
  }

  /** What keys and values are stored as: the type that they came in. */
  get type(): 'float32' | 'float16' | 'bfloat16' {
    return this.#open().type;
  }

  /** Clusters of each KV head. */
  get clusterCount(): number {
    return this.#open().clusters;
  }

  /** Clusters of one KV head of one sequence. */
  clusters(sequence: number, head: number): ContextClusters {
    const store = this.#open();
    if (!(sequence >= 0 && sequence < store.batch)) throw invalidArgument('sequence', `below ${store.batch}`, sequence);
    if (!(head >= 0 && head < store.heads)) throw invalidArgument('head', `below ${store.heads}`, head);
    return clustersOf(store, sequence * store.heads + head);
  }

  /**
   * Attention of queries, [batch, query heads, queries, d], to the context and to new keys behind it. Query heads h·g … h·g + g − 1 belong to KV head h and share its
   * masks. Clusters are retrieved by `threshold`, `budget` or `topP`; sinks and recent keys always are.
   *
   * With everything kept it is dense attention. Rejects with INVALID_ARGUMENT if shapes or options do not fit or a number is not finite, and with ABORTED.
   */
  async attend(queries: AttentionTensor, options: AttendOptions = {}): Promise<AttendResult> {
    return this.#turns.read(async () => {
      const store = this.#open();
      const plan = await ownPlan(planAttend(queries, options, store, this.#attending()), options.signal);
      for (const check of checksOf(plan)) await requireFinite(check, options.signal);
      return resultOf(store, plan.queries, await attendStore(store, plan, options.signal));
    });
  }

  /**
   * The same at once, without going through other threads and back where `threads` is 1: for decoding steps, which are short. Keys whose `append` has not resolved are not
   * seen yet. Throws what `attend` rejects with.
   */
  attendSync(queries: AttentionTensor, options: Omit<AttendOptions, 'signal'> = {}): AttendResult {
    const store = this.#open();
    const plan = planAttend(queries, options, store, this.#attending());
    for (const check of checksOf(plan)) requireFiniteSync(check);
    return resultOf(store, plan.queries, attendStoreSync(store, plan));
  }

  /**
   * `attendSync` with the same options for many steps, prepared once: for decoding. It follows the context as that grows or is calibrated anew. Throws as `attendSync` does.
   */
  decodingSteps(options: DecodingOptions): DecodingSteps {
    return new DecodingSteps(() => ({ store: this.#open(), attending: this.#attending() }), objectOf(options, 'options'));
  }

  /**
   * Finds the thresholds that leave out a part of the clustered keys, as the given queries see them (the paper takes the last 100 of the context), and keeps them for `attend`.
   * Rejects as `attend` does.
   */
  calibrate(queries: AttentionTensor, options: ContextCalibrationOptions): Promise<ContextThresholds> {
    return ClusteredContext.calibrateTogether([{ context: this, queries }], options);
  }

  /** The same with one threshold for the contexts of several layers, whose keys are pooled (with `perHead`: for one layer only). */
  static async calibrateTogether(
    layers: readonly { readonly context: ClusteredContext; readonly queries: AttentionTensor }[],
    options: ContextCalibrationOptions,
  ): Promise<ContextThresholds> {
    const wanted = readCalibration(options, layers.length);
    const scores: ContextScores[] = [];
    for (const { context, queries } of layers) scores.push(await context.#scores(queries, options.signal));
    const thresholds = contextThresholds(scores, wanted);
    for (const { context } of layers) context.#thresholds = thresholds;
    return thresholds;
  }

  #scores(queries: AttentionTensor, signal?: AbortSignal): Promise<ContextScores> {
    return this.#turns.read(async () => {
      const store = this.#open();
      const asked = await ownRows(readQueries(queries, store), 'queries', signal);
      await requireFinite({ ...asked, name: 'queries' }, signal);
      return scoreContext(store, asked, this.#attending(), signal);
    });
  }

  /** What `attend` goes by if it is not told otherwise. */
  get thresholds(): ContextThresholds | null {
    return this.#thresholds;
  }

  /**
   * Adds keys and values, [batch, KV heads, length, d], at the end. They are recent keys at first; as soon as there are 128 more of those than the context
   * keeps, the oldest 128 become 8 clusters. Clusters that were there do not change. What comes out does not depend on the portions that keys come in.
   * Waits for what the context is being used for. Rejects as `build` does.
   */
  async append(keys: AttentionTensor, values: AttentionTensor, options: AppendContextOptions = {}): Promise<void> {
    const rest = clusteringRest(options, this.#kernels);
    await this.#turns.write(async () => {
      const store = this.#open();
      const source = await ownSource(readMoreRows(keys, values, store, 'keys'), options.signal);
      for (const check of finiteChecks(source)) await requireFinite(check, options.signal);
      if (source.type !== store.type) throw invalidArgument('keys.type', `"${store.type}", as the context has`, source.type);
      const next = await appendRows(store, source, rest, this.#kernels);
      this.#open();
      // First of all: the store before may share rows with this one, in another order.
      this.#store = next;
      if (this.#lookup === 'int8') await compactInTurns(next, this.#kernels, undefined);
    });
  }

  /**
   * Writes the context to a file, for `load`: beside it first, and then in its place. docs/attention.md has the format.
   * Rejects with NOT_FOUND if it cannot be written, and with ABORTED.
   */
  async save(path: string, { signal }: SaveContextOptions = {}): Promise<void> {
    await this.#turns.read(() => writeContext(path, this.#saved(), this.#kernels, signal));
  }

  /** What `save` writes, for `fromBytes`. */
  async toBytes(): Promise<Uint8Array> {
    return this.#turns.read(() => contextBytes(this.#saved(), this.#kernels));
  }

  /** Lets go of the memory. Everything else throws DISPOSED afterwards. */
  dispose(): void {
    this.#store = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #saved(): SavedContext {
    return { store: compacted(this.#open(), this.#kernels), thresholds: this.#thresholds };
  }

  #attending(): Attending {
    return { thresholds: this.#thresholds, lookup: this.#lookup, kernels: this.#kernels };
  }

  #open(): ContextStore {
    if (this.#store === null) throw new MerganserError('DISPOSED', 'The context was disposed.');
    return this.#store;
  }
}
