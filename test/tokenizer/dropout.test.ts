/** BPE-dropout: what is left out at random, and what is not random about it. */
import { type MerganserError, Tokenizer, trainBpe } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';

const TEXTS = ['the other mother is there, the other one too', 'hello <s> été 12345', '', 'aaaaaaaa'];

describeEachBackend('dropout', (backend) => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    const texts = Array.from({ length: 30 }, () => TEXTS.join('\n'));
    tokenizer = await trainBpe(texts, { vocabSize: 330, initialAlphabet: 'byteLevel', specialTokens: ['<s>'], backend });
  });
  afterAll(() => tokenizer.dispose());

  test('0 is plain encoding, 1 gives single bytes, and text comes back whatever it is', () => {
    for (const text of TEXTS) {
      expect(tokenizer.encode(text, { dropout: 0, seed: 1 })).toEqual(tokenizer.encode(text));
      const bytes = Array.from(tokenizer.encode(text, { dropout: 1, seed: 1 }), (id) => tokenizer.decodeBytes([id]).length);
      expect(bytes.filter((length) => length !== 1)).toEqual(text.includes('<s>') ? [3] : []);
      for (let seed = 0; seed < 20; seed++) {
        const ids = tokenizer.encode(text, { dropout: 0.3, seed });
        expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe(text);
        expect(ids.length).toBeGreaterThanOrEqual(tokenizer.encode(text).length);
      }
    }
  });

  test('the seed decides, in every way of encoding', async () => {
    const options = { dropout: 0.4, seed: 7 };
    const ids = tokenizer.encode(TEXTS[0], options);
    expect(tokenizer.encode(TEXTS[0], options)).toEqual(ids);
    const different = new Set(Array.from({ length: 50 }, (_, seed) => String(tokenizer.encode(TEXTS[0], { dropout: 0.4, seed }))));
    expect(different.size).toBeGreaterThan(40);
    const full = tokenizer.encodeFull(TEXTS[0], options);
    expect(full.ids).toEqual(ids);
    expect(Array.from(ids, (_, i) => TEXTS[0].slice(full.offsets[2 * i], full.offsets[2 * i + 1])).join('')).toBe(TEXTS[0]);
    expect(tokenizer.count(TEXTS[0], options)).toBe(ids.length);
    const batch = await tokenizer.encodeBatch(TEXTS, options);
    const single = TEXTS.map((text, i) => [...tokenizer.encode(text, { dropout: 0.4, seed: 7 + i })]);
    expect(TEXTS.map((_, i) => [...batch.values.subarray(batch.offsets[i], batch.offsets[i + 1])])).toEqual(single);
    expect(tokenizer.encodeBatchSync(TEXTS, options)).toEqual(batch);
    expect(tokenizer.encodeFullBatch(TEXTS, options).map((encoding) => [...encoding.ids])).toEqual(single);
  });

  test('each merge is left out with the probability, and waits until another was made', () => {
    const file = (merges: string[][]): object => ({
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      model: { type: 'BPE', vocab: Object.fromEntries(['a', 'b', 'c', 'ab', 'abc', 'bc'].map((token, id) => [token, id])), merges },
    });
    const share = (json: object, text: string, expected: number[]): number => {
      using small = Tokenizer.fromJSON(json, { backend });
      const runs = 4000;
      let equal = 0;
      for (let seed = 0; seed < runs; seed++) if (String(small.encode(text, { dropout: 0.3, seed })) === String(expected)) equal++;
      return equal / runs;
    };
    const chain = file([
      ['a', 'b'],
      ['ab', 'c'],
    ]);
    // Four standard deviations.
    const near = (value: number, expected: number): void =>
      expect(Math.abs(value - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / 4000));
    near(share(chain, 'ab', [3]), 0.7);
    near(share(chain, 'abc', [4]), 0.49);
    near(share(chain, 'abc', [3, 2]), 0.21);
    near(share(chain, 'abab', [3, 3]), 0.7 * 0.7 + 0.3 * 0.7 * 0.7);
  });

  test('what cannot be', () => {
    const code = (options: object): string => {
      try {
        tokenizer.encode('a', options);
        return 'no error';
      } catch (error) {
        return (error as MerganserError).code;
      }
    };
    for (const options of [{ dropout: 2, seed: 1 }, { dropout: 0.1 }, { seed: 1 }, { dropout: 0.1, seed: -1 }, { dropout: NaN, seed: 1 }])
      expect(code(options)).toBe('INVALID_ARGUMENT');
    expect(() => tokenizer.encodeTransform({ dropout: 0.1, seed: 1 })).toThrow(/streams/);
  });
});
