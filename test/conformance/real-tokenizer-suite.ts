/** Every case that a real tokenizer.json must pass, against Hugging Face `tokenizers`, on each backend present. */
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle, type OracleEncoding } from '../oracles/hugging-face';
import { realTokenizerPath, type RealTokenizer } from '../oracles/real-tokenizers';
import { anyText, manyCodePoints, nastyStrings } from '../oracles/strings';
import { BACKENDS, type BackendName } from './backends';
import { expectSame, memoized, plain } from './compare';
import { samples } from './fuzz';
import { TEXT_SAMPLES } from './texts';

/** Special tokens of every real tokenizer number up to thousands; the near misses are made of a few. */
const SPECIALS_IN_NASTY_STRINGS = 4;

export function describeRealTokenizer({ name }: RealTokenizer): void {
  describe(name, () => {
    let oracle: HuggingFaceOracle;
    const tokenizers = new Map<BackendName, Tokenizer>();
    let specials: string[];

    beforeAll(async () => {
      oracle = HuggingFaceOracle.fromFile(realTokenizerPath(name));
      for (const backend of BACKENDS) tokenizers.set(backend, await Tokenizer.fromFile(realTokenizerPath(name), { backend }));
      const added = tokenizers.get(BACKENDS[0])!.addedTokens;
      specials = [...added.slice(0, SPECIALS_IN_NASTY_STRINGS), ...added.slice(-1)].map((token) => token.content);
    });

    afterAll(() => {
      for (const tokenizer of tokenizers.values()) tokenizer.dispose();
      tokenizers.clear();
    });

    /** One test for each backend; the oracle's answers are computed once. */
    const eachBackend = (title: string, body: (tokenizer: Tokenizer) => Promise<void> | void): void => {
      for (const backend of BACKENDS) {
        test(`${title} (${backend})`, async () => {
          await body(tokenizers.get(backend)!);
        });
      }
    };

    const nasty = (): string[] => nastyStrings(specials);

    const fullEncodings = memoized((texts: readonly string[]) => oracle.encodeBatch(texts));
    const decoded = [true, false].map((skipSpecialTokens) =>
      memoized(async (texts: readonly string[]) => oracle.decodeBatch(await oracle.encodeBatchIds(texts), skipSpecialTokens)),
    );
    const oracleIds = memoized((texts: readonly string[]) => oracle.encodeBatchIds(texts, { addSpecialTokens: false }));

    eachBackend('text samples: ids, tokens, offsets, words, masks', async (tokenizer) => {
      const texts = TEXT_SAMPLES.map((sample) => sample.text);
      await expectSame(texts, { ours: (text) => plain(tokenizer.encodeFull(text)), theirs: fullEncodings });
    });

    eachBackend('text samples: encode without special tokens, as string and as bytes', async (tokenizer) => {
      const texts = TEXT_SAMPLES.map((sample) => sample.text);
      await expectSame(texts, { ours: (text) => tokenizer.encode(text, { addSpecialTokens: false }), theirs: oracleIds });
      await expectSame(texts, {
        ours: (text) => tokenizer.encode(new TextEncoder().encode(text), { addSpecialTokens: false }),
        theirs: oracleIds,
      });
    });

    eachBackend('nasty strings', async (tokenizer) => {
      await expectSame(nasty(), { ours: (text) => plain(tokenizer.encodeFull(text)), theirs: fullEncodings });
    });

    eachBackend('code points', async (tokenizer) => {
      await expectSame(manyCodePoints(), { ours: (text) => tokenizer.encode(text, { addSpecialTokens: false }), theirs: oracleIds });
    });

    eachBackend('generated strings', async (tokenizer) => {
      const texts = samples(anyText(specials), 250);
      await expectSame(texts, { ours: (text) => plain(tokenizer.encodeFull(text)), theirs: fullEncodings });
    });

    eachBackend('decode gives what the oracle decodes, with and without special tokens', async (tokenizer) => {
      const texts = [...TEXT_SAMPLES.map((sample) => sample.text), ...nasty(), ...samples(anyText(specials), 100)];
      for (const [i, skipSpecialTokens] of [true, false].entries()) {
        await expectSame(texts, { ours: (text) => tokenizer.decode(tokenizer.encode(text), { skipSpecialTokens }), theirs: decoded[i] });
      }
    });

    eachBackend('decode of any ids, also halves of characters', async (tokenizer) => {
      const size = oracle.getVocabSize(true);
      const sequences = Array.from({ length: 200 }, (_, i) =>
        Array.from({ length: 1 + (i % 12) }, (__, j) => Math.imul(i * 31 + j + 1, 2_654_435_761) >>> 0).map((value) => value % size),
      );
      const known = sequences.map((ids) => ids.filter((id) => oracle.idToToken(id) !== null));
      expect(tokenizer.decodeBatch(known, { skipSpecialTokens: false })).toEqual(await oracle.decodeBatch(known, false));
      expect(tokenizer.decodeBatch(known)).toEqual(await oracle.decodeBatch(known));
    });

    eachBackend('pairs', async (tokenizer) => {
      const texts = nasty().slice(0, 60);
      const second = TEXT_SAMPLES[0].text.slice(0, 80);
      await expectSame(texts, {
        ours: (text) => plain(tokenizer.encodeFull(text, { pair: second })),
        theirs: (some) => Promise.all(some.map((text) => oracle.encode(text, { pair: second }))),
      });
    });

    eachBackend('truncation with overflow', async (tokenizer) => {
      const texts = TEXT_SAMPLES.map((sample) => sample.text.slice(0, 120));
      for (const truncation of [{ maxLength: 9 }, { maxLength: 7, stride: 2 }, { maxLength: 8, stride: 3, direction: 'left' as const }]) {
        await expectSame(texts, {
          ours: (text) => plain(tokenizer.encodeFull(text, { truncation })),
          theirs: (some) => inOrder(some, (text) => oracle.encode(text, { truncation })),
        });
      }
    });

    eachBackend('the vocabulary', (tokenizer) => {
      const vocab = tokenizer.getVocab();
      const expected = oracle.getVocab(true);
      expect(vocab.size).toBe(expected.size);
      expect(tokenizer.vocabSize).toBe(oracle.getVocabSize(true));
      expect(tokenizer.getVocabSize({ withAddedTokens: false })).toBe(oracle.getVocabSize(false));
      expect([...expected].filter(([token, id]) => vocab.get(token) !== id)).toEqual([]);
      const some = [...expected].filter(([, id]) => id % 23 === 0);
      expect(some.filter(([token, id]) => tokenizer.tokenToId(token) !== id || tokenizer.idToToken(id) !== oracle.idToToken(id))).toEqual(
        [],
      );
      for (const id of [tokenizer.vocabSize, tokenizer.vocabSize + 1000])
        expect(tokenizer.idToToken(id) ?? null).toBe(oracle.idToToken(id));
      expect(tokenizer.tokenToId('no such token, surely')).toBeUndefined();
    });

    eachBackend('encode, batch, async, count and the full path agree', async (tokenizer) => {
      const texts = [...nasty(), ...TEXT_SAMPLES.map((sample) => sample.text)];
      const singles = texts.map((text) => Array.from(tokenizer.encode(text)));
      const batch = await tokenizer.encodeBatch(texts);
      const batchSync = tokenizer.encodeBatchSync(texts);
      expect(Array.from(batch.offsets)).toEqual(Array.from(batchSync.offsets));
      for (let i = 0; i < texts.length; i++) {
        const ids = singles[i];
        expect(Array.from(batch.values.subarray(batch.offsets[i], batch.offsets[i + 1]))).toEqual(ids);
        expect(Array.from(batchSync.values.subarray(batchSync.offsets[i], batchSync.offsets[i + 1]))).toEqual(ids);
        expect(Array.from(tokenizer.encodeFull(texts[i]).ids)).toEqual(ids);
        expect(tokenizer.count(texts[i])).toBe(ids.length);
      }
      for (const text of texts.slice(0, 40))
        expect(Array.from(await tokenizer.encodeAsync(text))).toEqual(Array.from(tokenizer.encode(text)));
    });
  });
}

/** One call after another: the oracle's truncation is a setting of the whole tokenizer. */
async function inOrder(texts: readonly string[], encode: (text: string) => Promise<OracleEncoding>): Promise<OracleEncoding[]> {
  const encodings: OracleEncoding[] = [];
  for (const text of texts) encodings.push(await encode(text));
  return encodings;
}
