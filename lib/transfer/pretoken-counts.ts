/** The pretokens of texts, with their counts and with the tokens that a tokenizer makes of them. */
import type { Tokenizer } from '../tokenizer/tokenizer';
import type { TextInput } from '../tokenizer/types';

export interface Pretoken {
  /** As the model sees it: its tokens' strings, one after the other. */
  readonly text: string;
  readonly ids: readonly number[];
  count: number;
}

export class PretokenCounts {
  private readonly pretokens = new Map<string, Pretoken>();

  /** Pretokens that hold a token of `without`, or more than `longest` characters, are left out. */
  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly without: ReadonlySet<number>,
    private readonly longest: number,
  ) {}

  add(text: TextInput): void {
    const { ids, tokens, wordIds } = this.tokenizer.encodeFull(text, { addSpecialTokens: false, allowedSpecial: 'none' });
    for (let start = 0, end; start < ids.length; start = end) {
      end = start + 1;
      while (end < ids.length && wordIds[end] === wordIds[start]) end++;
      this.count(ids.subarray(start, end), tokens.slice(start, end).join(''));
    }
  }

  /** The most frequent first; of equal counts the one that was met first. */
  byFrequency(): Pretoken[] {
    return [...this.pretokens.values()].sort((a, b) => b.count - a.count);
  }

  private count(ids: Uint32Array, text: string): void {
    const known = this.pretokens.get(text);
    if (known !== undefined) known.count++;
    else if (text.length <= this.longest && !ids.some((id) => this.without.has(id)))
      this.pretokens.set(text, { text, ids: Array.from(ids), count: 1 });
  }
}
