/** Reads the pair of files that came before tokenizer.json: vocab.json (ids by token) and merges.txt (one merge a line). */
import { MerganserError } from '../../errors';
import { AddedTokens } from '../added-tokens';
import type { TokenizerDefinition } from '../definition';
import { newToken } from '../new-token';
import type { VocabMergesOptions } from '../types';
import { buildBpeModel, readVocab, resolveMerges } from './bpe-model';
import { checkNesting, isJsonObject } from './json-fields';
import { parseJson } from './json-text';

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

/** The lines of merges.txt. */
export function parseMergesText(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The contents of vocab.json. Throws MALFORMED_FILE. */
export function parseVocabJson(text: string, name: string): { readonly [token: string]: unknown } {
  const vocab = parseJson(text, name);
  if (!isJsonObject(vocab)) throw new MerganserError('MALFORMED_FILE', `Expected ${name} to be an object of ids by token.`);
  return vocab;
}

/** A BPE tokenizer from its vocabulary and merges. Throws INVALID_TOKENIZER or UNSUPPORTED. */
export function vocabMergesDefinition(
  vocab: { readonly [token: string]: unknown },
  merges: readonly unknown[],
  options: VocabMergesOptions,
): TokenizerDefinition {
  const { normalizer = null, preTokenizer = BYTE_LEVEL, postProcessor = null, decoder = BYTE_LEVEL } = options;
  for (const [name, part] of Object.entries({ normalizer, preTokenizer, postProcessor, decoder })) checkNesting(part, name);
  const vocabulary = readVocab(vocab, 'vocab');
  const settings = {
    unkToken: options.unkToken ?? null,
    continuingSubwordPrefix: options.continuingSubwordPrefix ?? null,
    endOfWordSuffix: options.endOfWordSuffix ?? null,
    fuseUnk: options.fuseUnk ?? false,
    byteFallback: options.byteFallback ?? false,
    ignoreMerges: options.ignoreMerges ?? false,
  };
  const triples = resolveMerges(merges, vocabulary, settings.continuingSubwordPrefix ?? '', 'merges');
  const model = buildBpeModel({ vocabulary, merges: triples, settings }, normalizer, preTokenizer);
  const addedTokens = new AddedTokens(model.vocabulary);
  addedTokens.add((options.addedTokens ?? []).map((token) => newToken(token)));
  return {
    flavor: 'huggingface',
    model,
    addedTokens,
    normalizer,
    preTokenizer,
    postProcessor,
    decoder,
    split: null,
    truncation: null,
    padding: null,
  };
}
