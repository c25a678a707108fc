/** An index of vectors, exact or as an inverted file: what users call. */
import type { PointArray } from '../backend/clustering-kernels';
import type { SearchViewHandle } from '../backend/search-kernels';
import { inBlocks } from '../backend/js/in-blocks';
import { atOnce, inTurns } from '../backend/js/turns';
import { ownPoints, pointsOf, type Vectors } from '../clustering/matrix';
import { invalidArgument, MerganserError, unexpected } from '../errors';
import { plainArray } from '../plain-array';
import { calibrateProbes } from './calibrate';
import { isIdSet } from './filter';
import { Gate } from './gate';
import type { IdTable } from './id-table';
import { fileParts, readContents, sourceOf } from './index-format';
import { openIndexFile, writeIndexFile } from './index-files';
import { assignLists, clusterLists, codeOf, listCentroids, listSpreads, SPREAD_WEIGHTS } from './lists';
import { ID_COST, integer, loading, planIndex, readIds, type IndexPlan } from './options';
import { PageLists } from './page-lists';
import { ownQueries, prepareSearch, probesFor, resultOf, type PreparedSearch } from './search-call';
import { contentsOf, LARGE_ARRAYS, stateOf } from './saved-index';
import { allocated, SlotStorage } from './slot-storage';
import { nextIds, numbered, removeIds, slotTable } from './slot-ids';
import { bytesOf, specOf, type IndexState } from './state';
import { readSlots } from './slot-vectors';
import { bestSpreadWeight } from './spread-weight';
import type {
  AsyncVectorSearchOptions,
  IndexCalibrationOptions,
  CalibrationPoint,
  LoadIndexOptions,
  VectorIndexOptions,
  VectorMetric,
  VectorSearchOptions,
  VectorSearchResult,
} from './types';

type Appending = Pick<IndexPlan, 'kernels' | 'metric' | 'threads' | 'signal' | 'progress'>;

/** Rejects as reading does if there is nothing to be read, else with UNSUPPORTED. */
async function refuseMapping(path: string): Promise<never> {
  const file = await openIndexFile(path);
  try {
    await file.read(0, 1);
  } finally {
    await file.close();
  }
  throw new MerganserError('UNSUPPORTED', 'Expected a backend and a system that can map files, but got others.');
}

/**
 * Finds the vectors that have the greatest inner products or cosines with a query, or the least distances from it.
 *
 * Vectors are called by ids, whole numbers below 2³². The same vectors, options and seed give the same index, and the same results, on any number of threads. A zero
 * vector has the cosine 0 with everything.
 */
export class VectorIndex {
  #state: IndexState;
  #view: SearchViewHandle | null = null;
  /** For changes only. */
  #lists: PageLists | null = null;
  #slots: IdTable | null = null;
  #disposed = false;
  readonly #gate = new Gate();

  private constructor(state: IndexState) {
    this.#state = state;
  }

  /**
   * Builds an index. Rejects with INVALID_ARGUMENT if the options do not fit the vectors or a vector is not finite, with OUT_OF_MEMORY, and with ABORTED.
   */
  static async build(vectors: Vectors, options: VectorIndexOptions = {}): Promise<VectorIndex> {
    const checked = planIndex(vectors, options);
    const { rescore: exact, signal } = checked;
    const [points, rescore] = await Promise.all([
      ownPoints(checked.points, 'vectors', signal),
      exact !== null && typeof exact !== 'string' ? ownPoints(exact, 'rescore', signal) : exact,
    ]);
    const plan = { ...checked, points };
    const { kernels, kind, metric } = plan;
    const ids = plan.ids === null ? numbered(0, points.count) : await readIds(plan.ids, points.count, plan.signal);
    const data = kind === 'exact' ? null : await clusterLists(plan);
    plan.progress('assign', 0);
    const distances = data && new Float32Array(points.count);
    const labels = await assignLists(plan, points, data, distances);
    plan.progress('assign', 1);
    const layout = {
      dims: points.dims,
      storage: plan.storage,
      exact: typeof rescore === 'string' ? rescore : null,
      code: plan.codes ? codeOf(data!, points.dims, plan.seed) : null,
    };
    const index = new VectorIndex({
      kernels,
      kind,
      metric,
      storage: new SlotStorage(layout, 0),
      tables: new PageLists(plan.lists).tables(),
      centroids: data && (await listCentroids(kernels, data, points.dims, metric, listSpreads(plan.lists, labels, distances!))),
      spreadWeight: SPREAD_WEIGHTS[metric],
      source: typeof rescore === 'string' ? null : rescore,
      probes: plan.probes ?? Math.ceil(Math.sqrt(plan.lists)),
      calibration: [],
    });
    await index.#append(plan, points, ids, labels);
    if (plan.recall !== null) await index.#chooseProbes(plan, plan.recall);
    return index;
  }

  /** Number of vectors. */
  get size(): number {
    return this.#open().tables.total;
  }

  /** Numbers of a vector. */
  get dims(): number {
    return this.#open().storage.layout.dims;
  }

  get kind(): 'exact' | 'inverted-file' {
    return this.#open().kind;
  }

  get metric(): VectorMetric {
    return this.#open().metric;
  }

  /** Lists of an inverted file; 1 if it is exact. */
  get lists(): number {
    return this.#open().tables.sizes.length;
  }

  /** Lists that a search goes through unless it says otherwise. */
  get probes(): number {
    return this.#open().probes;
  }

  /** What {@link calibrate} found. */
  get calibration(): readonly CalibrationPoint[] {
    return this.#open().calibration;
  }

  /** Memory of all arrays. */
  get byteLength(): number {
    return bytesOf(this.#open());
  }

  /**
   * Adds vectors, to the lists that there are. Without ids they are numbered on from the greatest id. Rejects with INVALID_ARGUMENT if shapes do not fit, a vector is
   * not finite or an id is there already; the index is as it was then.
   */
  async add(vectors: Vectors, ids?: ArrayLike<number>, options: { threads?: number; signal?: AbortSignal } = {}): Promise<void> {
    const given = pointsOf(vectors, 'vectors');
    const { dims } = this;
    if (given.dims !== dims)
      throw unexpected('vectors', `vectors of ${dims} numbers, as those of the index are`, `vectors of ${given.dims}`);
    const threads = integer(options.threads ?? 0, 'threads', 0, 1024);
    await this.#gate.write(async () => {
      const points = await ownPoints(given, 'vectors', options.signal);
      const { kernels, metric } = this.#open();
      const numbers =
        ids === undefined
          ? await inTurns(nextIds(this.#open(), points.count), options.signal)
          : await readIds(ids, points.count, options.signal);
      const table = await inTurns(this.#slotTable(), options.signal);
      await inBlocks(points.count, ID_COST, options.signal, (from, to) => {
        const known = numbers.subarray(from, to).find((id) => table.get(id) !== undefined);
        if (known !== undefined) throw unexpected('ids', 'new to the index', `${known}, which is there`);
      });
      const plan = { kernels, metric, threads, signal: options.signal, progress: () => undefined };
      await this.#append(plan, points, numbers, await assignLists(plan, points, this.#open().centroids?.data ?? null));
    });
  }

  /** Removes the vectors with these ids, and says how many there were; ids that are not there do not matter. Waits for searches that are under way. */
  async remove(ids: Iterable<number>): Promise<number> {
    this.#open();
    return this.#gate.write(async (alone) => {
      await alone();
      const table = await inTurns(this.#slotTable(), undefined);
      const lists = this.#pageLists();
      const publish = (): void => this.#replace({ tables: lists.tables() });
      return inTurns(removeIds(ids, table, lists, this.#open().storage, publish), undefined);
    });
  }

  /** Whether there is a vector with this id. */
  has(id: number): boolean {
    return atOnce(this.#slotTable()).get(id) !== undefined;
  }

  /**
   * The `k` nearest of each query: fewer where the searched lists, or the filter, have no more. Throws INVALID_ARGUMENT if something does not fit or a query is not finite.
   */
  search(queries: Vectors | Float32Array, k: number, options: VectorSearchOptions = {}): VectorSearchResult {
    const prepared = atOnce(this.#prepare(queries, k, options));
    if (prepared.out.ids.length > 0) this.#open().kernels.searchLists(this.#searchView(), prepared.call, prepared.out);
    return resultOf(prepared, this.metric);
  }

  /** The same on other threads. Rejects with ABORTED besides. */
  searchAsync(queries: Vectors | Float32Array, k: number, options: AsyncVectorSearchOptions = {}): Promise<VectorSearchResult> {
    return this.#gate.read(async () => {
      const { kernels, metric } = this.#open();
      const own = await ownQueries(queries, options);
      let state: IndexState;
      let prepared: PreparedSearch;
      do {
        state = this.#open();
        prepared = await inTurns(this.#prepare(own, k, options), options.signal);
        // A filter is of the slots that there were: once more if that has changed.
      } while (state !== this.#open());
      const { call, out } = prepared;
      if (out.ids.length > 0) await kernels.searchListsAsync(this.#searchView(), call, out, options.signal);
      return resultOf(prepared, metric);
    });
  }

  /**
   * Measures what part of the k nearest is found with how many lists, from one to enough. Searches with `recall` choose by it. Before that, lists are given the order that finds
   * the nearest sooner: how much wide ones are preferred.
   */
  async calibrate(options: IndexCalibrationOptions = {}): Promise<readonly CalibrationPoint[]> {
    if (this.kind === 'exact') throw unexpected('the index', 'an inverted file', 'an exact one');
    const reorder = async (queries: Vectors, nearest: readonly Iterable<number>[]): Promise<void> => {
      const ordering = await bestSpreadWeight(this.#open(), queries, nearest, options.signal);
      if (ordering !== null) {
        await this.#gate.write(async (alone) => {
          await alone();
          this.#replace(ordering);
        });
      }
    };
    const calibration = await calibrateProbes(this, (positions) => readSlots(this.#open(), positions), reorder, options);
    this.#state = { ...this.#open(), calibration };
    return calibration;
  }

  /** Writes it to a file, which {@link load} reads: whoever reads it meanwhile sees the old contents or the new ones. */
  async save(path: string): Promise<void> {
    await this.#gate.write(async () => writeIndexFile(path, await fileParts(contentsOf(this.#open()), this.#open().kernels)));
  }

  /** The same in memory. */
  toBytes(): Promise<Uint8Array> {
    return this.#gate.write(async () => {
      const parts = await fileParts(contentsOf(this.#open()), this.#open().kernels);
      const bytes = allocated(() => new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0)));
      let at = 0;
      for (const part of parts) {
        await inBlocks(part.length, 1, undefined, (from, to) => bytes.set(part.subarray(from, to), at + from));
        at += part.length;
      }
      return bytes;
    });
  }

  /**
   * Reads what {@link save} wrote on a machine of the same byte order. Rejects with NOT_FOUND if it cannot be read, and with MALFORMED_FILE if it is damaged.
   *
   * With `mapped` the file stays where it is: vectors are read from it as they are used, and processes share them; changes stay in memory. The native backend
   * is needed for that, else it rejects with UNSUPPORTED. Only what is small is checked then, and the file must not be made shorter while the index is in use.
   */
  static async load(path: string, options: LoadIndexOptions = {}): Promise<VectorIndex> {
    const { kernels, source } = loading(options);
    if (options.mapped) {
      const bytes = kernels.mapFile(path) ?? (await refuseMapping(path));
      const contents = await readContents(sourceOf(bytes), kernels, (name) => !LARGE_ARRAYS.includes(name));
      return new VectorIndex(stateOf(contents, kernels, source));
    }
    const file = await openIndexFile(path);
    try {
      return new VectorIndex(stateOf(await readContents(file, kernels, () => true), kernels, source));
    } finally {
      await file.close();
    }
  }

  /** From what {@link toBytes} gave; the bytes must not be used otherwise. Rejects with MALFORMED_FILE. */
  static async fromBytes(bytes: Uint8Array, options: Omit<LoadIndexOptions, 'mapped'> = {}): Promise<VectorIndex> {
    const { kernels, source } = loading(options);
    const plain = plainArray(bytes, Uint8Array, 'bytes');
    if (plain === null) throw invalidArgument('bytes', 'a Uint8Array', bytes);
    return new VectorIndex(stateOf(await readContents(sourceOf(plain), kernels, () => true), kernels, source));
  }

  dispose(): void {
    this.#dropView();
    this.#disposed = true;
    this.#lists = this.#slots = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #open(): IndexState {
    if (this.#disposed) throw new MerganserError('DISPOSED', 'Expected a vector index, but it was disposed.');
    return this.#state;
  }

  #replace(changes: Partial<IndexState>): void {
    this.#dropView();
    this.#state = { ...this.#open(), ...changes };
  }

  #dropView(): void {
    if (this.#view !== null) this.#state.kernels.dispose(this.#view);
    this.#view = null;
  }

  #searchView(): SearchViewHandle {
    return (this.#view ??= this.#open().kernels.createSearchView(specOf(this.#open())));
  }

  *#prepare(queries: Vectors | Float32Array, k: number, options: VectorSearchOptions): Generator<void, PreparedSearch> {
    if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
    const table = isIdSet(options.filter) ? yield* this.#slotTable() : null;
    return yield* prepareSearch(this.#open(), (id) => table!.get(id), queries, k, options);
  }

  #pageLists(): PageLists {
    const { tables } = this.#open();
    return (this.#lists ??= new PageLists(tables.sizes.length, tables));
  }

  *#slotTable(): Generator<void, IdTable> {
    if (this.#slots !== null) return this.#slots;
    const table = yield* slotTable(this.#open());
    // Whoever changed the index meanwhile has made one before.
    return (this.#slots ??= table);
  }

  async #chooseProbes(plan: IndexPlan, recall: number): Promise<void> {
    plan.progress('calibrate', 0);
    const calibration = await this.calibrate({ seed: plan.seed, threads: plan.threads, ...(plan.signal && { signal: plan.signal }) });
    if (plan.probes === null) this.#state = { ...this.#state, probes: probesFor(calibration, recall) };
    plan.progress('calibrate', 1);
  }

  /** Puts points with new ids into lists. */
  async #append(plan: Appending, points: PointArray, ids: Uint32Array, labels: Uint32Array): Promise<void> {
    const { kernels, metric, threads, signal, progress } = plan;
    const { storage, source } = this.#open();
    const unknown = source === null ? undefined : ids.find((id) => id >= source.count);
    if (unknown !== undefined) throw unexpected('ids', `rows of the ${source!.count} vectors to score once more by`, `${unknown}`);
    const lists = this.#pageLists();
    const slots = await lists.take(labels);
    try {
      await storage.reserve(lists.pageCount);
      const view = kernels.createSearchView(specOf(this.#open()));
      const onProgress = (done: number): void => progress('store', done / points.count);
      await kernels.storeRows(view, { points, slots, lists: labels, unitLength: metric === 'cosine', threads }, { signal, onProgress });
      kernels.dispose(view);
    } catch (error) {
      for (let i = points.count; i-- > 0;) lists.drop(slots[i]);
      throw error;
    }
    await inBlocks(points.count, ID_COST, undefined, (from, to) => {
      for (let i = from; i < to; i++) {
        storage.ids[slots[i]] = ids[i];
        this.#slots?.set(ids[i], slots[i]);
      }
    });
    progress('store', 1);
    this.#replace({ tables: lists.tables() });
  }
}
