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
    vocabulary,
    encodeUtf8(text.slice(vocabAt + 2, mergesAt)),
    merges,
    encodeUtf8(text.slice(mergesAt + 2)),
  ]);
}

function entriesOf({ vocabulary, specials }: TokenizerFile): Omit<TokenJsonSpec, 'merges' | 'pretty'> {
  const { idBound } = vocabulary;
  const isText = 'utf8' in vocabulary && specials.length === 0;
  if (isText && vocabulary.size === idBound) return { ...(vocabulary as TextVocabulary).utf8(), ids: null };
  const ids = new Uint32Array(idBound + specials.length);
  let count = 0;
  for (let id = 0; id < idBound; id++) if (vocabulary.has(id)) ids[count++] = id;
  if (isText) return { ...(vocabulary as TextVocabulary).utf8(), ids: ids.subarray(0, count) };
  const tokens = Array.from({ length: idBound }, (_, id) => vocabulary.token(id));
  for (const { content, id } of specials) {
    tokens[id] = content;
    ids[count++] = id;
  }
  // Holes, where ids of special tokens lie far behind the others, become undefined.
  return { ...new StringVocabulary(new Map(), Array.from(tokens)).utf8(), ids: ids.subarray(0, count) };
}
