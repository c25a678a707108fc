/** The fused encoder on random models, against Hugging Face: symbols, merges of any length, safe cuts, added tokens, a cache that forgets. */
import fc from 'fast-check';
import { createJsKernels } from '../../../lib/backend/js/kernels';
import { planEncoding } from '../../../lib/tokenizer/fused-plan';
import { readTokenizerJson } from '../../../lib/tokenizer/load/tokenizer-json';
import { FUZZ_SEED, fuzzRuns, samples } from '../../conformance/fuzz';
import { HuggingFaceOracle } from '../../oracles/hugging-face';
import { byteLevelTokenizer, characterTokenizer, randomAlphabetText, type RandomTokenizer } from '../../oracles/random-tokenizers';

const TIMEOUT = 60_000;
const TEXTS_FOR_EACH = 10;
const kernels = createJsKernels();

/** `normalized` tokens that come out of the normalizer alike are left out: Hugging Face takes any of them. */
function withoutNormalizedTokens(definition: RandomTokenizer): RandomTokenizer {
  return { ...definition, added_tokens: definition.added_tokens.map((token) => ({ ...token, normalized: false })) };
}

/** Short texts, and long ones that have to be cut or merged with a heap. */
function textsOf(index: number): string[] {
  const texts = fc.sample(randomAlphabetText, { numRuns: TEXTS_FOR_EACH, seed: FUZZ_SEED + index });
  return [...texts, texts.join(''), texts.join(' '), texts.join('').repeat(5)];
}

/** Whether the definition has a fused path; fails if that gives other ids than Hugging Face. */
async function checkDefinition(definition: RandomTokenizer, texts: readonly string[]): Promise<boolean> {
  const { model, fused } = planEncoding(readTokenizerJson(definition));
  if (fused === null) return false;
  const expected = await HuggingFaceOracle.fromJson(definition).encodeBatchIds(texts);
  for (const cacheBytes of [0, 1 << 20]) {
    const encoder = kernels.createEncoder({ ...fused, model, cacheBytes });
    // The second time, the cache answers.
    for (const time of ['first', 'second']) {
      const received = texts.map((text) => Array.from(kernels.encode(encoder, text, { actions: null })));
      expect({ definition, time, texts, ids: received }).toEqual({ definition, time, texts, ids: expected });
    }
    const counts = texts.map((text) => kernels.count(encoder, text, { actions: null }, Infinity));
    expect(counts).toEqual(expected.map((ids) => ids.length));
  }
  return true;
}

test.each([
  ['byte-level', byteLevelTokenizer],
  ['character', characterTokenizer],
])(
  'random %s models',
  async (_kind, arbitrary) => {
    let fused = 0;
    for (const [index, definition] of samples<RandomTokenizer>(arbitrary, 100).entries()) {
      if (await checkDefinition(withoutNormalizedTokens(definition), textsOf(index))) fused++;
    }
    expect(fused).toBeGreaterThan(fuzzRuns(100) / 5);
  },
  TIMEOUT,
);
