/** The pure-TypeScript backend. It needs nothing but JavaScript: no addon, no Node. */
import type { BpeHandle, BpeSpec, DecoderHandle, EncoderHandle, Kernels, PatternHandle } from '../kernels';
import { BpeModel } from './bpe-model';
import { attentionKernels } from './attention/kernels';
import { assignNearest, assignNearestSync, lloyd } from './clustering/lloyd';
import { leadingEigenvectors, leadingEigenvectorsAsync } from './clustering/leading-eigenvectors';
import { linkClusters, linkClustersAsync } from './clustering/linkage';
import { silhouettes, silhouettesAsync } from './clustering/silhouettes';
import { maxSim, maxSimAsync } from './clustering/max-sim';
import { greatestProducts, products } from './clustering/products';
import { Decoder } from './decoder';
import { MergerVocabulary } from './dynamic/merger-vocabulary';
import { averageRows, routeRows } from './dynamic/chunking';
import { encodePrefixes, encodePrefixesAsync } from './dynamic/prefix-encoder';
import { buildPrefixTrie, buildPrefixTrieAsync, type PrefixTrie } from './dynamic/prefix-trie';
import { gatherRows, sumRows } from './dynamic/rows';
import { mergeTokens, mergeTokensAsync } from './dynamic/token-merger';
import { Encoder } from './encoder';
import { PieceTokenizer } from './piece-tokenizer';
import { JsPattern } from './pattern-matcher';
import { decodeCodes, encodeVectors } from './quantizers/code-vectors';
import { encodeScalars } from './quantizers/scalar-codes';
import { searchLists, searchListsAsync } from './search/search-lists';
import { storeRows } from './search/store-rows';
import { inBackground } from './reduction/background';
import { combineRows, greatestMagnitude, rowLengths, softmaxRows, sparseSquares } from './reduction/combinations';
import { blockSquares, meanSquares } from './reduction/token-blocks';
import { densityPeaks } from './reduction/density-peaks';
import { findMedoids } from './reduction/medoids';
import { groupMeans, joinNearest } from './reduction/joining';
import { fewNearest, meanElu, nearestRows, squaredDistances } from './reduction/nearest';
import { tokenJson } from './token-json';
import { trainBpe } from './training/bpe-trainer';
import { growTokens } from './training/grow-tokens';
import { countSymbols } from './training/word-cells';
import { WordCounter } from './training/word-counter';
import type { PrefixTrieHandle, TokenMergerHandle } from '../dynamic-kernels';
import type { SearchSpec, SearchViewHandle } from '../search-kernels';
import type { WordCounterHandle } from '../training-kernels';
import { xxh64 } from './xxh64';

/** A handle's contents; `null` once it was disposed. */
class Box<T> {
  constructor(public value: T | null) {}
}

/** Handles are boxes whose type the contract hides. */
function box<H>(value: unknown): H {
  return new Box(value) as H;
}

function open<T>(
  handle:
    PatternHandle | BpeHandle | EncoderHandle | DecoderHandle | WordCounterHandle | TokenMergerHandle | PrefixTrieHandle | SearchViewHandle,
): T {
  return (handle as unknown as Box<T>).value!;
}

const REDUCTION = {
  nearestRows,
  joinNearest,
  fewNearest,
  squaredDistances,
  densityPeaks,
  findMedoids,
  meanElu,
  greatestMagnitude,
  rowLengths,
  combineRows,
  groupMeans,
  sparseSquares,
  blockSquares,
  meanSquares,
  softmaxRows,
};

export function createJsKernels(): Kernels {
  const models = new WeakMap<BpeSpec, BpeModel>();
  /** Models that are made from one spec share their tables; they hold nothing between calls. */
  const modelOf = (spec: BpeSpec): BpeModel => {
    let model = models.get(spec);
    if (model === undefined) models.set(spec, (model = new BpeModel(spec)));
    return model;
  };
  return {
    backend: 'js',
    createPattern: (program) => box<PatternHandle>(new JsPattern(program)),
    findMatches: (pattern, text) => open<JsPattern>(pattern).findMatches(text),
    createBpe: (spec, cacheBytes) => box<BpeHandle>(new PieceTokenizer(modelOf(spec), cacheBytes)),
    encodePieces: (model, text, pieceOffsets) => open<PieceTokenizer>(model).encode(text, pieceOffsets),
    fusesSupermerges: false,
    createEncoder: (spec) => box<EncoderHandle>(new Encoder(spec, modelOf(spec.model))),
    encode: (encoder, text, control) => open<Encoder>(encoder).encode(text, control),
    count: (encoder, text, control, limit) => open<Encoder>(encoder).count(text, control, limit),
    lastCut: () => 0,
    encodeBatch: (encoder, text, textOffsets, control) => open<Encoder>(encoder).encodeBatch(text, textOffsets, control),
    ownChunkBytes: Infinity,
    encodeBatchAsync: (encoder, texts, control) => open<Encoder>(encoder).encodeBatchAsync(texts, control),
    createDecoder: (spec) => box<DecoderHandle>(new Decoder(spec)),
    decode: (decoder, ids, skipSpecial) => open<Decoder>(decoder).decode(ids, skipSpecial),
    decodeWellFormed: (decoder, ids, skipSpecial) => open<Decoder>(decoder).decodeWellFormed(ids, skipSpecial),
    decodeText: (decoder, ids, skipSpecial) => open<Decoder>(decoder).decodeText(ids, skipSpecial),
    countingThreads: 1,
    createWordCounter: (spec) => box<WordCounterHandle>(new WordCounter(spec)),
    countTexts: (counter, text, textOffsets) => open<WordCounter>(counter).countTexts(text, textOffsets),
    countFile: null,
    addWords: (counter, words) => open<WordCounter>(counter).add(words),
    counterBytes: (counter) => open<WordCounter>(counter).table.bytes,
    countedWords: (counter) => open<WordCounter>(counter).table.total,
    countSymbols: async (counter, kind) => countSymbols(open<WordCounter>(counter).table, kind),
    distinctWords: (counter) => open<WordCounter>(counter).table.size,
    sortWords: async (counter) => open<WordCounter>(counter).sort(),
    takeSortedWords: (counter, out, most) => open<WordCounter>(counter).takeSorted(out, most),
    addWrittenWords: (counter, bytes, words) => open<WordCounter>(counter).addWritten(bytes, words),
    trainBpe: (counter, spec, control) => {
      const validation = spec.compression && open<WordCounter>(spec.compression.validation).takeTable();
      return trainBpe({ training: open<WordCounter>(counter).takeTable(), validation }, spec, control);
    },
    growTokens,
    sumRows,
    gatherRows,
    routeRows,
    averageRows,
    createPrefixTrie: (bytes, offsets) => box<PrefixTrieHandle>(buildPrefixTrie(bytes, offsets)),
    createPrefixTrieAsync: async (bytes, offsets, signal) => box<PrefixTrieHandle>(await buildPrefixTrieAsync(bytes, offsets, signal)),
    prefixTrieBytes: (trie) => open<PrefixTrie>(trie).bytes,
    encodePrefixes: (trie, run) => encodePrefixes(open<PrefixTrie>(trie), run),
    encodePrefixesAsync: (trie, run, signal) => encodePrefixesAsync(open<PrefixTrie>(trie), run, signal),
    createTokenMerger: (spec) => box<TokenMergerHandle>(new MergerVocabulary(spec)),
    mergeTokens: (merger, run, judge) => mergeTokens(open<MergerVocabulary>(merger), run, judge),
    mergeTokensAsync: (merger, run, judge, signal) => mergeTokensAsync(open<MergerVocabulary>(merger), run, judge, signal),
    lloyd,
    assignNearest,
    assignNearestSync,
    products,
    greatestProducts,
    leadingEigenvectors,
    leadingEigenvectorsAsync,
    linkClusters,
    linkClustersAsync,
    silhouettes,
    silhouettesAsync,
    maxSim,
    encodeVectors,
    decodeCodes,
    encodeScalars,
    createSearchView: (spec) => box<SearchViewHandle>(spec),
    storeRows: (view, call, control) => storeRows(open<SearchSpec>(view), call, control),
    searchLists: (view, call, out) => searchLists(open<SearchSpec>(view), call, out),
    searchListsAsync: (view, call, out, signal) => searchListsAsync(open<SearchSpec>(view), call, out, signal),
    maxSimAsync,
    ...REDUCTION,
    background: inBackground({ ...REDUCTION, products }),
    ...attentionKernels,
    bpeTables: () => null,
    encoderTables: () => null,
    modelScanner: null,
    tokenJson,
    checksum: xxh64,
    allocate: (size) => new Uint8Array(size),
    roomFor: (count) => new Float32Array(count),
    readFile: () => null,
    readAhead: () => {},
    mapFile: () => null,
    dispose: (handle) => {
      (handle as unknown as Box<unknown>).value = null;
    },
  };
}
