/** Tables of lengths by merges, and numbers of merges drawn from them. */
import { DynamicTokenizer, MergeSampler, type ReductionDistribution, ReductionTable, Tokenizer } from '../../lib/index';
import { TEXT_SAMPLES } from '../conformance/texts';
import { realTokenizerPath } from '../oracles/real-tokenizers';

const LINES = TEXT_SAMPLES.find(({ name }) => name === 'en.txt')!
  .text.split('\n')
  .filter((line) => line !== '')
  .slice(0, 24);
const BATCHES = [LINES.slice(0, 8), LINES.slice(8, 16), LINES.slice(16)];
const tokenizer = Tokenizer.fromFileSync(realTokenizerPath('gpt2'));
const dynamic = new DynamicTokenizer(tokenizer);

describe('ReductionTable', () => {
  it('has the mean length after each number of merges', async () => {
    const progress: number[] = [];
    const table = await ReductionTable.measure(dynamic, BATCHES, { onProgress: (done) => progress.push(done) });
    for (const merges of [0, 1, 7, 40, table.mostMerges, 10_000]) {
      const tokens = BATCHES.reduce((sum, batch) => sum + dynamic.encodeBatchSync(batch, { merges }).values.length, 0);
      expect(table.meanLengths[Math.min(merges, table.mostMerges)]).toBeCloseTo(tokens / LINES.length, 12);
    }
    expect(table.wordLength).toBe(table.meanLengths.at(-1));
    expect(progress).toEqual([1, 2, 3]);
  });

  it('counts merges of each sample', async () => {
    const table = await ReductionTable.measure(dynamic, BATCHES, { perSample: true, merges: 3 });
    const tokens = BATCHES.reduce((sum, batch) => sum + dynamic.encodeBatchSync(batch, { merges: 3, perSample: true }).values.length, 0);
    expect(table.meanLengths.length).toBe(4);
    expect(table.meanLengths[3]).toBeCloseTo(tokens / LINES.length, 12);
  });

  it('measures sentences, and tables that are cut off, against words', async () => {
    const whole = await ReductionTable.measure(dynamic, BATCHES);
    using sentences = new DynamicTokenizer(tokenizer, { boundary: 'sentence' });
    expect((await ReductionTable.measure(sentences, BATCHES, { merges: 5 })).wordLength).toBeCloseTo(whole.wordLength, 12);
    const short = await ReductionTable.measure(dynamic, BATCHES, { merges: 5 });
    expect(short.wordLength).toBeCloseTo(whole.wordLength, 12);
    expect(short.reductionAt(5)).toBeCloseTo(whole.reductionAt(5), 12);
  });

  it("gives the paper's reductions", () => {
    // XNLI in English, batches of 32: merges 0, 10, 20, 40 and to words.
    const table = new ReductionTable([42.14, 40.24, 39.14, 37.56, 35.94]);
    expect(table.reductionAt(1)).toBeCloseTo((100 * (42.14 - 40.24)) / (42.14 - 35.94), 12);
    expect([0, 1, 30, 31, 75, 100].map((reduction) => table.mergesFor(reduction))).toEqual([0, 1, 1, 2, 4, 4]);
    expect(table.reductionAt(100)).toBeCloseTo(100, 9);
    expect(new ReductionTable([3, 3]).reductionAt(1)).toBe(0);
  });

  it('refuses what is no table', async () => {
    await expect(ReductionTable.measure(dynamic, [])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(ReductionTable.measure(dynamic, BATCHES, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(ReductionTable.measure(dynamic, BATCHES, null!)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(() => new ReductionTable([2, 3])).toThrow(/meanLengths/u);
    expect(() => new ReductionTable([3, 2], 4)).toThrow(/wordLength/u);
    expect(() => new ReductionTable([3, 2]).mergesFor(NaN)).toThrow(/reduction/u);
  });
});

describe('MergeSampler', () => {
  // Reduction m % after m merges: a bin of 30 has three or four numbers of merges.
  const table = new ReductionTable(Array.from({ length: 101 }, (_, m) => 200 - m));
  const binsOf = (distribution: ReductionDistribution, count: number): number[] => {
    const drawn = new MergeSampler(table, { distribution, seed: 7 }).take(count);
    return Array.from(drawn, (merges) => Math.min(29, Math.floor((table.reductionAt(merges) * 30) / 100)));
  };
  const COUNT = 20_000;

  it('draws all bins alike', () => {
    const counts = new Array<number>(30).fill(0);
    for (const bin of binsOf('uniform', COUNT)) counts[bin]++;
    // Five standard deviations of a binomial distribution.
    for (const count of counts) expect(Math.abs(count - COUNT / 30)).toBeLessThan(5 * Math.sqrt(COUNT / 30));
  });

  // Shares of |x − 15| ≤ 5 from the distribution functions, for draws that are rounded, and drawn again outside the bins.
  const cauchy = (x: number): number => 0.5 + Math.atan(x / 5) / Math.PI;
  it.each<[ReductionDistribution, number]>([
    ['normal', 0.7301],
    ['cauchy', (cauchy(5.5) - cauchy(-5.5)) / (cauchy(14.5) - cauchy(-15.5))],
    ['studentT', 0.7125],
  ])('draws by %s around the middle', (distribution, share) => {
    const near = binsOf(distribution, COUNT).filter((bin) => Math.abs(bin - 15) <= 5).length / COUNT;
    expect(Math.abs(near - share)).toBeLessThan(0.02);
  });

  it('takes the nearest number where a bin is empty', () => {
    const sampler = new MergeSampler(new ReductionTable([10, 9, 0]), { seed: 3 });
    const drawn = new Set(sampler.take(500));
    expect(drawn).toEqual(new Set([0, 1, 2]));
    expect(new MergeSampler(new ReductionTable([5])).next()).toBe(0);
  });

  it('repeats itself with its seed', () => {
    expect(new MergeSampler(table, { seed: 5 }).take(20)).toEqual(new MergeSampler(table, { seed: 5 }).take(20));
    expect(new MergeSampler(table, { seed: 5 }).take(20)).not.toEqual(new MergeSampler(table, { seed: 6 }).take(20));
  });

  it('refuses what does not fit', () => {
    for (const options of [
      { distribution: 'normals' as 'normal' },
      { bins: 0 },
      { bins: 1e9 },
      { mean: 30 },
      { deviation: 0 },
      { seed: 0.5 },
      null!,
    ])
      expect(() => new MergeSampler(table, options)).toThrow(/Expected/u);
    expect(() => new MergeSampler(table).take(2 ** 53)).toThrow(/count/u);
    // So wide that hardly a draw hits a bin: it comes to an end all the same.
    expect(new MergeSampler(table, { distribution: 'normal', deviation: 1e300 }).next()).toBeLessThan(101);
  });
});
