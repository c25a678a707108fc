/**
 * The pieces that splits by patterns make, native against TypeScript, whose matches are tested against the libraries in test/tokenizer/pattern. The model puts a suffix to the
 * end of each piece, so that ids tell where pieces end.
 */
import fc from 'fast-check';
import { type Tokenizer, Tokenizer as Tokenizers } from '../../lib/index';
import { MerganserError } from '../../lib/errors';
import { wellFormed } from '../oracles/strings';
import { definitionOf } from '../tokenizer/character-tokenizer';
import { patternText, randomPattern } from '../tokenizer/pattern/random-patterns';
import { GROUPED_DIGITS, ONIGURUMA_PATTERNS } from '../tokenizer/pattern/real-patterns';
import { BACKENDS } from './backends';
import { fuzzRuns, samples } from './fuzz';
import { TEXT_SAMPLES } from './texts';

const SUFFIX = '</w>';
const TEXTS = TEXT_SAMPLES.filter(({ name }) => ['en.txt', 'code-ts.txt', 'mixed.txt', 'ru.txt'].includes(name)).map(({ text }) => text);
const RANDOM_TEXTS = samples(patternText, 60).map(wellFormed);
const CHARACTERS = [...new Set([...TEXTS, ...RANDOM_TEXTS].join(''))];
const BEHAVIORS = ['Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];

interface Split {
  readonly regex: string;
  readonly behavior?: string;
  readonly invert?: boolean;
}

function tokenizers(splits: readonly Split[]): Tokenizer[] {
  const pretokenizers = splits.map(({ regex, behavior = 'Isolated', invert = false }) => ({
    type: 'Split',
    pattern: { Regex: regex },
    behavior,
    invert,
  }));
  const vocab = Object.fromEntries(
    ['<unk>', ...CHARACTERS, ...CHARACTERS.map((character) => character + SUFFIX)].map((token, id) => [token, id]),
  );
  const definition = definitionOf({ preTokenizer: { type: 'Sequence', pretokenizers } });
  const model = { type: 'BPE', unk_token: '<unk>', end_of_word_suffix: SUFFIX, vocab, merges: [] };
  return BACKENDS.map((backend) => Tokenizers.fromJSON(JSON.stringify({ ...definition, model }), { backend }));
}

/** The code of the error if a pattern can match in too many ways. */
function idsOrCode(tokenizer: Tokenizer, text: string): number[] | string {
  try {
    return [...tokenizer.encode(text)];
  } catch (error) {
    if (error instanceof MerganserError) return error.code;
    throw error;
  }
}

/** False if a pattern is refused. */
function expectSamePieces(splits: readonly Split[], texts: readonly string[]): boolean {
  let made: Tokenizer[];
  try {
    made = tokenizers(splits);
  } catch (error) {
    if (error instanceof MerganserError && error.code === 'INVALID_PATTERN') return false;
    throw error;
  }
  // The second time pieces are known.
  for (const text of [...texts, ...texts]) {
    const [ids, ...others] = made.map((tokenizer) => idsOrCode(tokenizer, text));
    for (const other of others) expect({ splits, text, ids: other }).toEqual({ splits, text, ids });
  }
  for (const tokenizer of made) tokenizer.dispose();
  return true;
}

const REAL = { ...ONIGURUMA_PATTERNS, 'digits in threes from the right': `${GROUPED_DIGITS}| ?\\p{L}+|\\s+(?!\\S)|\\s+` };

test.each(Object.entries(REAL))('%s', (_name, regex) => {
  expectSamePieces([{ regex }], TEXTS);
  expectSamePieces([{ regex, behavior: 'Removed', invert: true }], TEXTS);
});

const anySplit = fc.record({ regex: randomPattern('oniguruma'), behavior: fc.constantFrom(...BEHAVIORS), invert: fc.boolean() });

test('random patterns', () => {
  let accepted = 0;
  for (const [i, splits] of samples(fc.array(anySplit, { minLength: 1, maxLength: 3 }), 120).entries()) {
    if (expectSamePieces(splits, RANDOM_TEXTS.slice((5 * i) % 50, ((5 * i) % 50) + 10))) accepted++;
  }
  expect(accepted).toBeGreaterThan(fuzzRuns(120) / 3);
});

test('what is read in vain again and again', () => {
  const patterns = ['a(?:[ab]*c)?', 'a+b|a', '(?:ab)+c|[ab]', 'aaaa|aab|c', '[ab]c|aac| ?b+', 'a{2,4}b?|bb', '(?:a|ab|abc)(?=\\b)'];
  const texts = samples(fc.string({ unit: fc.constantFrom(...'abc '), maxLength: 40 }), 60);
  for (const regex of patterns) {
    for (const behavior of BEHAVIORS) expectSamePieces([{ regex, behavior }], texts);
  }
});
