import { type CandidateLimits, type LivePair, LivePairs, PairCandidates } from './live-pairs';
import type { TokenStrings } from './token-strings';
import type { WordCells } from './word-cells';

/** Merges for each token of the vocabulary, after which training ends: with low thresholds the same tokens can come and go for ever. */
const MOST_MERGES = 16;

export interface PickyLimits extends CandidateLimits {
  readonly vocabSize: number;
  /** See `BpeTrainingSpec.removalThreshold`. */
  readonly threshold: number;
}

/** What a token was made of when it first came up; null: it was there at first. */
type Parts = readonly [left: number, right: number] | null;

/** From words to merges and removals (PickyBPE). Twin of native/include/merganser/training/picky_phase.hpp. */
export class PickyPhase {
  /** left, right, product ids in order. */
  readonly merges: number[] = [];
  readonly mergeCounts: number[] = [];
  /** For each removal: number of merges before it, token, number of parts, parts. */
  readonly removals: number[] = [];
  private readonly pairs: LivePairs;
  private readonly candidates: PairCandidates;
  private readonly present: boolean[];
  private readonly parts: Parts[];
  private presentCount: number;
  private readonly startCount: number;

  constructor(
    words: WordCells,
    private readonly tokens: TokenStrings,
    symbolIds: Uint32Array,
    private readonly limits: PickyLimits,
  ) {
    this.startCount = this.presentCount = tokens.size;
    this.present = new Array<boolean>(tokens.size).fill(true);
    this.parts = new Array<Parts>(tokens.size).fill(null);
    this.pairs = new LivePairs(words, tokens.size, symbolIds, true);
    this.candidates = new PairCandidates(this.pairs, limits);
  }

  /** Tokens more than at first. */
  get progress(): number {
    return this.presentCount - this.startCount;
  }

  /** Makes so many merges. false: nothing is left to do. */
  run(merges: number): boolean {
    const { vocabSize } = this.limits;
    for (let i = 0; i < merges; i++) {
      if (this.presentCount >= vocabSize || this.mergeCounts.length >= MOST_MERGES * vocabSize) return false;
      this.candidates.renew();
      const pair = this.candidates.pop();
      if (pair === null) return false;
      this.merge(pair);
    }
    return true;
  }

  private merge({ left, right, count }: LivePair): void {
    const known = this.tokens.size;
    const product = this.tokens.join(left, right);
    if (product === known) {
      this.pairs.addToken();
      this.present.push(false);
      this.parts.push([left, right]);
    }
    if (!this.present[product]) this.presentCount++;
    this.present[product] = true;
    this.merges.push(left, right, product);
    this.mergeCounts.push(count);
    const merged = this.pairs.merge(left, right, product);
    this.removeIfMostlyMerged(left, merged);
    if (left !== right) this.removeIfMostlyMerged(right, merged);
  }

  private removeIfMostlyMerged(token: number, merged: number): void {
    if (this.parts[token] === null || !(merged / (this.pairs.frequency(token) + merged) > this.limits.threshold)) return;
    this.present[token] = false;
    this.presentCount--;
    const parts = this.presentParts(token);
    this.removals.push(this.mergeCounts.length, token, parts.length, ...parts);
    this.pairs.split(token, parts);
  }

  /** The tokens that are there, of those that a token was made of. */
  private presentParts(token: number): number[] {
    if (this.present[token]) return [token];
    const [left, right] = this.parts[token]!;
    return [...this.presentParts(left), ...this.presentParts(right)];
  }
}
