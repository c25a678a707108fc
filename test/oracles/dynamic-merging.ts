/**
 * The rules of "Retrofitting Large Language Models with Dynamic Tokenization" (arXiv 2411.18553), word for word: all pairs are counted anew before every
 * merge. Tokens are strings; a token is known by its string.
 */

export interface OracleToken {
  readonly text: string;
  /** Never merged. */
  readonly special: boolean;
}

export interface OracleRules {
  readonly merges: number;
  readonly minCount: number;
  /** From this merge on, only special tokens block. Infinity: never. */
  readonly freeAfter: number;
  /** Of two texts that are neighbours: whether they may be merged. */
  isValid(left: string, right: string): boolean;
}

/** Merges a batch. Gives the tokens' texts of each sequence, and (left, right, occurrences) of each merge. */
export function mergeBatch(
  batch: ReadonlyArray<readonly OracleToken[]>,
  rules: OracleRules,
): { sequences: string[][]; merges: Array<[string, string, number]> } {
  let sequences = batch.map((sequence) => sequence.slice());
  const merges: Array<[string, string, number]> = [];
  let free = rules.freeAfter === 0;
  while (merges.length < rules.merges) {
    if (merges.length >= rules.freeAfter) free = true;
    const best = mostFrequent(sequences, rules, free);
    if (best === null) {
      if (free || rules.freeAfter === Infinity) break;
      free = true;
      continue;
    }
    let occurrences = 0;
    sequences = sequences.map((sequence) => {
      const merged: OracleToken[] = [];
      for (let i = 0; i < sequence.length; i++) {
        if (i + 1 < sequence.length && stands(sequence, i, best)) {
          merged.push({ text: best[0] + best[1], special: false });
          occurrences++;
          i++;
        } else merged.push(sequence[i]);
      }
      return merged;
    });
    merges.push([...best, occurrences]);
  }
  return { sequences: sequences.map((sequence) => sequence.map(({ text }) => text)), merges };
}

function stands(sequence: readonly OracleToken[], at: number, [left, right]: readonly [string, string]): boolean {
  const [a, b] = [sequence[at], sequence[at + 1]];
  return !a.special && !b.special && a.text === left && b.text === right;
}

/** Of equal counts, the pair that was met first. */
function mostFrequent(sequences: readonly OracleToken[][], rules: OracleRules, free: boolean): readonly [string, string] | null {
  const counts = new Map<string, { pair: readonly [string, string]; count: number }>();
  for (const sequence of sequences) {
    for (let i = 0; i + 1 < sequence.length; i++) {
      const [left, right] = [sequence[i], sequence[i + 1]];
      if (left.special || right.special || !(free || rules.isValid(left.text, right.text))) continue;
      const key = `${left.text}\0${right.text}`;
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { pair: [left.text, right.text], count: 1 });
      else known.count++;
    }
  }
  let best: { pair: readonly [string, string]; count: number } | null = null;
  for (const candidate of counts.values())
    if (candidate.count >= rules.minCount && (best === null || candidate.count > best.count)) best = candidate;
  return best?.pair ?? null;
}

/** Whether a word-start or newline mark stands where it must not; in GPT-2's alphabet, or as text. */
export function breaksAtMark(text: string): boolean {
  const marks = (part: string): number => [...part].filter((character) => 'ĠĊĉ▁ \n\t'.includes(character)).length;
  const newlines = [...text].filter((character) => character === 'Ċ' || character === '\n').length;
  return newlines >= 2 || (marks([...text].slice(1).join('')) > 0 && marks(text) < [...text].length);
}
