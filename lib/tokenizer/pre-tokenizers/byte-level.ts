import type { SplitBehavior } from '../../backend/kernels';
import { writeByteLevel } from '../normalizers/byte-level';
import type { TextMatcher } from '../text-matcher';
import { type Pieces, rewriteEach } from './pieces';
import type { PreTokenizer } from './pre-tokenizer';
import { PatternSplit } from './split';

/** GPT-2's pattern, which ByteLevel uses unless `use_regex` is false. */
export const GPT2_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
export const GPT2_BEHAVIOR: SplitBehavior = 'isolated';

const SPACE = 0x20;

export interface ByteLevelOptions {
  readonly addPrefixSpace: boolean;
  /** Matches of GPT-2's pattern; null: pieces are not split. */
  readonly matcher: TextMatcher | null;
  /** Leave the bytes as they are: the model that follows takes them raw (see model-input.ts). */
  readonly rawBytes: boolean;
}

/** Splits as GPT-2 does and writes the bytes in its printable alphabet. */
export class ByteLevel implements PreTokenizer {
  readonly needsOffsets = false;
  private readonly split: PatternSplit | null;

  constructor(private readonly options: ByteLevelOptions) {
    this.split = options.matcher === null ? null : new PatternSplit(options.matcher, GPT2_BEHAVIOR, false);
  }

  preTokenize(pieces: Pieces): Pieces {
    const prefixed = this.options.addPrefixSpace ? addPrefixSpaces(pieces) : pieces;
    const parts = this.split === null ? prefixed : this.split.preTokenize(prefixed);
    if (this.options.rawBytes) return parts;
    return rewriteEach(parts, (writer, start, end) => writeByteLevel(writer, parts.text, start, end));
  }
}

/** Puts a space before every piece that does not begin with one; it stands for what the first character stands for. */
function addPrefixSpaces(pieces: Pieces): Pieces {
  const { bytes } = pieces.text;
  return rewriteEach(pieces, (writer, start, end) => {
    if (bytes[start] !== SPACE) writer.put(SPACE, start);
    writer.copy(start, end);
  });
}
