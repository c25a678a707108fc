/**
 * Hugging Face `tokenizers` (the official native binding on npm, version pinned by package-lock.json) as an oracle.
 *
 * The binding counts offsets in code points; they are given here in UTF-16 units, as merganser gives them.
 */
import { AddedToken as HuggingFaceAddedToken, Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import type { JsEncoding, TruncationStrategy } from 'tokenizers';
import type { Padding, Truncation } from '../../lib/tokenizer/types';
import { wellFormed } from './strings';

/** An encoding with plain arrays, in merganser's conventions: −1 where the library says null. */
export interface OracleEncoding {
  ids: number[];
  tokens: string[];
  offsets: number[];
  wordIds: number[];
  sequenceIds: number[];
  typeIds: number[];
  specialTokensMask: number[];
  attentionMask: number[];
  overflowing: OracleEncoding[];
}

export interface OracleEncodeOptions {
  pair?: string | undefined;
  addSpecialTokens?: boolean | undefined;
  truncation?: Truncation | undefined;
  padding?: Padding | undefined;
}

const STRATEGIES = { longestFirst: 'LongestFirst', onlyFirst: 'OnlyFirst', onlySecond: 'OnlySecond' } as const;

export class HuggingFaceOracle {
  private constructor(private readonly tokenizer: HuggingFaceTokenizer) {}

  static fromFile(path: string): HuggingFaceOracle {
    return new HuggingFaceOracle(HuggingFaceTokenizer.fromFile(path));
  }

  /** Throws what the library throws. */
  static fromJson(definition: object | string): HuggingFaceOracle {
    return new HuggingFaceOracle(HuggingFaceTokenizer.fromString(typeof definition === 'string' ? definition : JSON.stringify(definition)));
  }

  async encode(text: string, options: OracleEncodeOptions = {}): Promise<OracleEncoding> {
    const sentence = wellFormed(text);
    const pair = options.pair === undefined ? null : wellFormed(options.pair);
    const encoding = options.truncation
      ? await this.encodeTruncated(sentence, pair, options)
      : await this.padded(options.padding, () => this.tokenizer.encode(sentence, pair, encodeOptions(options)));
    return convert(encoding, [sentence, pair ?? '']);
  }

  /**
   * `encode` of release 0.23.2 stops tokenizing when the limit is reached and so loses what overflows. `postProcess` truncates a whole encoding,
   * which is what earlier and later releases do, but it knows no second sequence: of a pair the overflow is not to be had.
   */
  private async encodeTruncated(sentence: string, pair: string | null, options: OracleEncodeOptions): Promise<JsEncoding> {
    const { maxLength, stride = 0, direction = 'right', strategy = 'longestFirst' } = options.truncation!;
    const whole = await this.tokenizer.encode(sentence, null, { addSpecialTokens: false });
    this.tokenizer.setTruncation(maxLength, { stride, direction, strategy: STRATEGIES[strategy] as TruncationStrategy });
    try {
      return await this.padded(options.padding, async () =>
        pair === null
          ? this.tokenizer.postProcess(whole, null, options.addSpecialTokens ?? true)
          : this.tokenizer.encode(sentence, pair, encodeOptions(options)),
      );
    } finally {
      this.tokenizer.disableTruncation();
    }
  }

  async encodeBatch(texts: readonly string[], options: OracleEncodeOptions = {}): Promise<OracleEncoding[]> {
    const sentences = texts.map(wellFormed);
    const encodings = await this.padded(options.padding, () => this.tokenizer.encodeBatch(sentences, encodeOptions(options)));
    return encodings.map((encoding, i) => convert(encoding, [sentences[i], '']));
  }

  /** Ids alone, without the cost of everything else. */
  async encodeBatchIds(texts: readonly string[], options: OracleEncodeOptions = {}): Promise<number[][]> {
    const encodings = await this.tokenizer.encodeBatch(texts.map(wellFormed), encodeOptions(options));
    return encodings.map((encoding) => encoding.getIds());
  }

  decode(ids: ArrayLike<number>, skipSpecialTokens = true): Promise<string> {
    return this.tokenizer.decode(Array.from(ids), skipSpecialTokens);
  }

  decodeBatch(batch: ReadonlyArray<ArrayLike<number>>, skipSpecialTokens = true): Promise<string[]> {
    return this.tokenizer.decodeBatch(
      batch.map((ids) => Array.from(ids)),
      skipSpecialTokens,
    );
  }

  addTokens(
    tokens: ReadonlyArray<{
      content: string;
      special?: boolean;
      singleWord?: boolean;
      lstrip?: boolean;
      rstrip?: boolean;
      normalized?: boolean;
    }>,
  ): number {
    return this.tokenizer.addAddedTokens(
      tokens.map(
        ({ content, special = false, lstrip = false, rstrip = false, singleWord = false, normalized = !special }) =>
          new HuggingFaceAddedToken(content, special, { singleWord, leftStrip: lstrip, rightStrip: rstrip, normalized }),
      ),
    );
  }

  getVocab(withAddedTokens = true): Map<string, number> {
    return new Map(Object.entries(this.tokenizer.getVocab(withAddedTokens)));
  }

  getVocabSize(withAddedTokens = true): number {
    return this.tokenizer.getVocabSize(withAddedTokens);
  }

  tokenToId(token: string): number | null {
    return this.tokenizer.tokenToId(token);
  }

  idToToken(id: number): string | null {
    return this.tokenizer.idToToken(id);
  }

  private async padded<T>(padding: Padding | undefined, encode: () => Promise<T>): Promise<T> {
    if (!padding) return encode();
    const { length = 'longest', direction = 'right', multipleOf, padId = 0, padTypeId = 0, padToken = '[PAD]' } = padding;
    this.tokenizer.setPadding({
      direction,
      padId,
      padTypeId,
      padToken,
      ...(length === 'longest' ? {} : { maxLength: length }),
      ...(multipleOf === undefined ? {} : { padToMultipleOf: multipleOf }),
    });
    try {
      return await encode();
    } finally {
      this.tokenizer.disablePadding();
    }
  }
}

function encodeOptions(options: OracleEncodeOptions): { addSpecialTokens: boolean } {
  return { addSpecialTokens: options.addSpecialTokens ?? true };
}

function convert(encoding: JsEncoding, texts: readonly [string, string]): OracleEncoding {
  const sequenceIds = orMinusOne(encoding.getSequenceIds());
  const units = texts.map(utf16Index);
  return {
    ids: encoding.getIds(),
    tokens: encoding.getTokens(),
    offsets: encoding.getOffsets().flatMap(([start, end], token) => {
      const table = units[Math.max(sequenceIds[token], 0)];
      return table === null ? [start, end] : [table[start], table[end]];
    }),
    wordIds: orMinusOne(encoding.getWordIds()),
    sequenceIds,
    typeIds: encoding.getTypeIds(),
    specialTokensMask: encoding.getSpecialTokensMask(),
    attentionMask: encoding.getAttentionMask(),
    overflowing: encoding.getOverflowing().map((part) => convert(part, texts)),
  };
}

function orMinusOne(values: ReadonlyArray<number | null | undefined>): number[] {
  return values.map((value) => value ?? -1);
}

/** UTF-16 index of each code point and of the end; null where the two are the same. */
function utf16Index(text: string): number[] | null {
  if (!/[\u{10000}-\u{10ffff}]/u.test(text)) return null;
  const table: number[] = [];
  let unit = 0;
  for (const character of text) {
    table.push(unit);
    unit += character.length;
  }
  table.push(unit);
  return table;
}
