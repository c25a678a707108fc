/** The paper's rules with Hugging Face's pre-tokenizers as judges, beside merganser's own answer in the same form. */
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import type { DynamicBatch, MergeBoundary, RaggedTokens, Tokenizer } from '../../lib/index';
import { alphabetByte } from '../../lib/tokenizer/byte-alphabet';
import { breaksAtMark, mergeBatch, type OracleToken } from '../oracles/dynamic-merging';

export interface Merged {
  readonly sequences: string[][];
  readonly merges: Array<[string, string, number]>;
}

export interface OracleLimits {
  readonly merges: number;
  readonly minCount?: number;
  readonly freeAfter?: number;
}

/** Python's white space, where U+FEFF is none. */
const WHITE_SPACE = /(?:(?!\ufeff)[\s\x1c-\x1f\x85])+/u;
const PUNCTUATION = /[!-/:-@[-`{-~\p{P}]/u;

export class MergeOracle {
  private readonly theirs: HuggingFaceTokenizer;
  private readonly verdicts = new Map<string, boolean>();

  constructor(
    definition: string,
    private readonly tokenizer: Tokenizer,
    private readonly byteLevel: boolean,
    private readonly boundary: MergeBoundary,
  ) {
    this.theirs = HuggingFaceTokenizer.fromString(definition);
  }

  merge({ values, offsets }: RaggedTokens, { merges, minCount = 1, freeAfter }: OracleLimits): Merged {
    const sequences = Array.from({ length: offsets.length - 1 }, (_, i) =>
      Array.from(values.subarray(offsets[i], offsets[i + 1]), (id) => this.token(id)),
    );
    const free = freeAfter ?? (this.boundary === 'sentence' ? 0 : Infinity);
    return mergeBatch(sequences, { merges, minCount, freeAfter: free, isValid: (left, right) => this.isValid(left, right) });
  }

  token(id: number): OracleToken {
    const text = this.tokenizer.idToToken(id)!;
    const special = this.tokenizer.addedTokens.some((token) => token.special && token.id === id);
    const byte = this.byteLevel ? null : /^<0x([0-7][0-9A-F])>$/.exec(text);
    return { text: byte === null ? text : String.fromCharCode(Number.parseInt(byte[1], 16)), special };
  }

  private isValid(left: string, right: string): boolean {
    const key = `${left}\0${right}`;
    let verdict = this.verdicts.get(key);
    if (verdict === undefined) this.verdicts.set(key, (verdict = this.judge(left, right)));
    return verdict;
  }

  private judge(left: string, right: string): boolean {
    if (breaksAtMark(left + right)) return false;
    const text = this.decoded(left + right);
    if (text === null) return true;
    if (this.boundary === 'pretokens' || this.boundary === 'superword') return this.pieces(text) === 1;
    const words = text.replaceAll('▁', ' ').split(WHITE_SPACE);
    if (words.filter((word) => word !== '').length !== 1) return false;
    if (this.boundary === 'word') return true;
    const [before, after] = [this.decoded(left) ?? '\ufffd', this.decoded(right) ?? '\ufffd'];
    return PUNCTUATION.test([...before].at(-1)!) || !PUNCTUATION.test([...after][0]) || after === '-';
  }

  private pieces(text: string): number {
    const preTokenizer = this.theirs.getPreTokenizer();
    return preTokenizer === null ? 1 : preTokenizer.preTokenizeString(text).length;
  }

  /** null: the bytes are not UTF-8. */
  private decoded(text: string): string | null {
    if (!this.byteLevel) return text;
    const bytes = Uint8Array.from(text, (character) => alphabetByte(character.charCodeAt(0)));
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return null;
    }
  }
}

/** What merganser made of a batch, in the oracle's form. */
export function mergedTexts(batch: DynamicBatch, oracle: MergeOracle): Merged {
  const text = (id: number): string => Array.from(batch.expand([id]), (part) => oracle.token(part).text).join('');
  const sequences = Array.from({ length: batch.offsets.length - 1 }, (_, i) =>
    Array.from(batch.values.subarray(batch.offsets[i], batch.offsets[i + 1]), text),
  );
  const merges = Array.from({ length: batch.merges.length / 4 }, (_, i): [string, string, number] => [
    text(batch.merges[4 * i]),
    text(batch.merges[4 * i + 1]),
    batch.merges[4 * i + 3],
  ]);
  return { sequences, merges };
}
