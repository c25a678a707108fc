/** Random regular expressions over a small alphabet, and texts that they are likely to match in parts. */
import fc from 'fast-check';
import type { PatternDialect } from '../../../lib/tokenizer/pattern/ast';

const LITERALS = [...'aAbBcsx12_é٣漢²', ' ', '\\n', '\\r', '\\t', '\\.', "'", '\\-', '\u0301', '\u00a0'];
const SETS = [
  '.',
  '\\d',
  '\\D',
  '\\s',
  '\\S',
  '\\w',
  '\\W',
  '\\h',
  '\\p{L}',
  '\\P{L}',
  '\\p{Lu}',
  '\\p{^Ll}',
  '\\p{N}',
  '[ab]',
  '[^a]',
  '[a-c]',
  '[^\\s\\d]',
  '[\\p{L}\\p{M}]',
  '[^\\r\\n\\p{L}\\p{N}]',
  '[a-z&&[^b]]',
  '[[ab]1]',
  '[[:alpha:]]',
  '[^[:space:]]',
  '[a-c&&\\w]',
  '[^ab&&\\w]',
  '[]a]',
  '[a-]',
  '[-a]',
];
const ANCHORS = ['^', '$', '\\b', '\\B', '\\A', '\\z', '\\Z'];
const QUANTIFIERS = ['*', '+', '?', '*?', '+?', '??', '*+', '++', '?+', '{2}', '{1,2}', '{1,}', '{0,2}', '{1,3}?', '{1,2}+'];
const LOOK_BEHINDS = ['a', '\\s', 'ab', 'a|bc', '\\p{L}|[^a]x', 'a{1,2}'];

/** Patterns of a dialect; a few are refused by the library itself. With `ignoreCase`, parts of them ignore case. */
export function randomPattern(dialect: PatternDialect, ignoreCase = false): fc.Arbitrary<string> {
  const literals = ignoreCase ? [...LITERALS, ...'ſßKkﬀfiﬁ'] : LITERALS;
  const { alternatives } = fc.letrec<{ alternatives: string; sequence: string; repeated: string; atom: string }>((tie) => {
    const group = (open: string): fc.Arbitrary<string> => tie('alternatives').map((inner) => `${open}${inner})`);
    const repeatable = fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      { weight: 5, arbitrary: fc.constantFrom(...literals) },
      { weight: 5, arbitrary: fc.constantFrom(...SETS) },
      { weight: 1, arbitrary: fc.constant('\\R') },
      { weight: 1, arbitrary: group('(') },
      { weight: 2, arbitrary: group('(?:') },
      { weight: 1, arbitrary: group('(?>') },
      { weight: 1, arbitrary: group(dialect === 'oniguruma' ? '(?m:' : '(?s:') },
      ...(ignoreCase ? [{ weight: 2, arbitrary: group('(?i:') }] : []),
    );
    const assertion = fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.constantFrom(...ANCHORS),
      fc.tuple(fc.constantFrom('(?<=', '(?<!'), fc.constantFrom(...LOOK_BEHINDS)).map(([open, inner]) => `${open}${inner})`),
      group('(?='),
      group('(?!'),
    );
    return {
      atom: repeatable,
      repeated: fc.oneof(
        { weight: 5, arbitrary: tie('atom') },
        { weight: 4, arbitrary: fc.tuple(tie('atom'), fc.constantFrom(...QUANTIFIERS)).map((parts) => parts.join('')) },
        { weight: 2, arbitrary: assertion },
      ),
      sequence: fc.array(tie('repeated'), { minLength: 1, maxLength: 3 }).map((items) => items.join('')),
      alternatives: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((branches) => branches.join('|')),
    };
  });
  return alternatives;
}

const UNITS = [..."aAbBcsS12_x.-'é٣漢² \n\r\tſßKkfiﬁﬀ", '\u0301', '\u00a0'];

/** Short, as patterns may backtrack exponentially in the libraries too. */
export const patternText: fc.Arbitrary<string> = fc
  .uniqueArray(fc.constantFrom(...UNITS), { minLength: 2, maxLength: 5 })
  .chain((alphabet) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 10 }));
