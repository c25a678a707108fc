/**
 * Letters of other alphabets beside ASCII, without a pre-tokenizer. The native backend cuts there without a look at the two characters where no merge of the model joins any such
 * letter with an ASCII character of that class; so each class is joined by some models here and left apart by others.
 */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { BACKENDS } from './backends';
import { samples } from './fuzz';

const LETTERS = ['д', 'а', 'ё', 'ş', 'é', 'क', 'ि', 'ा'];
const ASCII = [' ', 'a', 'b', '1', '2', ',', '.', '-'];
const CHARACTERS = [...LETTERS, ...ASCII];
const BYTES = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);

const letter = fc.constantFrom(...LETTERS);
const joined = fc.oneof(
  fc.tuple(letter, letter),
  fc.tuple(letter, fc.constantFrom(...ASCII)),
  fc.tuple(fc.constantFrom(...ASCII), letter),
  fc.tuple(fc.constantFrom(' ', 'a'), fc.constantFrom('a', 'b')),
);
const example = fc.record({
  pairs: fc.uniqueArray(joined, { minLength: 1, maxLength: 6, selector: ([left, right]) => left + right }),
  // Long enough for blocks of 64 bytes, and each letter beside each class.
  texts: fc.array(
    fc.array(
      fc.oneof({ weight: 3, arbitrary: letter }, { weight: 2, arbitrary: fc.constantFrom(...ASCII, '—', '«', '×', '।', '٣', 'ж') }),
      {
        minLength: 40,
        maxLength: 120,
      },
    ),
    { minLength: 8, maxLength: 8 },
  ),
});

function definition(pairs: ReadonlyArray<readonly [string, string]>): object {
  const tokens = [...BYTES, ...CHARACTERS, ...pairs.map(([left, right]) => left + right)];
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return { version: '1.0', added_tokens: [], model: { type: 'BPE', byte_fallback: true, vocab, merges: pairs } };
}

describe.each(BACKENDS)('letters beside ASCII (%s)', (backend) => {
  test('give the ids of Hugging Face', async () => {
    for (const { pairs, texts } of samples(example, 60)) {
      const json = definition(pairs);
      const strings = texts.map((characters) => characters.join(''));
      const tokenizer = Tokenizer.fromJSON(json, { backend });
      const restored = Tokenizer.fromCompiled(tokenizer.compile(), { backend });
      const expected = await HuggingFaceOracle.fromJson(json).encodeBatchIds(strings);
      for (const [i, text] of strings.entries()) {
        expect(Array.from(tokenizer.encode(text))).toEqual(Array.from(expected[i]));
        expect(Array.from(restored.encode(text))).toEqual(Array.from(expected[i]));
      }
      tokenizer.dispose();
      restored.dispose();
    }
  });
});
