import { type CandidateLimits, type LivePair, LivePairs, PairCandidates } from './live-pairs';
import type { StreamSize } from './stream-size';
import type { TokenStrings } from './token-strings';
import type { WordCells } from './word-cells';

/** Smaller differences, in bits, are none. */
const SAME = 1e-6;

export interface CompressionLimits extends CandidateLimits {
  readonly vocabSize: number;
  /** How many pairs are compared. */
  readonly candidates: number;
}

/** From counted words to merges that make other text small. Twin of native/include/merganser/training/compression_phase.hpp. */
export class CompressionPhase {
  /** left, right, product ids in order. */
  readonly merges: number[] = [];
  readonly mergeCounts: number[] = [];
  private readonly pairs: LivePairs;
  private readonly validation: LivePairs;
  private readonly candidates: PairCandidates;

  constructor(
    words: { readonly training: WordCells; readonly validation: WordCells },
    private readonly tokens: TokenStrings,
    symbolIds: Uint32Array,
    private readonly limits: CompressionLimits,
    /** Of the validation words, those of one symbol too. */
    private readonly size: StreamSize,
  ) {
    this.pairs = new LivePairs(words.training, tokens.size, symbolIds, false);
    this.validation = new LivePairs(words.validation, tokens.size, symbolIds, false);
    this.candidates = new PairCandidates(this.pairs, limits);
  }

  /** Merges so far. */
  get progress(): number {
    return this.mergeCounts.length;
  }

  /** Makes so many merges. false: nothing is left to do. */
  run(merges: number): boolean {
    for (let i = 0; i < merges; i++) {
      if (this.tokens.size >= this.limits.vocabSize) return false;
      const pair = this.choose();
      if (pair === null) return false;
      this.merge(pair);
    }
    return true;
  }

  /** Of pairs that are equally good the most frequent; null: there is none. */
  private choose(): LivePair | null {
    this.candidates.renew();
    // A pair can wait several times with one count.
    const compared = new Set<LivePair>();
    while (compared.size < this.limits.candidates) {
      const pair = this.candidates.pop();
      if (pair === null) break;
      compared.add(pair);
    }
    let best: LivePair | null = null;
    let least = Infinity;
    for (const pair of compared) {
      const bits = this.change(pair);
      if (bits < least - SAME) [best, least] = [pair, bits];
    }
    for (const pair of compared) if (pair !== best) this.candidates.push(pair);
    return best;
  }

  /** As if the product were a new token. */
  private change({ left, right }: LivePair): number {
    const windows = this.validation.count(left, right);
    const count = left === right ? Math.min(windows, Math.floor(this.validation.frequency(left) / 2)) : windows;
    return this.size.change(left, right, this.tokens.size, count);
  }

  private merge({ left, right, count }: LivePair): void {
    const known = this.tokens.size;
    const product = this.tokens.join(left, right);
    if (product === known) {
      this.pairs.addToken();
      this.validation.addToken();
    }
    this.merges.push(left, right, product);
    this.mergeCounts.push(count);
    this.pairs.merge(left, right, product);
    const merged = this.validation.merge(left, right, product);
    this.validation.risen.clear();
    this.size.add(left, -merged);
    this.size.add(right, -merged);
    this.size.add(product, merged);
  }
}
