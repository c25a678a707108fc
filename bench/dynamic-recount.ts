/**
 * The paper's rules in the straightforward way: every merge counts all pairs anew. Tokens are their strings' numbers; verdicts are remembered. The same program
 * as dynamic-recount.py.
 */
export interface RecountInput {
  /** Sequences of token strings' numbers. */
  readonly sequences: number[][];
  /** Strings in GPT-2's alphabet. */
  readonly strings: string[];
  readonly merges: number;
  readonly isValid: (text: string) => boolean;
}

/** Total number of tokens after the merges. */
export function recount({ sequences, strings, merges, isValid }: RecountInput): number {
  const texts = [...strings];
  const numbers = new Map(texts.map((text, number) => [text, number]));
  const verdicts = new Map<string, boolean>();
  const allowed = (left: number, right: number): boolean => {
    const text = texts[left] + texts[right];
    let verdict = verdicts.get(text);
    if (verdict === undefined) verdicts.set(text, (verdict = isValid(text)));
    return verdict;
  };
  let batch = sequences;
  for (let merge = 0; merge < merges; merge++) {
    const counts = new Map<number, number>();
    for (const sequence of batch) {
      for (let i = 0; i + 1 < sequence.length; i++) {
        const key = sequence[i] * 2 ** 26 + sequence[i + 1];
        const count = counts.get(key);
        if (count !== undefined) counts.set(key, count + 1);
        else if (allowed(sequence[i], sequence[i + 1])) counts.set(key, 1);
      }
    }
    let best = -1;
    let most = 0;
    for (const [key, count] of counts) if (count > most) [best, most] = [key, count];
    if (best < 0) break;
    const [left, right] = [Math.floor(best / 2 ** 26), best % 2 ** 26];
    const text = texts[left] + texts[right];
    let product = numbers.get(text);
    if (product === undefined) numbers.set(text, (product = texts.push(text) - 1));
    batch = batch.map((sequence) => {
      const merged: number[] = [];
      for (let i = 0; i < sequence.length; i++) {
        if (sequence[i] === left && sequence[i + 1] === right) {
          merged.push(product);
          i++;
        } else merged.push(sequence[i]);
      }
      return merged;
    });
  }
  return batch.reduce((sum, sequence) => sum + sequence.length, 0);
}
