/** The public surface of merganser. */
export { backendInfo } from './backend/select';
export type { BackendInfo, CudaDeviceInfo, CudaInfo } from './backend/info';
export type { BackendName } from './backend/kernels';
export {
  chunkRows,
  ChunkStepper,
  dechunkRows,
  ratioLoss,
  routeChunks,
  upsampleRows,
  type Chunks,
  type Routing,
} from './dynamic/chunking/chunking';
export { packRows, padRows, poolSegments, type Pooling } from './dynamic/chunking/pooling';
export { attendSegments, firstRows, prefixSegments, wordSegments, type SegmentAttentionOptions } from './dynamic/chunking/words';
export { DynamicBatch } from './dynamic/dynamic-batch';
export { DynamicTokenizer } from './dynamic/dynamic-tokenizer';
export { LongestPrefixEncoder, type LongestPrefixEncodeOptions, type LongestPrefixOptions, type TokenList } from './dynamic/longest-prefix';
export { MergeSampler, type MergeSamplerOptions, type ReductionDistribution } from './dynamic/merge-sampler';
export { NextTokenIndex, type NextTokenIndexOptions, type NextTokens } from './dynamic/next-token-index';
export { ReductionTable, type ReductionTableOptions } from './dynamic/reduction-table';
export { ComposedEmbedder, type CompositionMethod } from './dynamic/embeddings/composition';
export { DynamicEmbeddings, type DynamicEmbeddingsOptions } from './dynamic/embeddings/dynamic-embeddings';
export { FocusEmbedder, type FocusOptions } from './dynamic/embeddings/focus';
export { OnnxHypernetwork, type OnnxHypernetworkOptions, type OnnxRuntime, type OnnxSession } from './dynamic/embeddings/hypernetwork';
export { TokenAdaptEmbedder, type TokenAdaptOptions } from './dynamic/embeddings/token-adapt';
export type { FloatTensor, TextEmbedder, TokenEmbedder, TokensToEmbed } from './dynamic/embeddings/types';
export type {
  AsyncDynamicEncodeOptions,
  AsyncMergeOptions,
  DynamicEncodeOptions,
  DynamicTokenizerOptions,
  MergeBoundary,
  MergeOptions,
  NewTokens,
} from './dynamic/types';
export { ClusteredContext } from './attention/context/clustered-context';
export type { DecodingSteps } from './attention/context/decoding-steps';
export type {
  AppendContextOptions,
  AttendOptions,
  AttendResult,
  ContextCalibrationOptions,
  ClusterEstimate,
  ContextClusterOptions,
  ContextClusters,
  ContextOptions,
  ContextProgress,
  ContextThresholds,
  DecodingOptions,
  KeptClusters,
  LoadContextOptions,
  LookupType,
  SaveContextOptions,
} from './attention/context/types';
export type { AttentionTensor } from './attention/tensors';
export {
  centroidScores,
  centroidScoresSync,
  quantizeCentroids,
  selectClusters,
  type Centroids,
  type CentroidScoreOptions,
  type ChosenClusters,
  type ClusterChoice,
} from './attention/centroid-lookup';
export { flashAttention, flashAttentionSync } from './attention/flash-attention';
export { mergeAttention } from './attention/merge-attention';
export { sparseAttention, sparseAttentionSync } from './attention/sparse-attention';
export type {
  AttentionAsyncOptions,
  AttentionLayout,
  AttentionOptions,
  AttentionResult,
  FlashAttentionOptions,
  Float32Tensor,
  SparseAttentionOptions,
  SparseKeys,
} from './attention/types';
export { majorityOfBest } from './classification/majority';
export { NearestCentroid } from './classification/nearest-centroid';
export type { AsyncClassificationOptions, ClassificationOptions, ClassLabel, NearestCentroidOptions } from './classification/types';
export { agglomerate, agglomerateAsync, cutDendrogram, type AgglomerateOptions, type Dendrogram } from './clustering/agglomerative';
export type { Linkage } from './backend/clustering-kernels';
export { hdbscan, hdbscanAsync, type HdbscanOptions, type HdbscanResult } from './clustering/hdbscan';
export { compareLabels, compareLabelsAsync, type LabelAgreement } from './clustering/indices';
export {
  daviesBouldin,
  daviesBouldinAsync,
  silhouette,
  silhouetteAsync,
  silhouetteOfDistances,
  silhouetteOfDistancesAsync,
  type AsyncSilhouetteOptions,
  type DaviesBouldinControl,
  type SilhouetteOptions,
} from './clustering/point-indices';
export { appendPoints, assignToCentroids, kmeans, type AppendOptions } from './clustering/kmeans';
export type { Float32Vectors, Vectors } from './clustering/matrix';
export { maxSim, maxSimAsync, searchByMaxSim, type MaxSimHits, type MaxSimOptions, type VectorSequences } from './clustering/max-sim';
export { poolVectors, poolVectorsAsync, type PooledVectors, type PoolOptions } from './clustering/multi-vector';
export { nestedClusters, type NestedLevel, type NestedOptions } from './clustering/nested';
export { fitPositionalSubspace, PositionalSubspace, type PositionalOptions } from './clustering/positional-subspace';
export { poolSequences, type PooledSequences, type SequencePoolOptions } from './clustering/sequence-pooling';
export { sinkhorn, sinkhornAsync, type SinkhornOptions } from './clustering/sinkhorn';
export type { Members } from './clustering/members';
export { spectralClusters, type Affinity, type SpectralOptions } from './clustering/spectral';
export { subspaceClusters, type SubspaceOptions } from './clustering/subspace';
export type { InitializationName, KMeansInitialization, KMeansOptions, KMeansProgress, KMeansResult } from './clustering/types';
export { MerganserError, type MerganserErrorCode } from './errors';
export { poolEmbeddings, poolEmbeddingsAsync, type EmbeddingPoolOptions } from './pooling/embedding-pooling';
export type { HiddenStates } from './pooling/hidden-states';
export { LatentPooling, type LatentPoolingWeights } from './pooling/latent-pooling';
export type { LinearWeights, NormWeights } from './pooling/layers';
export { FiniteScalarQuantizer } from './quantizers/finite-scalar-quantizer';
export { KMeansQuantizer } from './quantizers/kmeans-quantizer';
export { loadQuantizer, quantizerFromBytes } from './quantizers/load-quantizer';
export {
  codeStatistics,
  evaluateQuantizer,
  unitAgreement,
  type CodeStatistics,
  type QuantizerMetrics,
  type UnitAgreement,
} from './quantizers/metrics';
export { ProductQuantizer, type ProductTraining } from './quantizers/product-quantizer';
export { ResidualQuantizer, type ResidualTraining } from './quantizers/residual-quantizer';
export type { Codes, CodingOptions, Quantizer, QuantizerKind, QuantizerProgress, QuantizerTraining } from './quantizers/types';
export { cascade, cascadeAsync } from './reduction/cascade';
export { positionRows, rotaryChunks } from './reduction/positions';
export { transformerMacs, type ReducedLayers, type TransformerShape } from './reduction/cost';
export { reduce, reduceAsync, type ReductionControl } from './reduction/reduce';
export { removalSchedule } from './reduction/schedule';
export { clusterSegments, clusterSegmentsAsync, type SegmentedFrames, type SegmentOptions } from './reduction/segments';
export type {
  DpcKnnOptions,
  ExpeditOptions,
  KMedoidsOptions,
  PitomeOptions,
  ReducedTokens,
  ReduceOptions,
  Reduction,
  SpectralMedoidsOptions,
  ThresholdOptions,
  TokenBatch,
  TomeGridOptions,
  TomeOptions,
  VisionZipOptions,
} from './reduction/types';
export type {
  AsyncVectorSearchOptions,
  IndexCalibrationOptions,
  CalibrationPoint,
  IdFilter,
  LoadIndexOptions,
  VectorIndexOptions,
  VectorIndexProgress,
  VectorMetric,
  VectorSearchOptions,
  VectorSearchResult,
  VectorStorage,
} from './search/types';
export { VectorIndex } from './search/vector-index';
export { BUNDLED_ENCODINGS, type BundledEncoding } from './tokenizer/encodings/load-ranks';
export type { DecodeStream } from './tokenizer/decode-stream';
export type { TextSource } from './tokenizer/encode-source';
export type { Ids } from './tokenizer/token-decoder';
export { Tokenizer } from './tokenizer/tokenizer';
export type {
  AddedToken,
  AllowedSpecial,
  AsyncEncodeOptions,
  BatchEncodeOptions,
  CachedLoadOptions,
  CountOptions,
  DecodeOptions,
  EncodeOptions,
  Encoding,
  HubOptions,
  LoadOptions,
  Padding,
  RaggedTokens,
  TextInput,
  TiktokenOptions,
  TruncateOptions,
  Truncation,
  VocabMergesOptions,
} from './tokenizer/types';
export { transferEmbeddings, type SharedTokens, type TransferOptions, type TransferredEmbeddings } from './transfer/transfer-embeddings';
export type { LinearSolution, LinearSolver } from './transfer/margin-program';
export {
  unigramAgreement,
  unigramify,
  type Agreement,
  type UnigramifyOptions,
  type UnigramifyProgress,
  type UnigramTokenizer,
} from './transfer/unigramify';
export { vocabularyOverlap, type OverlapMatch, type VocabularyOverlap } from './transfer/vocabulary-overlap';
export { removeCheckpoint } from './training/merge-checkpoint';
export { countPretokens, type CountPretokensOptions } from './training/count-pretokens';
export { extendTokenizer, type ExtendOptions } from './training/extend-tokenizer';
export { trainBpe, type TrainedTokenizer } from './training/train-bpe';
export type {
  CheckpointOptions,
  CountingOptions,
  CompressionOptions,
  PickyOptions,
  RandomSpans,
  SuperwordOptions,
  TrainingCounts,
  TrainingFiles,
  TrainingInput,
  TrainingOptions,
  TrainingProgress,
  TrainingReport,
  TrainingTexts,
} from './training/types';
