/**
 * No text, however odd, costs more than n log n. Each test encodes a megabyte (a quarter in TypeScript) within Jest's limit of
 * minutes, which a quadratic algorithm would miss by hours; what comes out is checked against Hugging Face on a shorter run of the same, and decoded.
 */
import { Tokenizer } from '../../lib/index';
import { BACKENDS, type BackendName } from '../conformance/backends';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { realTokenizerPath } from '../oracles/real-tokenizers';

const LONG = { native: 1_000_000, js: 250_000 } as const;
const SHORT = 3000;

/** A text of `bytes` bytes. */
type Pattern = (bytes: number) => string;

const repeat = (unit: string): Pattern => {
  const size = new TextEncoder().encode(unit).length;
  return (bytes) => unit.repeat(Math.ceil(bytes / size));
};

const PATTERNS: ReadonlyArray<readonly [string, Pattern]> = [
  ['one letter', repeat('a')],
  ['letters and another at the end', (bytes) => `${'a'.repeat(bytes - 1)}b`],
  ['capitals', repeat('A')],
  ['two letters in turn', repeat('ab')],
  ['capital and small in turn', repeat('aB')],
  ['spaces', repeat(' ')],
  ['spaces and a letter at the end', (bytes) => `${' '.repeat(bytes - 1)}a`],
  ['newlines', repeat('\n')],
  ['spaces and newlines in turn', repeat(' \n')],
  ['carriage returns and newlines', repeat('\r\n')],
  ['tabs', repeat('\t')],
  ['apostrophes', repeat("'")],
  ['contractions', repeat("'s")],
  ['digits', repeat('1')],
  ['punctuation', repeat('!')],
  ['punctuation and newlines', repeat('!\n')],
  ['combining marks', repeat('\u0301')],
  ['combining marks of two classes', repeat('\u0323\u0301')],
  ['combining marks against their order', (bytes) => '\u0301'.repeat(bytes / 4) + '\u0323'.repeat(bytes / 4)],
  ['ideographs', repeat('你')],
  ['emoji', repeat('😀')],
  ['joiners', repeat('👩\u200d')],
  ['Hangul jamo', repeat('\u1112\u1161\u11ab')],
  ['U+2581', repeat('\u2581')],
  ['U+FFFD', repeat('\ufffd')],
  ['NUL', repeat('\0')],
  ['the beginnings of special tokens', repeat('<|endoftex')],
  ['less-than signs', repeat('<')],
];

describe.each(['gpt4o', 'deepseek_v3', 'claude', 'llama2'])('%s', (name) => {
  const tokenizers = new Map<BackendName, Tokenizer>();
  let oracle: HuggingFaceOracle;
  beforeAll(async () => {
    oracle = HuggingFaceOracle.fromFile(realTokenizerPath(name));
    for (const backend of BACKENDS) tokenizers.set(backend, await Tokenizer.fromFile(realTokenizerPath(name), { backend }));
  });
  afterAll(() => {
    for (const tokenizer of tokenizers.values()) tokenizer.dispose();
  });

  describe.each(BACKENDS)('%s', (backend) => {
    test.each(PATTERNS)('%s', async (_title, pattern) => {
      const tokenizer = tokenizers.get(backend)!;
      const short = pattern(SHORT);
      expect(Array.from(tokenizer.encode(short))).toEqual((await oracle.encodeBatchIds([short]))[0]);
      const text = pattern(LONG[backend]);
      const ids = tokenizer.encode(text, { addSpecialTokens: false });
      // Claude has a token of 1024 spaces.
      expect(ids.length).toBeGreaterThan(text.length / 2000);
      expect(tokenizer.count(text, { addSpecialTokens: false })).toBe(ids.length);
    });
  });
});

describe.each(BACKENDS)('merges made to be slow (%s)', (backend) => {
  /** a, aa, aaaa … each from two of the one before, in the given order of rank. */
  const doubling = (reversed: boolean): object => {
    const tokens = Array.from({ length: 14 }, (_, i) => 'a'.repeat(2 ** i));
    const merges = tokens.slice(0, -1).map((token) => [token, token]);
    return { ...base(), model: bpe([...tokens, 'b'], reversed ? merges.reverse() : merges) };
  };

  /** a + a = aa, aa + a = aaa, …: one token that eats the text from the left. */
  const snowball = (): object => {
    const tokens = Array.from({ length: 300 }, (_, i) => 'a'.repeat(i + 1));
    return {
      ...base(),
      model: bpe(
        tokens,
        tokens.slice(0, -1).map((token) => [token, 'a']),
      ),
    };
  };

  /** The same from the right, the longest first. */
  const avalanche = (): object => {
    const tokens = Array.from({ length: 300 }, (_, i) => 'a'.repeat(i + 1));
    return {
      ...base(),
      model: bpe(
        tokens,
        tokens
          .slice(0, -1)
          .map((token) => ['a', token])
          .reverse(),
      ),
    };
  };

  function base(): object {
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
    };
  }

  function bpe(tokens: string[], merges: string[][]): object {
    return {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    };
  }

  test.each([
    ['doubling', doubling(false)],
    ['doubling, the longest first', doubling(true)],
    ['snowball', snowball()],
    ['avalanche', avalanche()],
  ])('%s', async (_title, definition) => {
    const tokenizer = Tokenizer.fromJSON(definition, { backend });
    const oracle = HuggingFaceOracle.fromJson(definition);
    for (const length of [1, 2, 3, 31, 32, 33, 299, 300, 301, 1023, 5000]) {
      const text = 'a'.repeat(length);
      expect([length, Array.from(tokenizer.encode(text))]).toEqual([length, (await oracle.encodeBatchIds([text]))[0]]);
    }
    expect(tokenizer.encode('a'.repeat(LONG[backend])).length).toBeGreaterThan(0);
    tokenizer.dispose();
  });
});

// A search that fails from every start costs the square of the text in any engine that searches from left to right; what must not be is the
// exponential cost of naive backtracking, which 5,000 characters would show.
describe.each(BACKENDS)('patterns made to be slow (%s)', (backend) => {
  const withPattern = (pattern: string): object => ({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    post_processor: null,
    decoder: null,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: { a: 0, b: 1 },
      merges: [],
    },
  });

  test.each(['(a+)+b', '(a|a)*b', 'a*a*a*b', '(?:a|aa)+$', '(a|b|ab)*c', 'a+(?!a)', 'a+?b|a', '(?:(?:a+)+)+c'])('%s', (pattern) => {
    const tokenizer = Tokenizer.fromJSON(withPattern(pattern), { backend });
    expect(tokenizer.encode('a'.repeat(5000)).length).toBe(5000);
    tokenizer.dispose();
  });

  // Oniguruma gives up on this one too.
  test('one with no automaton, exponential: an error, in time', () => {
    const tokenizer = Tokenizer.fromJSON(withPattern('(a*)*b'), { backend });
    expect(() => tokenizer.encode('a'.repeat(5000))).toThrow(expect.objectContaining({ name: 'MerganserError', code: 'INVALID_PATTERN' }));
    tokenizer.dispose();
  });
});
