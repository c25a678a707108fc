/**
 * The bytes of tokenizer.json as Hugging Face writes it: tokens in the order of their ids, which an object would not keep (keys that look like
 * numbers come first in one). The two long parts are a kernel's work.
 */
import type { Kernels, TokenJsonSpec } from '../../backend/kernels';
import type { TokenizerDefinition } from '../definition';
import { joinBytes } from '../join-bytes';
import { encodeUtf8 } from '../utf8';
import { StringVocabulary, type TextVocabulary } from '../vocabulary';
import { tokenizerFile, type TokenizerFile } from './tokenizer-json';

const INDENT = 2;

/** Throws UNSUPPORTED for what the format has no place for. */
export function tokenizerJsonBytes(definition: TokenizerDefinition, pretty: boolean, kernels: Kernels): Uint8Array {
  const file = tokenizerFile(definition);
  const text = JSON.stringify(file.outer, null, pretty ? INDENT : undefined);
  const vocabAt = text.lastIndexOf('{}', text.lastIndexOf('"merges"'));
  const mergesAt = text.lastIndexOf('[]');
  const { vocabulary, merges } = kernels.tokenJson({ ...entriesOf(file), merges: file.merges, pretty });
  return joinBytes([
    encodeUtf8(text.slice(0, vocabAt)),
    withSpecials(vocabulary, file.specials, pretty),
    encodeUtf8(text.slice(vocabAt + 2, mergesAt)),
    merges,
    encodeUtf8(text.slice(mergesAt + 2)),
  ]);
}

function entriesOf({ vocabulary }: TokenizerFile): Omit<TokenJsonSpec, 'merges' | 'pretty'> {
  const { idBound } = vocabulary;
  const isText = 'utf8' in vocabulary;
  if (isText && vocabulary.size === idBound) return { ...(vocabulary as TextVocabulary).utf8(), ids: null };
  const ids = Uint32Array.from({ length: idBound }, (_, id) => id).filter((id) => vocabulary.has(id));
  if (isText) return { ...(vocabulary as TextVocabulary).utf8(), ids };
  const tokens = Array.from({ length: idBound }, (_, id) => vocabulary.token(id));
  return { ...new StringVocabulary(new Map(), tokens).utf8(), ids };
}

/** Special tokens behind the vocabulary's entries, in the same form: their ids may lie far behind all others, so that no table has them. */
function withSpecials(vocabulary: Uint8Array, specials: TokenizerFile['specials'], pretty: boolean): Uint8Array {
  if (specials.length === 0) return vocabulary;
  const [start, gap, end] = pretty ? ['\n      ', ': ', '\n    }'] : ['', ':', '}'];
  const isEmpty = vocabulary.length === 2;
  const entries = specials.map(({ content, id }) => `${start}${JSON.stringify(content)}${gap}${id}`).join(',');
  return joinBytes([
    vocabulary.subarray(0, isEmpty ? 1 : vocabulary.length - end.length),
    encodeUtf8(`${isEmpty ? '' : ','}${entries}${end}`),
  ]);
}
