/** Extended tokenizers are what a naive transcription gives: words encoded by the old tokenizer, and merged greedily from there. */
import { extendTokenizer, type MerganserError, Tokenizer, trainBpe } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';

const GENERAL = ['the cat sat on the mat', 'a dog and the cat', 'hello there, the other mother', 'été à la mer'];
const DOMAIN = ['ribonucleic acid', 'acidic ribosomes', 'the ribosome and the acid', 'acid été <s> acid 日本 日本', 'aaaaaaa aaaa'];

/** Encodes by words, then counts everything anew before each merge. */
function naive(
  tokenizer: Tokenizer,
  texts: readonly string[],
  newTokens: number,
  minFrequency: number,
  unmergeable: ReadonlySet<number>,
): string[] {
  const known = tokenizer.getVocab();
  const strings = new Map([...known].map(([token, id]) => [id, token]));
  let next = Math.max(...known.values()) + 1;
  let words = texts.flatMap((text) => {
    const { ids, wordIds } = tokenizer.encodeFull(text, { allowedSpecial: 'none', addSpecialTokens: false });
    const byWord: number[][] = [];
    ids.forEach((id, i) => (i > 0 && wordIds[i] === wordIds[i - 1] ? byWord.at(-1)!.push(id) : byWord.push([id])));
    return byWord;
  });
  const made: string[] = [];
  while (made.length < newTokens) {
    const counts = new Map<string, number>();
    for (const word of words)
      for (let i = 0; i + 1 < word.length; i++)
        if (!unmergeable.has(word[i]) && !unmergeable.has(word[i + 1]))
          counts.set(`${word[i]} ${word[i + 1]}`, (counts.get(`${word[i]} ${word[i + 1]}`) ?? 0) + 1);
    const candidates = [...counts]
      .map(([pair, count]) => ({ pair: pair.split(' ').map(Number), count }))
      .filter(
        ({ pair: [left, right], count }) =>
          count >= minFrequency && ![...strings.values()].includes(strings.get(left)! + strings.get(right)!),
      )
      .sort((a, b) => b.count - a.count || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1]);
    if (candidates.length === 0) break;
    const [left, right] = candidates[0].pair;
    const token = strings.get(left)! + strings.get(right)!;
    strings.set(next, token);
    made.push(token);
    words = words.map((word) => {
      const joined: number[] = [];
      for (let i = 0; i < word.length; i++) joined.push(word[i] === left && word[i + 1] === right ? (i++, next) : word[i]);
      return joined;
    });
    next++;
  }
  return made;
}

describeEachBackend('extending a tokenizer', (backend) => {
  const WITH_PARTS = {
    'ByteLevel, with special tokens': { specialTokens: ['<s>'], initialAlphabet: 'byteLevel' as const },
    'Metaspace, with bytes for what is unknown': {
      specialTokens: ['<unk>'],
      unkToken: '<unk>',
      byteFallback: true,
      preTokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    },
    'a path that is not fused': {
      preTokenizer: { type: 'UnicodeScripts' },
      normalizer: { type: 'Lowercase' },
      specialTokens: ['<unk>'],
      unkToken: '<unk>',
    },
  };

  test.each(Object.entries(WITH_PARTS))('%s', async (_, parts) => {
    using old = await trainBpe(GENERAL, { vocabSize: 330, ...parts, backend });
    old.addTokens(['<later>']);
    const unmergeable = new Set([...old.getVocab()].filter(([token]) => /^<(unk|0x..)>$/.test(token)).map(([, id]) => id));
    for (const minFrequency of [1, 2]) {
      const expected = naive(old, DOMAIN, 12, minFrequency, unmergeable);
      using extended = await extendTokenizer(old, DOMAIN, { newTokens: 12, minFrequency, backend });
      const vocab = extended.getVocab();
      for (const [token, id] of old.getVocab()) expect(vocab.get(token)).toBe(id);
      const before = Math.max(...old.getVocab().values());
      const made = [...vocab].filter(([, id]) => id > before).sort(([, a], [, b]) => a - b);
      expect(made.map(([token]) => token)).toEqual(expected);
      for (const text of GENERAL) expect(extended.decode(extended.encode(text))).toBe(old.decode(old.encode(text)));
      for (const text of DOMAIN) expect(extended.encode(text).length).toBeLessThanOrEqual(old.encode(text).length);
      using loaded = Tokenizer.fromJSON(extended.toJSON(), { backend });
      for (const text of [...GENERAL, ...DOMAIN]) expect(loaded.encode(text)).toEqual(extended.encode(text));
      expect([...loaded.encode('<later>')]).toContain(old.tokenToId('<later>'));
    }
  });

  test('a tiktoken encoding', async () => {
    using old = await Tokenizer.forEncoding('gpt2', { backend });
    using extended = await extendTokenizer(
      old,
      Array.from({ length: 50 }, () => 'ribonucleoprotein complexes'),
      { newTokens: 20, backend },
    );
    expect(extended.encode('ribonucleoprotein').length).toBe(1);
    expect(extended.vocabSize).toBeGreaterThan(old.vocabSize);
    expect([...extended.encode('hello world')]).toEqual([...old.encode('hello world')]);
    expect(extended.tokenToId('<|endoftext|>')).toBe(50256);
  });

  test('what cannot be', async () => {
    using old = await trainBpe(GENERAL, { vocabSize: 60, backend });
    using boundless = await trainBpe(GENERAL, { vocabSize: 60, superwords: { method: 'boundless' }, backend });
    const code = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'no error',
        (error: MerganserError) => error.code,
      );
    expect(await code(extendTokenizer(old, DOMAIN, { newTokens: 0 }))).toBe('INVALID_ARGUMENT');
    expect(await code(extendTokenizer({} as never, DOMAIN, { newTokens: 5 }))).toBe('INVALID_ARGUMENT');
    expect(await code(extendTokenizer(old, { counts: 'a' } as never, { newTokens: 5 }))).toBe('INVALID_ARGUMENT');
    expect(await code(extendTokenizer(old, { files: '/absent.txt' }, { newTokens: 5 }))).toBe('NOT_FOUND');
    expect(await code(extendTokenizer(boundless, DOMAIN, { newTokens: 5 }))).toBe('UNSUPPORTED');
  });
});

describeEachBackend('training on random spans', (backend) => {
  const texts = Array.from(
    { length: 200 },
    (_, i) => `the quick brown fox ${i % 7} jumps over the lazy dog, e\u0301te\u0301 ========== ${i}`,
  );
  const train = (input: string[], seed: number, lengths?: ReadonlyArray<readonly [number, number, number]>) =>
    trainBpe(input, { vocabSize: 400, minFrequency: 2, maxTokenLength: 30, randomSpans: { seed, ...(lengths && { lengths }) }, backend });
  const modelOf = (tokenizer: Tokenizer): string => JSON.stringify((tokenizer.toJSON() as { model: unknown }).model);

  test('the seed decides, not the order of texts', async () => {
    using one = await train(texts, 1);
    using reversed = await train([...texts].reverse(), 1);
    using two = await train(texts, 2);
    expect(modelOf(reversed)).toBe(modelOf(one));
    expect(modelOf(two)).not.toBe(modelOf(one));
    expect([...one.getVocab().keys()].some((token) => /[a-z]Ġ[a-z]/.test(token))).toBe(true);
    expect(one.decode(one.encode(texts[3]))).toBe(texts[3].normalize('NFC'));
    const { normalizer, pre_tokenizer: preTokenizer } = one.toJSON() as Record<string, { type: string; use_regex?: boolean }>;
    expect(normalizer.type).toBe('NFC');
    expect(preTokenizer).toMatchObject({ type: 'ByteLevel', use_regex: false });
  });

  test('no token is longer than a span, and seven equal characters are a word', async () => {
    using short = await train(texts, 3, [
      [2, 3, 1],
      [9, 9, 0],
    ]);
    for (const token of short.getVocab().keys())
      expect(Buffer.from(short.decodeBytes([short.tokenToId(token)!])).toString().length).toBeLessThanOrEqual(3);
    using equal = await train(texts, 3, [[40, 40, 1]]);
    for (const token of equal.getVocab().keys()) expect(token).not.toMatch(/[^=]=|={8}/);
  });

  test('what cannot be', async () => {
    const code = (randomSpans: unknown, more: object = {}): Promise<string> =>
      trainBpe(texts, { vocabSize: 400, randomSpans: randomSpans as { seed: number }, backend, ...more }).then(
        () => 'no error',
        (error: MerganserError) => error.code,
      );
    for (const spans of [
      null,
      {},
      { seed: -1 },
      { seed: 0.5 },
      { seed: 1, lengths: [] },
      { seed: 1, lengths: [[3, 2, 1]] },
      { seed: 1, lengths: [[1, 2, 0]] },
    ])
      expect(await code(spans)).toBe('INVALID_ARGUMENT');
    expect(await code({ seed: 1 }, { preTokenizer: { type: 'Whitespace' } })).toBe('INVALID_ARGUMENT');
  });
});
