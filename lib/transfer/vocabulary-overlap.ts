import { TokenTexts } from '../dynamic/token-texts';
import { bytesKey } from '../backend/js/dynamic/merger-vocabulary';
import { invalidArgument } from '../errors';
import { Tokenizer } from '../tokenizer/tokenizer';
import { encodeUtf8 } from '../tokenizer/utf8';

/**
 * Which tokens of two vocabularies are the same:
 * - 'exact': they are written alike in both vocabularies (`Ġthe` is not `▁the`);
 * - 'bytes' (default): they stand for the same bytes of text (` the`), however they are written;
 * - 'normalized': they stand for the same text without white space around it, in lower case and Unicode's form NFKC (` The` and `the`). Tokens that are the same by bytes
 *   go together first.
 *
 * Special tokens are the same as special tokens of the same content only.
 */
export type OverlapMatch = 'exact' | 'bytes' | 'normalized';

export interface VocabularyOverlap {
  /** For each id of the new vocabulary the id of the same token in the old one, the lowest of several; −1: there is none. */
  readonly oldIds: Int32Array;
  /** Number of new tokens that the old vocabulary has. */
  readonly shared: number;
}

/** What tokens of one vocabulary are also in another. Throws INVALID_ARGUMENT. */
export function vocabularyOverlap(
  oldTokenizer: Tokenizer,
  newTokenizer: Tokenizer,
  { match = 'bytes' }: { match?: OverlapMatch } = {},
): VocabularyOverlap {
  for (const [name, tokenizer] of Object.entries({ oldTokenizer, newTokenizer }))
    if (!(tokenizer instanceof Tokenizer)) throw invalidArgument(name, 'a Tokenizer', tokenizer);
  if (!['exact', 'bytes', 'normalized'].includes(match)) throw invalidArgument('match', "'exact', 'bytes' or 'normalized'", match);
  const kinds: readonly TokenKey[] = match === 'exact' ? [byString] : match === 'bytes' ? [byBytes] : [byBytes, byNormalizedText];
  const oldKeys = kinds.map((key) => keysOf(oldTokenizer, key));
  const newKeys = kinds.map((key) => keysOf(newTokenizer, key));
  const oldIds = new Int32Array(newKeys[0].length).fill(-1);
  kinds.forEach((_, kind) => {
    const ids = new Map<string, number>();
    oldKeys[kind].forEach((key, id) => {
      if (key !== null && !ids.has(key)) ids.set(key, id);
    });
    newKeys[kind].forEach((key, id) => {
      if (key !== null && oldIds[id] < 0) oldIds[id] = ids.get(key) ?? -1;
    });
  });
  return { oldIds, shared: oldIds.reduce((count, id) => count + Number(id >= 0), 0) };
}

/** What makes tokens the same; null: nothing does. */
type TokenKey = (token: { readonly string: string; readonly bytes: Uint8Array; readonly text: string }) => string | null;

const byString: TokenKey = ({ string }) => string;
const byBytes: TokenKey = ({ bytes }) => (bytes.length > 0 ? bytesKey(bytes) : null);
const byNormalizedText: TokenKey = ({ text }) => {
  const normalized = text.normalize('NFKC').trim().toLowerCase();
  return normalized === '' || normalized.includes('\ufffd') ? null : normalized;
};

function keysOf(tokenizer: Tokenizer, key: TokenKey): Array<string | null> {
  const parts = tokenizer.mergeParts();
  const texts = new TokenTexts(parts);
  return Array.from({ length: parts.tokenOffsets.length - 1 }, (_, id) => {
    const string = tokenizer.idToToken(id);
    if (string === undefined) return null;
    if (parts.isFixed(id)) return `special ${string}`;
    const text = texts.text(id);
    const own = parts.tokenBytes.subarray(parts.tokenOffsets[id], parts.tokenOffsets[id + 1]);
    const found = key({ string, text, bytes: parts.byteLevel || own.length === 1 ? own : encodeUtf8(text) });
    return found === null ? null : `text ${found}`;
  });
}
