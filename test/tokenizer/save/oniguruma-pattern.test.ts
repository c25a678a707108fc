import { knownEncoding } from '../../../lib/tokenizer/encodings';
import { onigurumaPattern } from '../../../lib/tokenizer/save/oniguruma-pattern';

test.each([
  ['a{1,3}+', '(?>a{1,3})'],
  [String.raw`\p{N}{2}+x`, String.raw`(?>\p{N}{2})x`],
  ['[ab]{1,}+|(?:cd){2}+', '(?>[ab]{1,})|(?>(?:cd){2})'],
  ['a++b*+c?+d{2}e{1,2}?', 'a++b*+c?+d{2}e{1,2}?'],
  ['^a$', String.raw`\Aa\z`],
  [String.raw`\^\$[$^]`, String.raw`\^\$[$^]`],
  [String.raw`(?i:'s)(?=x)(?!y)(?<=a)(?<!b)(?>z)`, String.raw`(?i:'s)(?=x)(?!y)(?<=a)(?<!b)(?>z)`],
  [String.raw`[\p{L}&&[^\p{Lu}]]+`, String.raw`[\p{L}&&[^\p{Lu}]]+`],
  ['a{b', 'a{b'],
])('%s', (pattern, expected) => {
  expect(onigurumaPattern(pattern)).toBe(expected);
});

test.each(['(?m)^a', '(?s:.)', '(?x: a )', '(a)\\1', String.raw`\bx`, String.raw`\Ga`, '(a', 'a)', '[a'])('%s is refused', (pattern) => {
  expect(() => onigurumaPattern(pattern)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});

test("OpenAI's patterns", () => {
  const rewritten = (name: string): string => onigurumaPattern(knownEncoding(name).pattern);
  expect(rewritten('gpt2')).toBe(knownEncoding('gpt2').pattern.replace('$', String.raw`\z`));
  expect(rewritten('cl100k_base')).toBe(
    knownEncoding('cl100k_base')
      .pattern.replace('$', String.raw`\z`)
      .replace(String.raw`\p{N}{1,3}+`, String.raw`(?>\p{N}{1,3})`),
  );
  expect(rewritten('o200k_base')).toBe(knownEncoding('o200k_base').pattern);
});
