/** The native backend: the addon's functions as {@link Kernels}. The addon fills arrays that are made here. */

import { unicodeProperty } from '../tokenizer/unicode/properties';
import { building, messageOf, running, runtimeError } from './native-errors';
import { loadAddon, type NativeAddon } from './addon';
import type { NativeKernelAddon } from './addon-kernels';
import { encodeOnThreads, outcome, refusal } from './native-async';
import type { ClusteringKernels } from './clustering-kernels';
import type { AttentionKernels } from './attention-kernels';
import { attentionKernels } from './native-attention';
import { clusteringKernels } from './native-clustering';
import { searchKernels } from './native-search';
import type { SearchKernels } from './search-kernels';
import { quantizerKernels } from './native-quantizers';
import type { QuantizerKernels } from './quantizer-kernels';
import { reductionKernels } from './native-reduction';
import type { ReductionKernels } from './reduction-kernels';
import { scannerKinds } from './scanner-kinds';
import { ShortResults } from './short-results';
import type { Handle } from './handle';
import type { EncodeControl, EncoderHandle, EncoderSpec, Kernels, PieceTokens, RaggedIds } from './kernels';
import {
  createPrefixTrie,
  createPrefixTrieOnThread,
  encodePrefixes,
  encodePrefixesOnThread,
  mergeTokens,
  mergeTokensOnThread,
} from './native-dynamic';
import { countSymbols, takeSortedWords, trainingJobDone, trainOnThread } from './native-training';

/** Characters that count as parts of words for `singleWord`, as Rust's `\w`. */
function wordRanges(): Uint32Array {
  return unicodeProperty('Alphabetic')!
    .union(unicodeProperty('M')!)
    .union(unicodeProperty('Nd')!)
    .union(unicodeProperty('Pc')!)
    .union(unicodeProperty('Join_Control')!).ranges;
}

function usesScanner({ scanner, steps }: Pick<EncoderSpec, 'scanner' | 'steps'>): boolean {
  return scanner !== null || steps.some((step) => step.kind === 'pattern' && step.scanner !== null);
}

/** An array of this realm. */
function ownCopy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

class NativeKernels implements Kernels {
  readonly backend = 'native';
  readonly #addon: NativeKernelAddon;
  readonly #clustering: ClusteringKernels;
  readonly #attention: AttentionKernels;
  readonly #search: SearchKernels;
  readonly #quantizers: QuantizerKernels;
  readonly #reduction: ReductionKernels;
  readonly #short = new ShortResults();

  constructor(addon: NativeAddon) {
    this.#addon = addon;
    this.countingThreads = addon.threads();
    this.#clustering = clusteringKernels(addon);
    this.#attention = attentionKernels(addon);
    this.#search = searchKernels(addon);
    this.#quantizers = quantizerKernels(addon);
    this.#reduction = reductionKernels(addon);
  }

  createPattern: Kernels['createPattern'] = (program) => building(() => this.#addon.createPattern(program));

  findMatches: Kernels['findMatches'] = (pattern, text) => {
    running(() => this.#addon.findMatches(pattern, text));
    return this.#addon.take();
  };

  createBpe: Kernels['createBpe'] = (spec, cacheBytes) => building(() => this.#addon.createBpe(spec, cacheBytes));

  encodePieces: Kernels['encodePieces'] = (model, text, pieceOffsets): PieceTokens => {
    const count = this.#addon.encodePieces(model, text, pieceOffsets);
    const tokens = { ids: new Uint32Array(count), spans: new Uint32Array(2 * count), offsets: new Uint32Array(pieceOffsets.length) };
    this.#addon.takePieceTokens(tokens.ids, tokens.spans, tokens.offsets);
    return tokens;
  };

  readonly fusesSupermerges = true;
  createEncoder = (spec: EncoderSpec): EncoderHandle => {
    const words = spec.added.some((token) => token.singleWord) ? wordRanges() : null;
    // The tables hold them too.
    const kinds = spec.model.tables == null && usesScanner(spec) ? scannerKinds() : null;
    return building(() => this.#addon.createEncoder({ ...spec, wordRanges: words, scannerKinds: kinds }));
  };

  // Written out rather than with `running`: strings of a hundred bytes feel each call.
  encode = (encoder: EncoderHandle, text: string | Uint8Array, control: EncodeControl): Uint32Array => {
    const short = this.#short;
    let count: number;
    try {
      count =
        control.continues === true
          ? this.#addon.encode(encoder, text, control.actions, short.block, short.place, true)
          : this.#addon.encode(encoder, text, control.actions, short.block, short.place);
    } catch (error) {
      throw runtimeError(messageOf(error), error);
    }
    if (count < 0) throw refusal(this.#addon, count);
    return short.fits(count) ? short.take(count) : this.#addon.take();
  };

  count = (encoder: EncoderHandle, text: string | Uint8Array, control: EncodeControl, limit: number): number => {
    let count: number;
    try {
      count = this.#addon.count(encoder, text, control.actions, limit);
    } catch (error) {
      throw runtimeError(messageOf(error), error);
    }
    if (count < 0) throw refusal(this.#addon, count);
    return count;
  };

  lastCut: Kernels['lastCut'] = (encoder, text, { actions }) => this.#addon.lastCut(encoder, text, actions);

  encodeBatch = (encoder: EncoderHandle, text: Uint8Array, textOffsets: Uint32Array, control: EncodeControl): RaggedIds => {
    const offsets = new Uint32Array(textOffsets.length);
    outcome(
      this.#addon,
      running(() => this.#addon.encodeBatch(encoder, text, textOffsets, control.actions, offsets)),
    );
    return { values: this.#addon.take(), offsets };
  };

  readonly ownChunkBytes = 1 << 16;
  encodeBatchAsync: Kernels['encodeBatchAsync'] = (encoder, texts, control) => encodeOnThreads(this.#addon, encoder, texts, control);

  createDecoder: Kernels['createDecoder'] = (spec) => building(() => this.#addon.createDecoder(spec));

  decode: Kernels['decode'] = (decoder, ids, skipSpecial) => this.#addon.decode(decoder, ids, skipSpecial);

  decodeWellFormed: Kernels['decodeWellFormed'] = (decoder, ids, skipSpecial) => this.#addon.decodeWellFormed(decoder, ids, skipSpecial);

  decodeText: Kernels['decodeText'] = (decoder, ids, skipSpecial) => this.#addon.decodeText(decoder, ids, skipSpecial);

  readonly countingThreads: number;
  createWordCounter: Kernels['createWordCounter'] = (spec) =>
    building(() => this.#addon.createWordCounter({ ...spec, scannerKinds: usesScanner(spec) ? scannerKinds() : null }));
  countTexts: Kernels['countTexts'] = (counter, text, textOffsets) =>
    trainingJobDone(this.#addon, (listener) => this.#addon.countTexts(counter, text, textOffsets, listener));
  countFile: Kernels['countFile'] = (counter, path, { from, to, size }, replace) =>
    trainingJobDone(this.#addon, (listener) => this.#addon.countFile(counter, path, from, to, size, replace, listener));
  addWords: Kernels['addWords'] = (counter, { bytes, offsets, counts }) =>
    running(() => this.#addon.addWords(counter, bytes, offsets, counts));
  counterBytes: Kernels['counterBytes'] = (counter) => this.#addon.wordCounterBytes(counter);
  countedWords: Kernels['countedWords'] = (counter) => this.#addon.wordCounterTotal(counter);
  distinctWords: Kernels['distinctWords'] = (counter) => this.#addon.distinctWords(counter);
  countSymbols: Kernels['countSymbols'] = (counter, kind) => countSymbols(this.#addon, counter, kind);
  sortWords: Kernels['sortWords'] = (counter) => trainingJobDone(this.#addon, (listener) => this.#addon.sortWords(counter, listener));
  takeSortedWords: Kernels['takeSortedWords'] = (counter, out, most) => takeSortedWords(this.#addon, counter, out, most);
  addWrittenWords: Kernels['addWrittenWords'] = (counter, bytes, words) =>
    running(() => this.#addon.addWrittenWords(counter, bytes, words));
  trainBpe: Kernels['trainBpe'] = (counter, spec, control) => trainOnThread(this.#addon, counter, spec, control);

  growTokens: Kernels['growTokens'] = (start, merges, prefix) => {
    const [tokenBytes, tokenOffsets] = running(() => this.#addon.growTokens(start.tokenBytes, start.tokenOffsets, merges, prefix));
    return { tokenBytes, tokenOffsets };
  };

  sumRows: Kernels['sumRows'] = (sums, out) => this.#addon.sumRows(sums, out);
  gatherRows: Kernels['gatherRows'] = (first, second, width, rows, out) => this.#addon.gatherRows(first, second, width, rows, out);
  routeRows: Kernels['routeRows'] = (queries, keys, width, offsets, probabilities) =>
    this.#addon.routeRows(queries, keys, width, offsets, probabilities);
  averageRows: Kernels['averageRows'] = (rows, probabilities, width, offsets, out) =>
    this.#addon.averageRows(rows, probabilities, width, offsets, out);
  createTokenMerger: Kernels['createTokenMerger'] = (spec) => building(() => this.#addon.createTokenMerger(spec));
  mergeTokens: Kernels['mergeTokens'] = (merger, run, judge) => mergeTokens(this.#addon, merger, run, judge);
  mergeTokensAsync: Kernels['mergeTokensAsync'] = (merger, run, judge, signal) =>
    mergeTokensOnThread(this.#addon, merger, run, judge, signal);
  createPrefixTrie: Kernels['createPrefixTrie'] = (bytes, offsets) => createPrefixTrie(this.#addon, bytes, offsets);
  createPrefixTrieAsync: Kernels['createPrefixTrieAsync'] = (bytes, offsets, signal) =>
    createPrefixTrieOnThread(this.#addon, bytes, offsets, signal);
  prefixTrieBytes: Kernels['prefixTrieBytes'] = (trie) => this.#addon.prefixTrieBytes(trie);
  encodePrefixes: Kernels['encodePrefixes'] = (trie, run) => encodePrefixes(this.#addon, trie, run);
  encodePrefixesAsync: Kernels['encodePrefixesAsync'] = (trie, run, signal) => encodePrefixesOnThread(this.#addon, trie, run, signal);
  lloyd: Kernels['lloyd'] = (...call) => this.#clustering.lloyd(...call);
  assignNearest: Kernels['assignNearest'] = (...call) => this.#clustering.assignNearest(...call);
  assignNearestSync: Kernels['assignNearestSync'] = (...call) => this.#clustering.assignNearestSync(...call);
  products: Kernels['products'] = (...call) => this.#clustering.products(...call);
  greatestProducts: Kernels['greatestProducts'] = (...call) => this.#clustering.greatestProducts(...call);
  leadingEigenvectors: Kernels['leadingEigenvectors'] = (...call) => this.#clustering.leadingEigenvectors(...call);
  leadingEigenvectorsAsync: Kernels['leadingEigenvectorsAsync'] = (...call) => this.#clustering.leadingEigenvectorsAsync(...call);
  linkClusters: Kernels['linkClusters'] = (...call) => this.#clustering.linkClusters(...call);
  linkClustersAsync: Kernels['linkClustersAsync'] = (...call) => this.#clustering.linkClustersAsync(...call);
  silhouettes: Kernels['silhouettes'] = (...call) => this.#clustering.silhouettes(...call);
  silhouettesAsync: Kernels['silhouettesAsync'] = (...call) => this.#clustering.silhouettesAsync(...call);
  maxSim: Kernels['maxSim'] = (...call) => this.#clustering.maxSim(...call);
  maxSimAsync: Kernels['maxSimAsync'] = (...call) => this.#clustering.maxSimAsync(...call);

  encodeVectors: Kernels['encodeVectors'] = (...call) => this.#quantizers.encodeVectors(...call);
  decodeCodes: Kernels['decodeCodes'] = (...call) => this.#quantizers.decodeCodes(...call);
  encodeScalars: Kernels['encodeScalars'] = (...call) => this.#quantizers.encodeScalars(...call);
  createSearchView: Kernels['createSearchView'] = (spec) => this.#search.createSearchView(spec);
  storeRows: Kernels['storeRows'] = (...call) => this.#search.storeRows(...call);
  searchLists: Kernels['searchLists'] = (...call) => this.#search.searchLists(...call);
  searchListsAsync: Kernels['searchListsAsync'] = (...call) => this.#search.searchListsAsync(...call);
  nearestRows: Kernels['nearestRows'] = (...call) => this.#reduction.nearestRows(...call);
  joinNearest: Kernels['joinNearest'] = (...call) => this.#reduction.joinNearest(...call);
  fewNearest: Kernels['fewNearest'] = (...call) => this.#reduction.fewNearest(...call);
  squaredDistances: Kernels['squaredDistances'] = (...call) => this.#reduction.squaredDistances(...call);
  densityPeaks: Kernels['densityPeaks'] = (...call) => this.#reduction.densityPeaks(...call);
  findMedoids: Kernels['findMedoids'] = (...call) => this.#reduction.findMedoids(...call);
  meanElu: Kernels['meanElu'] = (...call) => this.#reduction.meanElu(...call);
  greatestMagnitude: Kernels['greatestMagnitude'] = (...call) => this.#reduction.greatestMagnitude(...call);
  get background(): Kernels['background'] {
    return this.#reduction.background;
  }
  combineRows: Kernels['combineRows'] = (...call) => this.#reduction.combineRows(...call);
  groupMeans: Kernels['groupMeans'] = (...call) => this.#reduction.groupMeans(...call);
  rowLengths: Kernels['rowLengths'] = (...call) => this.#reduction.rowLengths(...call);
  sparseSquares: Kernels['sparseSquares'] = (...call) => this.#reduction.sparseSquares(...call);
  blockSquares: Kernels['blockSquares'] = (...call) => this.#reduction.blockSquares(...call);
  meanSquares: Kernels['meanSquares'] = (...call) => this.#reduction.meanSquares(...call);
  softmaxRows: Kernels['softmaxRows'] = (...call) => this.#reduction.softmaxRows(...call);
  attend: Kernels['attend'] = (...call) => this.#attention.attend(...call);
  attendAsync: Kernels['attendAsync'] = (...call) => this.#attention.attendAsync(...call);
  centroidScores: Kernels['centroidScores'] = (...call) => this.#attention.centroidScores(...call);
  centroidScoresAsync: Kernels['centroidScoresAsync'] = (...call) => this.#attention.centroidScoresAsync(...call);
  selectClusters: Kernels['selectClusters'] = (...call) => this.#attention.selectClusters(...call);
  attendClusters: Kernels['attendClusters'] = (...call) => this.#attention.attendClusters(...call);
  attendClustersAsync: Kernels['attendClustersAsync'] = (...call) => this.#attention.attendClustersAsync(...call);
  prepareClusterAttention: Kernels['prepareClusterAttention'] = (...call) => this.#attention.prepareClusterAttention(...call);
  mergeAttention: Kernels['mergeAttention'] = (...call) => this.#attention.mergeAttention(...call);

  bpeTables: Kernels['bpeTables'] = (model) => ownCopy(this.#addon.bpeTables(model));

  encoderTables: Kernels['encoderTables'] = (encoder) => ownCopy(this.#addon.encoderTables(encoder));

  allocate: Kernels['allocate'] = (size) => (size > 0 ? this.#addon.allocate(size) : null) ?? new Uint8Array(size);

  // Clearing memory takes one thread as long as a tenth of attending to a thousand rows takes two.
  roomFor: Kernels['roomFor'] = (count) => new Float32Array(Buffer.allocUnsafeSlow(4 * count).buffer);

  readFile: Kernels['readFile'] = (path, most) => this.#addon.readFile(path, most);

  readAhead: Kernels['readAhead'] = (tables) => this.#addon.readAhead(tables);

  mapFile: Kernels['mapFile'] = (path) => this.#addon.mapFile(path);

  readonly modelScanner: Kernels['modelScanner'] = {
    vocabulary: (json, start) => this.#addon.scanVocabulary(json, start),
    merges: (json, start, tokenBytes, tokenOffsets) => this.#addon.scanMerges(json, start, tokenBytes, tokenOffsets),
  };
  tokenJson: Kernels['tokenJson'] = ({ tokenBytes, tokenOffsets, ids, merges, pretty }) => ({
    vocabulary: running(() => this.#addon.vocabularyJson(tokenBytes, tokenOffsets, ids, pretty)),
    merges: running(() => this.#addon.mergesJson(tokenBytes, tokenOffsets, merges, pretty)),
  });

  checksum: Kernels['checksum'] = (bytes) => this.#addon.checksum(bytes);

  dispose = (handle: Handle<string>): void => this.#addon.release(handle);
}

/** The native kernels. Throws an Error with the reason if the addon does not load. */
export function loadNativeKernels(): Kernels {
  return new NativeKernels(loadAddon());
}
