/** Affixes of characters that fall back to bytes become bytes too: such pieces have many more ids than bytes. */
import { Tokenizer } from '../../lib/index';
import { definitionOf } from '../tokenizer/character-tokenizer';
import { describeEachBackend } from './backends';

const AFFIX = '#'.repeat(40);
const WORD = '31415926535897932384';
const WORDS = 300;
const VOCAB = Object.fromEntries(
  Array.from({ length: 256 }, (_, byte) => [`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, byte]),
);

describeEachBackend('affixes that become bytes', (backend) => {
  function tokenizer(pretokenizers: readonly object[], affix: object): Tokenizer {
    const model = { type: 'BPE', byte_fallback: true, vocab: VOCAB, merges: [], ...affix };
    return Tokenizer.fromJSON({ ...definitionOf({ preTokenizer: { type: 'Sequence', pretokenizers } }), model }, { backend });
  }

  /** `affixed`: what a word becomes; its bytes are its ids. */
  async function check(affixing: Tokenizer, words: number, affixed: string): Promise<void> {
    const text = `${WORD} `.repeat(words);
    const expected = affixed.repeat(words);
    expect(Buffer.from(affixing.encode(text)).toString()).toBe(expected);
    expect(Buffer.from(await affixing.encodeAsync(text)).toString()).toBe(expected);
    expect(affixing.count(text)).toBe(expected.length);
  }

  it.each([1, 3, WORDS])('a prefix before each character but the first, %i words', async (words) => {
    const prefixed = tokenizer([{ type: 'WhitespaceSplit' }], { continuing_subword_prefix: AFFIX });
    await check(prefixed, words, [...WORD].join(AFFIX));
  });

  // The native backend splits at digits behind the look-up of words.
  describe.each([
    { type: 'FixedLength', length: 1 },
    { type: 'Digits', individual_digits: true },
  ])('a suffix behind each piece of one character: $type', (step) => {
    it.each([1, 3, WORDS])('%i words', async (words) => {
      const suffixed = tokenizer([{ type: 'WhitespaceSplit' }, step], { end_of_word_suffix: AFFIX });
      await check(suffixed, words, [...WORD].map((character) => character + AFFIX).join(''));
    });
  });
});
