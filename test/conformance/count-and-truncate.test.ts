/** Properties of `count` and `truncate` that follow from `encode`. */
import { Tokenizer } from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { anyText, nastyStrings, wellFormed } from '../oracles/strings';
import { definitionOf } from '../tokenizer/character-tokenizer';
import { BACKENDS, describeEachBackend } from './backends';
import { samples } from './fuzz';
import { TEXT_SAMPLES } from './texts';

const TOKENIZERS = ['gpt2', 'gpt4o', 'deepseek_v3', 'qwen3', 'llama2', 'gemma3'];

describeEachBackend('count and truncate', (backend) => {
  describe.each(TOKENIZERS)('%s', (name) => {
    let tokenizer: Tokenizer;
    let texts: string[];
    beforeAll(async () => {
      tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
      texts = [...TEXT_SAMPLES.map((sample) => sample.text.slice(0, 300)), ...nastyStrings(), ...samples(anyText(), 80)];
    });
    afterAll(() => tokenizer.dispose());

    test('count is the number of ids', async () => {
      for (const text of texts) {
        expect([text, tokenizer.count(text)]).toEqual([text, tokenizer.encode(text).length]);
        expect(tokenizer.count(text, { addSpecialTokens: false })).toBe(tokenizer.encode(text, { addSpecialTokens: false }).length);
        expect(await tokenizer.countAsync(text, {})).toBe(tokenizer.encode(text).length);
      }
    });

    test('with a limit: the number up to it, and some number above it beyond', () => {
      for (const text of texts) {
        const length = tokenizer.encode(text).length;
        for (const limit of [0, 1, length - 1, length, length + 1, 1000].filter((value) => value >= 0)) {
          const count = tokenizer.count(text, { limit });
          if (length <= limit) expect([text, limit, count]).toEqual([text, limit, length]);
          else expect([text, limit, count > limit]).toEqual([text, limit, true]);
        }
      }
    });

    test.each(['right', 'left'] as const)('truncate from the %s: within the limit, whole characters, no longer one fits', (direction) => {
      for (const original of texts) {
        const text = wellFormed(original);
        const count = (part: string): number => tokenizer.count(part, { addSpecialTokens: false });
        for (const maxTokens of [0, 1, 2, 5, 17]) {
          const kept = tokenizer.truncate(text, maxTokens, { direction, addSpecialTokens: false });
          expect([text, direction === 'right' ? text.startsWith(kept) : text.endsWith(kept)]).toEqual([text, true]);
          expect([text, maxTokens, kept, count(kept) <= maxTokens]).toEqual([text, maxTokens, kept, true]);
          expect(wellFormed(kept)).toBe(kept);
        }
        expect(tokenizer.truncate(text, count(text), { direction, addSpecialTokens: false })).toBe(text);
        expect(tokenizer.truncate(text, 100_000, { direction })).toBe(text);
      }
    });

    test("truncate ends on a boundary of the whole text's tokens", () => {
      for (const { text } of TEXT_SAMPLES) {
        const { byteOffsets } = tokenizer.encodeFull(text.slice(0, 400), { addSpecialTokens: false });
        const ends = new Set([0, ...Array.from(byteOffsets).filter((_, i) => i % 2 === 1)]);
        for (const maxTokens of [1, 3, 10, 30]) {
          const kept = tokenizer.truncate(text.slice(0, 400), maxTokens, { addSpecialTokens: false });
          expect([kept, ends.has(new TextEncoder().encode(kept).length)]).toEqual([kept, true]);
        }
      }
    });

    test.each([-1, 0.5, Number.NaN, '3', undefined])('maxTokens %p is refused', (maxTokens) => {
      expect(() => tokenizer.truncate('abc', maxTokens as never)).toThrow(
        expect.objectContaining({ name: 'MerganserError', code: 'INVALID_ARGUMENT' }),
      );
    });
  });
});

// Values of pieces have 22 bits for the number of ids (native).
(BACKENDS.includes('native') ? test : test.skip).each([2 ** 22 - 2, 2 ** 22 - 1, 2 ** 22, 2 ** 22 + 5])('a piece of %i ids', (count) => {
  const definition = { ...definitionOf({}), model: { type: 'BPE', vocab: { a: 0 }, merges: [] } };
  const tokenizer = Tokenizer.fromJSON(definition, { backend: 'native' });
  const text = new Uint8Array(count).fill(0x61);
  expect(tokenizer.count(text)).toBe(count);
  expect(tokenizer.encode(text).length).toBe(count);
  tokenizer.dispose();
});
