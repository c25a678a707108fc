/** OpenAI's encodings against npm `tiktoken`: bundled by name, and read from `.tiktoken` files. */
import { Tokenizer } from '../../lib/index';
import { TIKTOKEN_ENCODINGS } from '../oracles/real-tokenizers';
import { anyText, manyCodePoints, nastyStrings } from '../oracles/strings';
import { readTiktokenRanks, TIKTOKEN_PATTERNS, tiktokenFile, TiktokenOracle } from '../oracles/tiktoken';
import { BACKENDS } from './backends';
import { expectSame } from './compare';
import { samples } from './fuzz';
import { TEXT_SAMPLES } from './texts';

/** WASM tiktoken searches for every special token in every text; a few names suffice. */
const SPECIALS = ['<|endoftext|>', '<|fim_prefix|>', '<|endofprompt|>'];

describe.each(TIKTOKEN_ENCODINGS)('%s', (encoding) => {
  let oracle: TiktokenOracle;
  const specials = Object.keys(readTiktokenRanks(encoding).specialTokens);
  beforeAll(() => {
    oracle = new TiktokenOracle(encoding);
  });
  afterAll(() => oracle.dispose());

  describe.each(BACKENDS)('%s', (backend) => {
    let tokenizer: Tokenizer;
    beforeAll(async () => {
      tokenizer = await Tokenizer.forEncoding(encoding, { backend });
    });
    afterAll(() => tokenizer.dispose());

    const ordinary = {
      ours: (text: string) => tokenizer.encode(text, { allowedSpecial: 'none' }),
      theirs: (texts: readonly string[]) => texts.map((text) => oracle.encodeOrdinary(text)),
    };

    test('text samples', async () => {
      await expectSame(
        TEXT_SAMPLES.map((sample) => sample.text),
        ordinary,
      );
    });

    test('nasty strings', async () => {
      await expectSame(nastyStrings(specials), ordinary);
    });

    test('code points', async () => {
      await expectSame(manyCodePoints(), ordinary);
    });

    test('generated strings', async () => {
      await expectSame(samples(anyText(SPECIALS), 500), ordinary);
    });

    test('special tokens: all, none, or those named', async () => {
      const texts = [...nastyStrings(specials), ...samples(anyText(specials), 200)];
      for (const allowed of ['all', [], [specials[0]], [specials.at(-1)!, '<|nothing|>']] as const) {
        const allowedSpecial = allowed === 'all' ? allowed : new Set(allowed);
        await expectSame(texts, {
          ours: (text) => tokenizer.encode(text, { allowedSpecial }),
          theirs: (some) =>
            some.map((text) => oracle.encode(text, allowed === 'all' ? allowed : allowed.filter((name) => specials.includes(name)))),
        });
      }
    });

    test('a special token in the text is refused by default', () => {
      const refused = expect.objectContaining({
        name: 'MerganserError',
        code: 'DISALLOWED_SPECIAL',
        message: expect.stringContaining(specials[0]),
      });
      for (const text of [specials[0], `some text ${specials[0]} and more`, `${'long '.repeat(1000)}${specials[0]}`]) {
        expect(thrown(() => tokenizer.encode(text))).toEqual(refused);
        expect(thrown(() => tokenizer.encodeFull(text))).toEqual(refused);
        expect(thrown(() => tokenizer.count(text))).toEqual(refused);
        expect(thrown(() => tokenizer.encodeBatchSync(['a', text]))).toEqual(refused);
      }
      expect(Array.from(tokenizer.encode(specials[0].slice(0, -1)))).toEqual(oracle.encodeOrdinary(specials[0].slice(0, -1)));
    });

    test('decoded bytes, also of halves of characters', () => {
      const ids = Array.from({ length: 400 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 0) % 50_000);
      expect(Buffer.from(tokenizer.decodeBytes(ids)).equals(Buffer.from(oracle.decodeBytes(ids)))).toBe(true);
      for (const { text } of TEXT_SAMPLES) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    });

    test('a .tiktoken file gives the same tokenizer', async () => {
      const { ranks, specialTokens } = readTiktokenRanks(encoding);
      const file = tiktokenFile(ranks);
      const byName = await Tokenizer.fromTiktoken(file, { encoding, backend });
      const byPattern = await Tokenizer.fromTiktoken(file, { pattern: TIKTOKEN_PATTERNS[encoding], specialTokens, backend });
      for (const text of [...TEXT_SAMPLES.map((sample) => sample.text), ...nastyStrings(specials)]) {
        const ids = Array.from(tokenizer.encode(text, { allowedSpecial: 'all' }));
        expect(Array.from(byName.encode(text, { allowedSpecial: 'all' }))).toEqual(ids);
        expect(Array.from(byPattern.encode(text, { allowedSpecial: 'all' }))).toEqual(ids);
      }
    });
  });
});

function thrown(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (error) {
    return error;
  }
}

test('the patterns that npm tiktoken carries work too', async () => {
  for (const encoding of ['gpt2', 'cl100k_base'] as const) {
    const { ranks, specialTokens, pattern } = readTiktokenRanks(encoding);
    const oracle = new TiktokenOracle(encoding, pattern);
    const tokenizer = await Tokenizer.fromTiktoken(tiktokenFile(ranks), { pattern, specialTokens, backend: 'js' });
    await expectSame([...nastyStrings(), ...samples(anyText(), 300)], {
      ours: (text) => tokenizer.encode(text, { allowedSpecial: 'none' }),
      theirs: (texts) => texts.map((text) => oracle.encodeOrdinary(text)),
    });
    oracle.dispose();
  }
});
