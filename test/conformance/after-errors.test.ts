/** Texts that are encoded after one that could not be: nothing is left of that. Of the native backend alone, whose workers remember; the other one needs long to give up. */
import { MerganserError, Tokenizer } from '../../lib/index';
import { definitionOf } from '../tokenizer/character-tokenizer';
import { BACKENDS } from './backends';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];

/** Words of five letters, all different, and other ones for each `seed`. */
function words(seed: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const number = 7919 * i + 104_729 * seed;
    return Array.from({ length: 5 }, (_, k) => LETTERS[Math.floor(number / 26 ** k) % 26]).join('');
  });
}

(BACKENDS.includes('native') ? describe : describe.skip)('after an error (native)', () => {
  it.each<{ where: string; before: object[] }>([
    { where: 'alone', before: [] },
    { where: 'behind a step that makes words', before: [{ type: 'WhitespaceSplit' }] },
  ])('ids are right: the pattern $where', ({ before }) => {
    const split = { type: 'Split', pattern: { Regex: String.raw`\s+|((a+)+)\2b` }, behavior: 'Removed', invert: false };
    const definition = definitionOf({ preTokenizer: { type: 'Sequence', pretokenizers: [...before, split] } });
    const vocab = Object.fromEntries(LETTERS.map((letter, id) => [letter, id]));
    const tokenizer = Tokenizer.fromJSON({ ...definition, model: { type: 'BPE', vocab, merges: [] } }, { backend: 'native' });
    expect(() => tokenizer.encode([...words(1, 40), 'a'.repeat(60)].join(' '))).toThrow(MerganserError);
    for (const text of [words(2, 30), words(3, 90)]) {
      const letters = Array.from(tokenizer.encode(text.join(' ')), (id) => LETTERS[id]);
      expect(letters.join('')).toBe(text.join(''));
    }
  });
});
