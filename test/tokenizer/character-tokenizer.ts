/**
 * The general path with a model that makes one unknown token of every character, beside the same tokenizer in Hugging Face's library:
 * so the places and words of all characters that a normalizer or pre-tokenizer produces can be compared.
 */
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { createJsKernels } from '../../lib/backend/js/kernels';
import { AddedTokenMatcher } from '../../lib/tokenizer/added-token-matcher';
import { planEncoding } from '../../lib/tokenizer/fused-plan';
import { encodeGeneral, type GeneralParts } from '../../lib/tokenizer/general-path';
import { readTokenizerJson } from '../../lib/tokenizer/load/tokenizer-json';
import { createNormalizer } from '../../lib/tokenizer/normalizers/create-normalizer';
import { NormalizedText } from '../../lib/tokenizer/normalized-text';
import { toUtf16Offsets } from '../../lib/tokenizer/offsets';
import { createPreTokenizer } from '../../lib/tokenizer/pre-tokenizers/create-pre-tokenizer';
import { decodeUtf8, encodeUtf8 } from '../../lib/tokenizer/utf8';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { wellFormed } from '../oracles/strings';

export interface Parts {
  readonly normalizer?: object;
  readonly preTokenizer?: object;
  readonly addedTokens?: readonly object[];
}

/** An added token of tokenizer.json; its id is given later. */
export function addedToken(content: string, flags: Record<string, boolean> = {}): object {
  return { content, special: false, single_word: false, lstrip: false, rstrip: false, normalized: false, ...flags };
}

export function definitionOf({ normalizer, preTokenizer, addedTokens = [] }: Parts): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens.map((token, i) => ({ id: i + 1, ...token })),
    normalizer: normalizer ?? null,
    pre_tokenizer: preTokenizer ?? null,
    post_processor: null,
    decoder: null,
    model: { type: 'BPE', dropout: null, unk_token: '<unk>', fuse_unk: false, byte_fallback: false, vocab: { '<unk>': 0 }, merges: [] },
  };
}

const kernels = createJsKernels();

/** The parts of the general path for a tokenizer.json. */
export function generalParts(json: object): GeneralParts {
  const definition = readTokenizerJson(json);
  const { model, modelText } = planEncoding(definition);
  const normalizer = createNormalizer(definition.normalizer, { kernels });
  return {
    kernels,
    model: kernels.createBpe(model, 1 << 20),
    modelText,
    added: new AddedTokenMatcher(definition.addedTokens.list, normalizer),
    normalizer,
    preTokenizer: createPreTokenizer(definition.preTokenizer, { kernels, rawBytes: definition.model.input === 'bytes' }),
  };
}

/** Expects ids, offsets and words as Hugging Face has them, and the same ids where only ids are wanted. */
export async function expectSameTokens(json: object, texts: readonly string[]): Promise<void> {
  const parts = generalParts(json);
  const oracle = await HuggingFaceOracle.fromJson(json).encodeBatch(texts);
  expectSameResults(texts.map(wellFormed), (text, i) => {
    const bytes = encodeUtf8(text);
    const full = encodeGeneral(parts, bytes, { full: true, actions: null });
    const lean = encodeGeneral(parts, bytes, { full: false, actions: null });
    const { ids, offsets, wordIds } = oracle[i];
    return [
      { ids: [...full.ids], lean: [...lean.ids], offsets: [...toUtf16Offsets(bytes, full.spans!)], wordIds: [...full.wordIds!] },
      { ids, lean: ids, offsets, wordIds },
    ];
  });
}

/** Expects the same normalized texts as Hugging Face's, with and without alignments. */
export function expectSameNormalization(definition: object, texts: readonly string[]): void {
  const oracle = HuggingFaceTokenizer.fromString(JSON.stringify(definitionOf({ normalizer: definition }))).getNormalizer()!;
  const normalizer = createNormalizer(definition, { kernels })!;
  const nonEmpty = texts.map(wellFormed).filter((text) => text !== '');
  expectSameResults(nonEmpty, (text) => {
    const [tracked, untracked] = [true, false].map((isTracked) =>
      decodeUtf8(normalizer.normalize(NormalizedText.original(encodeUtf8(text), isTracked)).bytes),
    );
    const normalized = oracle.normalizeString(text);
    return [
      { tracked, untracked },
      { tracked: normalized, untracked: normalized },
    ];
  });
}

/** Expects [ours, theirs] to be equal for every text. Jest compares only what differs: it would take most of the time. */
export function expectSameResults(
  texts: readonly string[],
  run: (text: string, index: number) => readonly [ours: object, theirs: object],
): void {
  texts.forEach((text, i) => {
    const [ours, theirs] = run(text, i);
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) expect({ text, ...ours }).toEqual({ text, ...theirs });
  });
  expect(texts.length).toBeGreaterThan(0);
}
