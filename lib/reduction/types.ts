import type { BackendName } from '../backend/kernels';
import type { Float32Vectors } from '../clustering/matrix';

/** Tokens of one sequence, [tokens, length], or of several equally long ones, [sequences, tokens, length]. */
export interface TokenBatch {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Rows of all sequences, one sequence after the other. */
export interface ReducedTokens extends Float32Vectors {
  /** sequences + 1 entries, in rows. */
  readonly offsets: Uint32Array;
}

interface CommonOptions {
  /** What each token stands for already, one number per token of all sequences: merged tokens are means with these weights. Default 1 each. */
  readonly size?: ArrayLike<number>;
  /**
   * Position of each token, `width` numbers each (t, h, w, for example): every reduced token keeps `keep` of its members' positions, taken from the end of its
   * members and from the end again where those are fewer.
   */
  readonly positions?: { readonly data: ArrayLike<number>; readonly width: number; readonly keep?: number };
  readonly backend?: BackendName;
}

/** Which part of the tokens goes, or how many. */
interface Amount {
  /** Part of the tokens that is taken away, 0 … 1. */
  readonly ratio?: number;
  /** How many tokens are taken away. Instead of `ratio`. */
  readonly remove?: number;
}

interface Matching extends CommonOptions {
  /** What similarity is judged by (the mean of keys over heads in ToMe); default: the tokens. */
  readonly metric?: TokenBatch;
  /** Places of tokens, in every sequence, that are left alone: a class token, for example. */
  readonly protect?: ArrayLike<number>;
}

/** Which tokens others can go to. */
interface OnALine {
  /** The last of so many tokens is a destination, the others are candidates. Default 2: tokens at even places go to ones at odd places. With k more of them can go: (k − 1) / k. */
  readonly every?: number;
  /** Destinations at random places among their `every` tokens, from this seed, 0 … 2³² − 1. */
  readonly seed?: number;
}

/**
 * Bipartite soft matching (Bolya et al. 2023): candidates go to the most similar destination, the most similar pairs first. 'tofu': the merged token's length is the greatest of its members'.
 */
export interface TomeOptions extends Matching, Amount, OnALine {
  readonly method: 'tome' | 'tofu';
}

/** As 'tome', but all pairs at least as similar as `threshold` (a cosine) merge, however many there are. */
export interface ThresholdOptions extends Matching, OnALine {
  readonly method: 'threshold';
  readonly threshold: number;
}

/**
 * Matching on a grid (Bolya & Hoffman 2023): each cell of sy × sx has one destination, all other tokens are candidates, and so are those of cells that the grid's lower and right edges cut off.
 */
export interface TomeGridOptions extends Matching, Amount {
  readonly method: 'tome-grid';
  /** Rows and columns; the tokens are row by row. */
  readonly grid: readonly [number, number];
  /** Height and width of a cell. Default 2 × 2. */
  readonly cell?: readonly [number, number];
  /** Destinations at random places of their cells, from this seed; default: at the first place. */
  readonly seed?: number;
}

/** Density peaks with k nearest neighbours (TCFormer, Chat-UniVi): tokens that are dense and far from denser ones become centres. */
export interface DpcKnnOptions extends CommonOptions {
  readonly method: 'dpc-knn';
  readonly clusters: number;
  /** Default 5, the token itself included. */
  readonly neighbours?: number;
}

/** Merges where tokens are redundant (Tran et al. 2024): energy is the mean over all tokens of ELU(cosine − margin). */
export interface PitomeOptions extends Matching, Amount {
  readonly method: 'pitome';
  /** Default 0.9 − 0.9 · layer / layers, which is 0.9 for the first. */
  readonly margin?: number;
}

/** Keeps what a class token attends to, and gathers the rest around evenly spaced targets (Yang et al. 2024). Means are plain ones: `size` does not go with it. */
export interface VisionZipOptions extends Omit<Matching, 'protect' | 'size'> {
  readonly method: 'visionzip';
  /** Attention of each token of all sequences. */
  readonly attention: ArrayLike<number>;
  readonly dominant: number;
  readonly contextual: number;
}

/** Clustering of a grid of tokens towards its cells (Liang et al. 2022, Expedit); `unmerge` reconstructs from the nearest centres. Its weights are its own: `size` does not go with it. */
export interface ExpeditOptions extends Omit<CommonOptions, 'size'> {
  readonly method: 'expedit';
  readonly grid: readonly [number, number];
  readonly target: readonly [number, number];
  /** Default 5. */
  readonly iterations?: number;
  /** Cells that a token looks at, in each direction; odd. Default 5. */
  readonly window?: number;
  /**
   * Multiplies squared distances. 'auto': one over the median of those from tokens to the cells they look at first, which counts as no less than 2⁻¹⁶ of the greatest token's squared length (less is
   * rounding, where most tokens are equal). Default 0.02.
   */
  readonly temperature?: number | 'auto';
  /** Centres that a token is reconstructed from, and any as near as the last of them. Default 20. */
  readonly nearest?: number;
  /** How their weights are normalised: sum 1 (default), or length 1 as in the authors' code. */
  readonly normalization?: 'l1' | 'l2';
}

/** Tokens that stand for the others (Zhao et al. 2022, CenterCLIP): deterministic k-medoids. */
export interface KMedoidsOptions extends CommonOptions {
  readonly method: 'k-medoids';
  readonly clusters: number;
  /** 'cosine': 1 − cosine; tokens of zeros are at 1 from all others, and at 0 from each other. Default 'euclidean'. */
  readonly distance?: 'euclidean' | 'cosine';
  /** Default 100. */
  readonly maxIterations?: number;
}

/** k-medoids of the rows of the graph's leading eigenvectors (Zhao et al. 2022, CenterCLIP): clusters of any shape. Tokens stand for the others, in order. */
export interface SpectralMedoidsOptions extends CommonOptions {
  readonly method: 'spectral';
  readonly clusters: number;
  /** Affinity is exp(−distance² / 2σ²). Default 2. */
  readonly sigma?: number;
  /** Only so many nearest tokens, besides itself, are neighbours, from either side (the authors' code counts the token itself, too). Default: all tokens are. */
  readonly neighbours?: number;
  /** Only tokens that are near in frames, rows and columns (the tokens stand in this order) are neighbours. */
  readonly locality?: {
    readonly grid: readonly [number, number, number];
    /** Frames, and rows or columns, that a token looks at, itself in the middle; odd. Default 7 and 9. */
    readonly window?: readonly [number, number];
  };
}

export type ReduceOptions =
  | TomeOptions
  | ThresholdOptions
  | TomeGridOptions
  | DpcKnnOptions
  | PitomeOptions
  | VisionZipOptions
  | ExpeditOptions
  | KMedoidsOptions
  | SpectralMedoidsOptions;

export interface Reduction {
  readonly tokens: ReducedTokens;
  /** What was done to the tokens, done to other values of theirs: any number of numbers per token. Values that are not finite are not refused, and make others that are not. */
  readonly merge: (values: Float32Array) => Float32Array;
  /** Values of reduced tokens, back to the tokens that they stand for. */
  readonly unmerge: (values: Float32Array) => Float32Array;
  /** The same in the background. Reject with ABORTED besides. */
  readonly mergeAsync: (values: Float32Array, control?: { readonly signal?: AbortSignal }) => Promise<Float32Array>;
  readonly unmergeAsync: (values: Float32Array, control?: { readonly signal?: AbortSignal }) => Promise<Float32Array>;
  /** For each token the reduced token of its sequence that it went to. */
  readonly source: Uint32Array;
  /** What each reduced token stands for. Adding its logarithm to attention scores makes attention proportional. */
  readonly size: Float32Array;
  /** Where asked for: `keep` positions of each reduced token, one after the other. */
  readonly positions: Float64Array | null;
}
