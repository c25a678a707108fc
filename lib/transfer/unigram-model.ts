/** A Unigram model (Kudo: Subword Regularization, ACL 2018): of all ways to cut a text into tokens the one with the greatest sum of scores. */

export interface Segmentation {
  readonly score: number;
  readonly ids: readonly number[];
}

/** A way to a place in the text: over which token, from which way to where that token begins. */
interface Way {
  readonly score: number;
  readonly id: number;
  readonly before: Way | null;
}

export class UnigramModel {
  private readonly ids = new Map<string, number>();
  /** Longest token, in UTF-16 units. */
  private readonly longest: number;

  /** `tokens[id]`; empty ones are left out. `scores` are read whenever they are needed. */
  constructor(
    tokens: readonly string[],
    private readonly scores: Float64Array,
  ) {
    let longest = 0;
    tokens.forEach((token, id) => {
      if (token === '' || this.ids.has(token)) return;
      this.ids.set(token, id);
      longest = Math.max(longest, token.length);
    });
    this.longest = longest;
  }

  /** The ids of all tokens that stand somewhere in the text, once for each place. */
  *substrings(text: string): Generator<number> {
    for (let start = 0; start < text.length; start++) {
      for (let end = start + 1; end <= Math.min(text.length, start + this.longest); end++) {
        const id = this.ids.get(text.slice(start, end));
        if (id !== undefined) yield id;
      }
    }
  }

  /** The best segmentation; null: there is none. Of equal ones that whose last token is longest. */
  best(text: string): Segmentation | null {
    return this.nBest(text, 1)[0] ?? null;
  }

  /** The best segmentations, the best first. */
  nBest(text: string, count: number): Segmentation[] {
    const ways: Way[][] = [[]];
    for (let end = 1; end <= text.length; end++) {
      const here: Way[] = [];
      for (let start = Math.max(0, end - this.longest); start < end; start++) {
        const id = this.ids.get(text.slice(start, end));
        if (id === undefined) continue;
        if (start === 0) insert(here, { score: this.scores[id], id, before: null }, count);
        for (const before of ways[start]) {
          const score = before.score + this.scores[id];
          if (here.length === count && score <= here[count - 1].score) break;
          insert(here, { score, id, before }, count);
        }
      }
      ways.push(here);
    }
    return ways[text.length].map((way) => ({ score: way.score, ids: idsOf(way) }));
  }

  score(ids: readonly number[]): number {
    return ids.reduce((sum, id) => sum + this.scores[id], 0);
  }
}

/** Keeps the best ones, in order; of equal ones the first stays before. */
function insert(best: Way[], way: Way, count: number): void {
  let at = best.length;
  while (at > 0 && best[at - 1].score < way.score) at--;
  if (at >= count) return;
  best.splice(at, 0, way);
  if (best.length > count) best.pop();
}

function idsOf(way: Way): number[] {
  const ids: number[] = [];
  for (let at: Way | null = way; at !== null; at = at.before) ids.push(at.id);
  return ids.reverse();
}
