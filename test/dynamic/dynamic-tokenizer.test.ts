/** What users ask for: options, reductions, alignment, new tokens, cancelling, and what is refused. */
import { DynamicTokenizer, type MergeOptions, type RaggedTokens, Tokenizer } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { TEXT_SAMPLES } from '../conformance/texts';
import { realTokenizerPath } from '../oracles/real-tokenizers';

const TEXTS = TEXT_SAMPLES.find(({ name }) => name === 'en.txt')!
  .text.split('\n')
  .filter((line) => line !== '')
  .slice(0, 24);

/** An error's code. */
function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describeEachBackend('DynamicTokenizer', (backend) => {
  let tokenizer: Tokenizer;
  let dynamic: DynamicTokenizer;
  beforeAll(() => {
    tokenizer = Tokenizer.fromFileSync(realTokenizerPath('gpt2'), { backend });
    dynamic = new DynamicTokenizer(tokenizer);
  });

  const total = (batch: RaggedTokens): number => batch.values.length;

  it('does not change a batch without merges', () => {
    const batch = dynamic.encodeBatchSync(TEXTS, { merges: 0 });
    expect(batch.values).toEqual(tokenizer.encodeBatchSync(TEXTS).values);
    expect(batch.newTokens.count).toBe(0);
  });

  it('gives the same on and off the calling thread', async () => {
    for (const options of [{ merges: 30 }, { reduction: 40 }, { reduction: 25, perSample: true }, {}]) {
      const [inTurn, atOnce] = [await dynamic.encodeBatch(TEXTS, options), dynamic.encodeBatchSync(TEXTS, options)];
      expect(inTurn.values).toEqual(atOnce.values);
      expect(inTurn.offsets).toEqual(atOnce.offsets);
      expect(inTurn.newTokens).toEqual(atOnce.newTokens);
    }
  });

  it('stops at the first merge that reaches a reduction', () => {
    const words = dynamic.encodeBatchSync(TEXTS);
    const [longest, shortest] = [total(words.base), total(words)];
    for (const reduction of [1, 10, 50, 99, 100]) {
      const lengths = Array.from(dynamic.encodeBatchSync(TEXTS, { reduction }).lengths());
      const reached = (length: number): boolean => (100 * (longest - length)) / (longest - shortest) >= reduction - 1e-9;
      expect(lengths.map(reached)).toEqual(lengths.map((_, i) => i === lengths.length - 1));
    }
    expect(total(dynamic.encodeBatchSync(TEXTS, { reduction: 0 }))).toBe(longest);
  });

  it('counts reductions of sentences by words', () => {
    using sentences = new DynamicTokenizer(tokenizer, { boundary: 'sentence' });
    const words = dynamic.encodeBatchSync(TEXTS);
    const half = total(words.base) - (total(words.base) - total(words)) / 2;
    const batch = sentences.encodeBatchSync(TEXTS, { reduction: 50 });
    expect(total(batch)).toBeLessThanOrEqual(half);
    expect(batch.lengths().at(-2)).toBeGreaterThan(half);
  });

  it('gives each sample its own number of merges', () => {
    const merges = TEXTS.map((_, i) => i % 4);
    const batch = dynamic.encodeBatchSync(TEXTS, { merges, perSample: true });
    const most = dynamic.encodeBatchSync(TEXTS, { perSample: true });
    const done = (of: typeof batch): number[] => TEXTS.map((_, i) => of.mergeOffsets[i + 1] - of.mergeOffsets[i]);
    expect(done(batch)).toEqual(done(most).map((all, i) => Math.min(all, merges[i])));
    expect(new Set(done(batch)).size).toBe(4);
  });

  it('never merges special tokens', () => {
    const text = 'x<|endoftext|>x<|endoftext|>x<|endoftext|>x';
    using sentences = new DynamicTokenizer(tokenizer, { boundary: 'sentence' });
    expect(sentences.encode(text).values).toEqual(tokenizer.encode(text));
  });

  it('does not make a special token out of text that spells it', () => {
    using sentences = new DynamicTokenizer(tokenizer, { boundary: 'sentence' });
    const batch = sentences.encode('<|endoftext|>', { allowedSpecial: 'none' });
    expect(batch.values.length).toBe(1);
    expect(batch.values[0]).toBeGreaterThanOrEqual(sentences.baseSize);
    expect(batch.tokenText(batch.values[0])).toBe('<|endoftext|>');
  });

  it('names and expands new tokens', () => {
    const batch = dynamic.encodeBatchSync(TEXTS, { merges: 50 });
    const { firstId, count, bytes, byteOffsets } = batch.newTokens;
    expect(count).toBeGreaterThan(10);
    for (let i = 0; i < count; i++) {
      const text = new TextDecoder().decode(bytes.subarray(byteOffsets[i], byteOffsets[i + 1]));
      expect(batch.tokenText(firstId + i)).toBe(text);
      expect(tokenizer.decode(batch.expand([firstId + i]))).toBe(text);
    }
    expect(tokenizer.decode(batch.expand(batch.values))).toBe(tokenizer.decode(batch.base.values));
  });

  it('tells where tokens stand in texts, with truncation and pairs', async () => {
    const options = { merges: 40, alignment: true, truncation: { maxLength: 40 }, pairs: TEXTS };
    const batch = await dynamic.encodeBatch(TEXTS, options);
    expect(batch.textOffsets).toEqual(dynamic.encodeBatchSync(TEXTS, options).textOffsets);
    TEXTS.forEach((text, i) => {
      const full = tokenizer.encodeFull(text, { pair: text, truncation: { maxLength: 40 } });
      for (let token = batch.offsets[i]; token < batch.offsets[i + 1]; token++) {
        const [first, last] = [batch.baseStarts[token] - batch.base.offsets[i], batch.baseStarts[token + 1] - batch.base.offsets[i] - 1];
        expect(batch.textOffsets![2 * token]).toBe(full.offsets[2 * first]);
        expect(batch.textOffsets![2 * token + 1]).toBe(full.offsets[2 * last + 1]);
        expect(batch.wordIds![token]).toBe(full.wordIds[first]);
      }
    });
  });

  it('leaves the event loop free, and can be cancelled', async () => {
    const { values } = tokenizer.encodeBatchSync([TEXTS.join(' ')]);
    // Enough for several slices of time on any machine.
    const copies = 4000;
    const batch = {
      values: new Uint32Array(copies * values.length),
      offsets: Uint32Array.from({ length: copies + 1 }, (_, i) => i * values.length),
    };
    for (let i = 0; i < copies; i++) batch.values.set(values, i * values.length);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await dynamic.merge(batch, { merges: 200 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    const controller = new AbortController();
    const merging = dynamic.merge(batch, { merges: 200, signal: controller.signal });
    controller.abort();
    await expect(merging).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(dynamic.merge(batch, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('takes empty batches and texts', () => {
    expect(Array.from(dynamic.encodeBatchSync([]).offsets)).toEqual([0]);
    expect(Array.from(dynamic.encodeBatchSync(['', 'a', '']).offsets)).toEqual([0, 0, 1, 1]);
    expect(Array.from(dynamic.encodeBatchSync([], { perSample: true, reduction: 10 }).offsets)).toEqual([0]);
  });

  it.each<[string, MergeOptions]>([
    ['negative merges', { merges: -1 }],
    ['half merges', { merges: 0.5 }],
    ['merges for samples without perSample', { merges: [1, 2] }],
    ['merges for other samples', { merges: [1], perSample: true }],
    ['a reduction above 100', { reduction: 101 }],
    ['a reduction that is no number', { reduction: NaN }],
    ['a minimal count of 0', { minCount: 0 }],
    ['a transition without superwords', { transition: 3 }],
  ])('refuses %s', (_, options) => {
    expect(codeOf(() => dynamic.encodeBatchSync(TEXTS, options))).toBe('INVALID_ARGUMENT');
  });

  it('refuses what is no batch', () => {
    const bad: unknown[] = [
      null,
      { values: [1], offsets: [0, 1] },
      { values: new Uint32Array(2), offsets: Uint32Array.of(0, 1) },
      { values: new Uint32Array(2), offsets: Uint32Array.of(0, 2, 1, 2) },
      { values: Uint32Array.of(dynamic.baseSize), offsets: Uint32Array.of(0, 1) },
    ];
    for (const batch of bad) expect(codeOf(() => dynamic.mergeSync(batch as RaggedTokens))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => dynamic.encodeBatchSync(TEXTS).expand([99999999]))).toBe('UNKNOWN_TOKEN');
    expect(codeOf(() => new DynamicTokenizer(tokenizer, { boundary: 'words' as 'word' }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => new DynamicTokenizer({} as Tokenizer))).toBe('INVALID_ARGUMENT');
  });

  it('ends with dispose', () => {
    const gone = new DynamicTokenizer(tokenizer);
    gone.dispose();
    expect(codeOf(() => gone.encodeBatchSync(TEXTS))).toBe('DISPOSED');
  });
});
