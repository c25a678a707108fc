/** Lists of merges that make a token from all pairs that spell it, in order of the tokens' ids save for some at either end, as SentencePiece models have them. */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { BACKENDS } from './backends';
import { samples } from './fuzz';

const LETTERS = ['a', 'b', 'c', 'é', 'д'];
const word = (min: number, max: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...LETTERS), { minLength: min, maxLength: max }).map((letters) => letters.join(''));

interface Case {
  readonly products: string[];
  /** Which of the merges go to the front, or to the end. */
  readonly moved: number[];
  readonly texts: string[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  products: fc.uniqueArray(word(2, 5), { minLength: 10, maxLength: 80 }),
  moved: fc.array(fc.nat(400), { maxLength: 6 }),
  texts: fc.array(word(1, 40), { minLength: 12, maxLength: 12 }),
});

function definition({ products, moved }: Case): object {
  const known = new Set(LETTERS);
  const splits = (text: string): Array<[string, string]> =>
    Array.from({ length: text.length - 1 }, (_, i): [string, string] => [text.slice(0, i + 1), text.slice(i + 1)]).filter(
      ([left, right]) => known.has(left) && known.has(right),
    );
  for (const product of [...products].sort((a, b) => a.length - b.length)) if (splits(product).length > 0) known.add(product);
  const made = products.filter((product) => known.has(product));
  const vocab = Object.fromEntries([...LETTERS, ...made].map((token, id) => [token, id]));
  const merges = made.flatMap(splits);
  for (const place of moved) if (place < merges.length) merges.splice(place % 2 === 0 ? 0 : merges.length, 0, ...merges.splice(place, 1));
  return { version: '1.0', added_tokens: [], model: { type: 'BPE', vocab, merges } };
}

describe.each(BACKENDS)('merges in order of their products (%s)', (backend) => {
  test('give the ids of Hugging Face', async () => {
    for (const example of samples(cases, 50)) {
      const json = definition(example);
      const tokenizer = Tokenizer.fromJSON(json, { backend });
      const expected = await HuggingFaceOracle.fromJson(json).encodeBatchIds(example.texts);
      const restored = Tokenizer.fromCompiled(tokenizer.compile(), { backend });
      for (const [i, text] of example.texts.entries()) {
        expect(Array.from(tokenizer.encode(text))).toEqual(Array.from(expected[i]));
        expect(Array.from(restored.encode(text))).toEqual(Array.from(expected[i]));
      }
      tokenizer.dispose();
      restored.dispose();
    }
  });
});
