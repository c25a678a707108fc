/**
 * The addon's kernel functions, as native/addon exports them. Arguments are not checked there. Results whose size is not known before are
 * kept by the addon until they are taken.
 *
 * Functions that encode give the number of ids, or −1 − n where the text holds added token n, which is refused; `refusedAt` tells its place.
 */

import type { Handle } from './handle';
import type {
  BpeHandle,
  BpeSpec,
  DecoderHandle,
  DecoderSpec,
  EncoderHandle,
  EncoderSpec,
  ModelScannerKernels,
  PatternHandle,
  PatternProgram,
} from './kernels';
import type { AttentionOutput, AttentionSpec, CentroidScoreSpec, ClusterAttentionSpec } from './attention-kernels';
import type { ChainMerges, Linkage, LloydSpec, RowSequences, SilhouetteSpec, SilhouetteWidths } from './clustering-kernels';
import type { MergedTokens, PrefixTrieHandle, RowSums, TokenMergerHandle, TokenMergerSpec, TokenMergeRun } from './dynamic-kernels';
import type { CodeDecoding, ScalarCoding, VectorCoding } from './quantizer-kernels';
import type { ReductionCall } from './reduction-kernels';
import type { SearchCall, SearchOutput, SearchSpec, SearchViewHandle, StoreCall } from './search-kernels';
import type { ScannerKinds } from './scanner-kinds';
import type { BpeTrainingSpec, SymbolKind, WordCounterHandle, WordCounterSpec } from './training-kernels';

declare const encodeJob: unique symbol;
/** A running job; belongs to the addon. */
export interface EncodeJobHandle {
  readonly [encodeJob]: true;
}

declare const trainingJob: unique symbol;
/** A running piece of work; belongs to the addon. */
export interface JobHandle {
  readonly [trainingJob]: true;
}

export type MergeRunHandle = Handle<'mergeRun'>;
export type PrefixRunHandle = Handle<'prefixRun'>;
declare const clusteringJob: unique symbol;
/** Running clustering; belongs to the addon. */
export interface ClusteringJobHandle {
  readonly [clusteringJob]: true;
}

export interface ClusterAttentionCall {
  readonly spec: ClusterAttentionSpec;
  readonly to: AttentionOutput;
  /** What was chosen for unit u: clusters[u × number of clusters …], counts[u] of them. */
  readonly chosen: { readonly clusters: Uint32Array; readonly counts: Uint32Array };
}

export type PreparedAttentionHandle = Handle<'preparedAttention'>;

declare const attentionJob: unique symbol;
/** Running attention; belongs to the addon. */
export interface AttentionJobHandle {
  readonly [attentionJob]: true;
}

/** Called with (false, progress) now and then, and once with (true, progress) at the end. Only training tells its progress: the number of merges. */
export type JobListener = (finished: boolean, progress: number) => void;

/** Called with (false, bytes done) now and then, with null in the place of false when more of the texts should be copied, and once with (true, bytes done) at the end. */
export type EncodeListener = (finished: boolean | null, bytesDone: number) => void;

interface NearestCall extends Pick<LloydSpec, 'points' | 'spherical' | 'threads'> {
  readonly clusters: number;
  readonly centroids: Float32Array;
  readonly labels: Uint32Array;
  readonly distances: Float32Array | null;
}

interface LinkageCall extends ChainMerges {
  readonly from: Float64Array;
  readonly points: number;
  readonly linkage: Linkage;
}

export interface NativeKernelAddon {
  createPattern(program: PatternProgram): PatternHandle;
  findMatches(pattern: PatternHandle, text: Uint8Array): number;

  createBpe(spec: BpeSpec, cacheBytes: number): BpeHandle;
  encodePieces(model: BpeHandle, text: Uint8Array, pieceOffsets: Uint32Array): number;
  takePieceTokens(ids: Uint32Array, spans: Uint32Array, offsets: Uint32Array): void;

  /** `wordRanges`: start, end pairs of the characters of words, if any added token needs them; `scannerKinds` if any step has a scanner. */
  createEncoder(spec: EncoderSpec & { readonly wordRanges: Uint32Array | null; readonly scannerKinds: ScannerKinds | null }): EncoderHandle;
  /** The ids are in `out` from `place` on if there is room for them, else to be taken. */
  encode(
    encoder: EncoderHandle,
    text: string | Uint8Array,
    actions: Uint8Array | null,
    out: Uint32Array,
    place: number,
    continues?: boolean,
  ): number;
  count(encoder: EncoderHandle, text: string | Uint8Array, actions: Uint8Array | null, limit: number): number;
  encodeBatch(encoder: EncoderHandle, text: Uint8Array, textOffsets: Uint32Array, actions: Uint8Array | null, offsets: Uint32Array): number;
  /** 0: none is known. */
  lastCut(encoder: EncoderHandle, text: Uint8Array, actions: Uint8Array | null): number;
  refusedAt(): number;
  take(): Uint32Array;

  /** null: the chunks do not hold the texts. */
  startEncoding(
    encoder: EncoderHandle,
    chunks: readonly Uint8Array[],
    checked: boolean,
    textOffsets: Uint32Array,
    actions: Uint8Array | null,
    continues: boolean,
    listener: EncodeListener,
  ): EncodeJobHandle | null;
  /** Copies more of texts that are not checked; whether to call it again in the next turn of the event loop. To be called once at the beginning. */
  copyMoreToEncode(job: EncodeJobHandle): boolean;
  /** Whether threads are at it, so that the listener hears of the end soon; if not, none will begin. */
  cancelEncoding(job: EncodeJobHandle): boolean;
  /** As `encode`; a string is the message of an error; null: a text is not UTF-8; undefined: a text's memory was taken away. */
  encodingResult(job: EncodeJobHandle): number | string | null | undefined;
  /** The ids; `offsets` is filled. Once only. */
  takeEncoding(job: EncodeJobHandle, offsets: Uint32Array): Uint32Array;

  createDecoder(spec: DecoderSpec): DecoderHandle;
  decode(decoder: DecoderHandle, ids: Uint32Array, skipSpecial: boolean): Uint8Array | null;
  decodeWellFormed(decoder: DecoderHandle, ids: Uint32Array, skipSpecial: boolean): Uint8Array | null;
  decodeText(decoder: DecoderHandle, ids: Uint32Array, skipSpecial: boolean): string | null;

  /** `scannerKinds` if any step has a scanner. */
  createWordCounter(spec: WordCounterSpec & { readonly scannerKinds: ScannerKinds | null }): WordCounterHandle;
  countTexts(counter: WordCounterHandle, text: Uint8Array, textOffsets: Uint32Array, listener: JobListener): JobHandle;
  countFile(
    counter: WordCounterHandle,
    path: string,
    from: number,
    to: number,
    size: number,
    replace: boolean,
    listener: JobListener,
  ): JobHandle;
  addWords(counter: WordCounterHandle, bytes: Uint8Array, offsets: Uint32Array, counts: Float64Array): void;
  wordCounterBytes(counter: WordCounterHandle): number;
  wordCounterTotal(counter: WordCounterHandle): number;
  distinctWords(counter: WordCounterHandle): number;
  /** The result is to be taken when the job is done. */
  countSymbols(counter: WordCounterHandle, unit: SymbolKind['unit'], placed: boolean, listener: JobListener): JobHandle;
  symbolCount(counter: WordCounterHandle): number;
  takeSymbols(counter: WordCounterHandle, symbols: Uint32Array, counts: Float64Array): void;
  /** The result is to be taken when the job is done. */
  sortWords(counter: WordCounterHandle, listener: JobListener): JobHandle;
  takeSortedWords(counter: WordCounterHandle, out: Uint8Array, most: number, results: Float64Array): void;
  addWrittenWords(counter: WordCounterHandle, bytes: Uint8Array, words: number): boolean;
  startTraining(counter: WordCounterHandle, spec: BpeTrainingSpec, listener: JobListener): JobHandle;
  mergeCount(job: JobHandle): number;
  /** As many as there is room for. */
  copyMerges(job: JobHandle, triples: Uint32Array): void;
  copyMergeCounts(job: JobHandle, counts: Float64Array): void;
  removalsSize(job: JobHandle): number;
  copyRemovals(job: JobHandle, removals: Uint32Array): void;
  cancelJob(job: JobHandle): boolean;
  /** Once it has ended: what went wrong. */
  jobError(job: JobHandle): string | null;

  sumRows(sums: RowSums, out: Float32Array): void;
  gatherRows(first: Float32Array, second: Float32Array, width: number, rows: Uint32Array, out: Float32Array): void;
  routeRows(queries: Float32Array, keys: Float32Array, width: number, offsets: Uint32Array, probabilities: Float32Array): void;
  averageRows(rows: Float32Array, probabilities: Float32Array, width: number, offsets: Uint32Array, out: Float32Array): void;
  createTokenMerger(spec: TokenMergerSpec): TokenMergerHandle;
  /** The array of the run's values is used until it is done. */
  createMergeRun(merger: TokenMergerHandle, run: TokenMergeRun): MergeRunHandle;
  /** Whether it is done; else there are questions. */
  advanceMerging(run: MergeRunHandle): boolean;
  /** The same on a thread; then `mergingDone`. */
  startMerging(run: MergeRunHandle, values: Uint32Array, listener: JobListener): JobHandle;
  mergingDone(run: MergeRunHandle): boolean;
  /** Fills sizes: questions, bytes of their texts. */
  questionSizes(run: MergeRunHandle, sizes: Uint32Array): void;
  copyQuestions(run: MergeRunHandle, bytes: Uint8Array, offsets: Uint32Array, splits: Uint32Array): void;
  answerQuestions(run: MergeRunHandle, verdicts: Uint8Array): void;
  /** Fills sizes: tokens, new tokens, bytes of their texts, their parts, merges, batches. */
  mergedSizes(run: MergeRunHandle, sizes: Uint32Array): void;
  copyMerged(run: MergeRunHandle, merged: MergedTokens): void;
  /** It is to be built. */
  createPrefixTrie(tokenBytes: Uint8Array, tokenOffsets: Uint32Array): PrefixTrieHandle;
  buildPrefixTrie(trie: PrefixTrieHandle): void;
  startBuildingPrefixTrie(trie: PrefixTrieHandle, listener: JobListener): JobHandle;
  prefixTrieBytes(trie: PrefixTrieHandle): number;
  createPrefixRun(trie: PrefixTrieHandle, textOffsets: Uint32Array, unknownId: number): PrefixRunHandle;
  runPrefixes(run: PrefixRunHandle, text: Uint8Array): void;
  startPrefixes(run: PrefixRunHandle, text: Uint8Array, listener: JobListener): JobHandle;
  /** Number of ids, or −1 − the byte that is unknown. */
  prefixCount(run: PrefixRunHandle): number;
  copyPrefixes(run: PrefixRunHandle, values: Uint32Array, offsets: Uint32Array): void;
  /** `numbers` has room for 3 + maxIterations: reason, objective, number of iterations, and the objective of each. Progress is the number of iterations. */
  startLloyd(
    spec: LloydSpec & {
      readonly clusters: number;
      readonly centroids: Float32Array;
      readonly labels: Uint32Array;
      readonly numbers: Float64Array;
    },
    listener: JobListener,
  ): ClusteringJobHandle;
  /** Gives a message where it fails. */
  nearest(call: NearestCall): string | null;
  startNearest(call: NearestCall, listener: JobListener): ClusteringJobHandle;
  lloydObjective(job: ClusteringJobHandle): number;
  cancelClustering(job: ClusteringJobHandle): boolean;
  clusteringError(job: ClusteringJobHandle): string | null;
  products(left: Float32Array, right: Float32Array, dims: number, out: Float32Array): void;
  greatestProducts(left: Float32Array, right: Float32Array, dims: number, columns: Uint32Array, values: Float32Array): void;
  leadingEigenvectors(matrix: Float32Array, size: number, count: number, values: Float64Array, vectors: Float64Array): void;
  startLeadingEigenvectors(
    call: {
      readonly matrix: Float32Array;
      readonly size: number;
      readonly count: number;
      readonly values: Float64Array;
      readonly vectors: Float64Array;
    },
    listener: JobListener,
  ): ClusteringJobHandle;
  /** Message of an error. */
  linkClusters(call: LinkageCall): string | null;
  startLinkClusters(call: LinkageCall, listener: JobListener): ClusteringJobHandle;
  /** Message of an error. */
  silhouettes(call: SilhouetteSpec & SilhouetteWidths): string | null;
  startSilhouettes(call: SilhouetteSpec & SilhouetteWidths, listener: JobListener): ClusteringJobHandle;
  maxSim(queries: RowSequences, documents: RowSequences, dims: number, out: Float64Array): number;
  /** numbers[0]: what maxSim returns. */
  startMaxSim(
    spec: {
      readonly queries: RowSequences;
      readonly documents: RowSequences;
      readonly dims: number;
      readonly threads: number;
      readonly out: Float64Array;
      readonly numbers: Float64Array;
    },
    listener: JobListener,
  ): ClusteringJobHandle;

  /** Progress is the number of vectors that are done. */
  startEncodingVectors(spec: VectorCoding & { readonly codes: Uint32Array }, listener: JobListener): JobHandle;
  startDecodingCodes(spec: CodeDecoding & { readonly out: Float32Array }, listener: JobListener): JobHandle;
  encodeScalars(spec: ScalarCoding, codes: Uint32Array): void;

  /** Arguments as the comments in native/addon/reduction.cpp have them. */
  runReduction(name: ReductionCall, call: readonly unknown[]): void;
  startReduction(name: ReductionCall, call: readonly unknown[], listener: JobListener): JobHandle;

  /** The arrays of a specification must be kept. */
  createSearchView(spec: SearchSpec): SearchViewHandle;
  searchLists(view: SearchViewHandle, call: SearchCall, out: SearchOutput): void;
  startSearch(view: SearchViewHandle, call: SearchCall, out: SearchOutput, listener: JobListener): JobHandle;
  /** Progress is the number of points stored. `kept` is not collected before the end. */
  startStoring(view: SearchViewHandle, call: StoreCall, kept: SearchSpec, listener: JobListener): JobHandle;

  attend(call: { readonly spec: AttentionSpec; readonly to: AttentionOutput }): void;
  centroidScores(call: { readonly spec: CentroidScoreSpec; readonly scores: Float32Array }): void;
  attendClusters(call: ClusterAttentionCall): void;
  /** The call must be kept, and so must its arrays. */
  prepareAttendClusters(call: ClusterAttentionCall): PreparedAttentionHandle;
  runAttendClusters(prepared: PreparedAttentionHandle): void;
  /** Progress is the part that is done. */
  startAttend(call: { readonly spec: AttentionSpec; readonly to: AttentionOutput }, listener: JobListener): AttentionJobHandle;
  startCentroidScores(call: { readonly spec: CentroidScoreSpec; readonly scores: Float32Array }, listener: JobListener): AttentionJobHandle;
  startAttendClusters(call: ClusterAttentionCall, listener: JobListener): AttentionJobHandle;
  cancelAttention(job: AttentionJobHandle): boolean;
  /** Once it has ended: what went wrong. */
  attentionError(job: AttentionJobHandle): string | null;

  bpeTables(model: BpeHandle): Uint8Array;
  encoderTables(encoder: EncoderHandle): Uint8Array;
  /** (tokenBytes, tokenOffsets). */
  growTokens(tokenBytes: Uint8Array, tokenOffsets: Uint32Array, merges: Uint32Array, prefix: Uint8Array): [Uint8Array, Uint32Array];
  vocabularyJson(tokenBytes: Uint8Array, tokenOffsets: Uint32Array, ids: Uint32Array | null, pretty: boolean): Uint8Array;
  mergesJson(tokenBytes: Uint8Array, tokenOffsets: Uint32Array, merges: Uint32Array, pretty: boolean): Uint8Array;
  scanVocabulary: ModelScannerKernels['vocabulary'];
  scanMerges: ModelScannerKernels['merges'];
  checksum(bytes: Uint8Array): bigint;
  allocate(size: number): Uint8Array | null;
  readFile(path: string, most: number | undefined): Uint8Array | null;
  readAhead(tables: Uint8Array): void;
  mapFile(path: string): Uint8Array | null;

  /** The handle must not be used any more. */
  release(handle: Handle<string>): void;
}
