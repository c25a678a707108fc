/** The tokens of a new vocabulary, cut into tokens of the old one. */
import { LongestPrefixEncoder } from '../dynamic/longest-prefix';
import type { TokensToEmbed } from '../dynamic/embeddings/types';
import { TokenTexts } from '../dynamic/token-texts';
import type { MergeParts } from '../tokenizer/merge-parts';
import { isWellFormed } from '../tokenizer/well-formed';
import type { Tokenizer } from '../tokenizer/tokenizer';
import { encodeUtf8 } from '../tokenizer/utf8';

const NOTHING = new Uint32Array(0);

export class TokenSplitter implements Disposable {
  private readonly newParts: MergeParts;
  private readonly newTexts: TokenTexts;
  private readonly oldTexts: TokenTexts;
  private readonly oldByteLevel: boolean;

  private constructor(
    private readonly oldTokenizer: Tokenizer,
    newTokenizer: Tokenizer,
    private readonly prefixes: LongestPrefixEncoder,
    private readonly unknownId: number,
  ) {
    this.newParts = newTokenizer.mergeParts();
    this.newTexts = new TokenTexts(this.newParts);
    const oldParts = oldTokenizer.mergeParts();
    this.oldTexts = new TokenTexts(oldParts);
    this.oldByteLevel = oldParts.byteLevel;
  }

  static async create(oldTokenizer: Tokenizer, newTokenizer: Tokenizer, signal: AbortSignal | undefined): Promise<TokenSplitter> {
    const unknownId = oldTokenizer.mergeParts().tokenOffsets.length;
    const prefixes = await LongestPrefixEncoder.create(oldTokenizer, { unknownId, ...(signal && { signal }) });
    return new TokenSplitter(oldTokenizer, newTokenizer, prefixes, unknownId);
  }

  static textsOf(tokenizer: Tokenizer): TokenTexts {
    return new TokenTexts(tokenizer.mergeParts());
  }

  /**
   * As the old tokenizer encodes the text where its tokens are bytes; otherwise by longest prefix, as its normalizer would take a token for the beginning of a text. Empty for
   * special tokens, and where there are none for the whole text.
   */
  parts(id: number): Uint32Array {
    const { tokenBytes, tokenOffsets, byteLevel, isFixed } = this.newParts;
    const own = tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]);
    if (isFixed(id) || own.length === 0) return NOTHING;
    const bytes = byteLevel || own.length === 1 ? own : encodeUtf8(this.newTexts.text(id));
    const ids =
      this.oldByteLevel && isWellFormed(bytes)
        ? this.oldTokenizer.encode(bytes, { addSpecialTokens: false, allowedSpecial: 'none' })
        : this.prefixes.encodeBytes(bytes);
    return ids.includes(this.unknownId) ? NOTHING : ids;
  }

  tokensToEmbed(ids: Uint32Array): TokensToEmbed {
    const parts = Array.from(ids, (id) => this.parts(id));
    const partOffsets = new Uint32Array(ids.length + 1);
    parts.forEach((own, i) => (partOffsets[i + 1] = partOffsets[i] + own.length));
    const all = new Uint32Array(partOffsets[ids.length]);
    parts.forEach((own, i) => all.set(own, partOffsets[i]));
    return {
      texts: Array.from(ids, (id) => this.newTexts.text(id)),
      parts: all,
      partOffsets,
      partTexts: Array.from(all, (part) => this.oldTexts.text(part)),
    };
  }

  [Symbol.dispose](): void {
    this.prefixes.dispose();
  }
}
