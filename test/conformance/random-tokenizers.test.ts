/** Random small tokenizers against Hugging Face: unreachable tokens, holes in the ids, products made in two ways, missing bytes, affixes. */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle, type OracleEncoding } from '../oracles/hugging-face';
import { byteLevelTokenizer, characterTokenizer, randomAlphabetText, type RandomTokenizer } from '../oracles/random-tokenizers';
import { BACKENDS, type BackendName } from './backends';
import { expectSame, plain } from './compare';
import { FUZZ_SEED, fuzzRuns, samples } from './fuzz';

const TEXTS_FOR_EACH = 12;

/**
 * Hugging Face counts the offsets of a piece from the lengths of its tokens. That goes wrong where bytes or characters have no token and vanish,
 * and where byte fallback spells out the bytes of a prefix or suffix: the offsets then point beside the text, and are not compared.
 */
function offsetsAreSound({ model, pre_tokenizer }: RandomTokenizer): boolean {
  const byteLevel = JSON.stringify(pre_tokenizer).includes('ByteLevel');
  const affixes = model['continuing_subword_prefix'] !== null || model['end_of_word_suffix'] !== null;
  return byteLevel ? 'Ā' in model.vocab : model['unk_token'] !== null && !(affixes && model['byte_fallback'] === true);
}

async function compare(definition: RandomTokenizer, texts: readonly string[], backend: BackendName): Promise<void> {
  const oracle = HuggingFaceOracle.fromJson(definition);
  const tokenizer = Tokenizer.fromJSON(definition, { backend });
  const comparable = offsetsAreSound(definition)
    ? (encoding: OracleEncoding) => encoding
    : (encoding: OracleEncoding) => ({ ...encoding, offsets: [] });
  await expectSame(texts, {
    ours: (text) => comparable(plain(tokenizer.encodeFull(text))),
    theirs: async (some) => (await oracle.encodeBatch(some)).map(comparable),
  });
  await expectSame(texts, {
    ours: (text) => [Array.from(tokenizer.encode(text)), tokenizer.count(text)],
    theirs: async (some) => (await oracle.encodeBatchIds(some)).map((ids) => [ids, ids.length]),
  });
  await expectSame(texts, {
    ours: (text) => tokenizer.decode(tokenizer.encode(text), { skipSpecialTokens: false }),
    theirs: async (some) => oracle.decodeBatch(await oracle.encodeBatchIds(some), false),
  });
  tokenizer.dispose();
}

function describeRandom(kind: string, arbitrary: fc.Arbitrary<RandomTokenizer>): void {
  describe.each(BACKENDS)(`${kind} (%s)`, (backend) => {
    test('ids, tokens, offsets, words and decoded text', async () => {
      const texts = fc.sample(randomAlphabetText, { numRuns: fuzzRuns(150) * TEXTS_FOR_EACH, seed: FUZZ_SEED });
      const definitions = samples(arbitrary, 150);
      for (const [i, definition] of definitions.entries()) {
        try {
          await compare(definition, texts.slice(i * TEXTS_FOR_EACH, (i + 1) * TEXTS_FOR_EACH), backend);
        } catch (error) {
          throw new Error(`tokenizer ${i}: ${String(error)}\n${JSON.stringify(definition)}`);
        }
      }
    });
  });
}

describeRandom('random byte-level tokenizers', byteLevelTokenizer);
describeRandom('random character tokenizers', characterTokenizer);
