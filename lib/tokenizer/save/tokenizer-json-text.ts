/**
 * The text of tokenizer.json, byte for byte as Hugging Face writes it: tokens in the order of their ids, which an object would not keep (keys that look like
 * numbers come first in one).
 */
import type { TokenizerDefinition } from '../definition';
import { tokenizerFile } from './tokenizer-json';

const INDENT = 2;

/** Throws UNSUPPORTED for what the format has no place for. */
export function tokenizerJsonText(definition: TokenizerDefinition, pretty: boolean): string {
  const { outer, tokens, specials, merges } = tokenizerFile(definition);
  const quoted = tokens.map((token) => (token === undefined ? '' : JSON.stringify(token)));
  const vocab: string[] = [];
  const colon = pretty ? ': ' : ':';
  for (let id = 0; id < tokens.length; id++) if (tokens[id] !== undefined) vocab.push(quoted[id] + colon + id);
  for (const { content, id } of specials) vocab.push(JSON.stringify(content) + colon + id);

  const pairs: string[] = [];
  const [open, middle, close] = pretty ? ['[\n        ', ',\n        ', '\n      ]'] : ['[', ',', ']'];
  for (let i = 0; i < merges.length; i += 3) pairs.push(open + quoted[merges[i]] + middle + quoted[merges[i + 1]] + close);

  const text = JSON.stringify(outer, null, pretty ? INDENT : undefined);
  const vocabAt = text.lastIndexOf('{}', text.lastIndexOf('"merges"'));
  const mergesAt = text.lastIndexOf('[]');
  return (
    text.slice(0, vocabAt) +
    enclosed('{', vocab, '}', pretty) +
    text.slice(vocabAt + 2, mergesAt) +
    enclosed('[', pairs, ']', pretty) +
    text.slice(mergesAt + 2)
  );
}

/** The entries of a field of the model. */
function enclosed(open: string, entries: readonly string[], close: string, pretty: boolean): string {
  if (entries.length === 0) return open + close;
  return pretty ? `${open}\n      ${entries.join(',\n      ')}\n    ${close}` : open + entries.join(',') + close;
}
