/** Unigram tokenizers out of BPE ones, run by Hugging Face's library. */
import highs from 'highs';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { type LinearSolver, Tokenizer, unigramAgreement, unigramify, type UnigramTokenizer } from '../../lib/index';
import { type Rivalry, rivalry, solveMargins } from '../../lib/transfer/margin-program';
import { UnigramModel } from '../../lib/transfer/unigram-model';
import { RandomStream } from '../../lib/clustering/random';
import { TEXT_SAMPLES } from '../conformance/texts';
import { realTokenizerPath } from '../oracles/real-tokenizers';

const lines = TEXT_SAMPLES.find(({ name }) => name === 'en.txt')!.text.split(/(?<=\n)/u);
const [seen, unseen] = [lines.filter((_, i) => i % 5 !== 0), lines.filter((_, i) => i % 5 === 0)];

describe('unigramify', () => {
  let solver: LinearSolver;
  let tokenizer: Tokenizer;
  let unigram: UnigramTokenizer;
  beforeAll(async () => {
    solver = await highs();
    tokenizer = Tokenizer.fromFileSync(realTokenizerPath('gpt2'));
    unigram = await unigramify(tokenizer, seen, { solver, pretokens: 1500 });
  });

  it('cuts the texts that it was made of as before', async () => {
    expect(unigram.agreement.weighted).toBeGreaterThan(0.995);
    const theirs = HuggingFaceTokenizer.fromString(JSON.stringify(unigram.json));
    let [same, all] = [0, 0];
    for (const line of seen) {
      const ours = tokenizer.encodeFull(line, { addSpecialTokens: false });
      const their = await theirs.encode(line, null, { addSpecialTokens: false });
      const words = (ids: ArrayLike<number>, offsets: ArrayLike<number>): Set<string> =>
        new Set(Array.from(ids, (id, i) => `${offsets[2 * i]} ${id}`));
      const found = words(their.getIds(), their.getOffsets().flat());
      for (const token of words(ours.ids, ours.offsets)) if (found.has(token)) same++;
      all += ours.ids.length;
    }
    expect(same / all).toBeGreaterThan(0.99);
  });

  it("is read by Hugging Face's library as it is by ours", async () => {
    const theirs = HuggingFaceTokenizer.fromString(JSON.stringify(unigram.json));
    const tokens = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.idToToken(id)!);
    const model = new UnigramModel(tokens, unigram.scores);
    for (const line of unseen.slice(0, 40)) {
      const ours = theirs
        .getPreTokenizer()!
        .preTokenizeString(line)
        .flatMap(([piece]: [string, unknown]) => model.best(piece)!.ids);
      expect((await theirs.encode(line, null, { addSpecialTokens: false })).getIds()).toEqual(ours);
    }
  });

  it('tells how much of other texts agrees', async () => {
    const { weighted } = await unigramAgreement(tokenizer, unigram.scores, unseen);
    expect(weighted).toBeGreaterThan(0.8);
    expect(weighted).toBeLessThanOrEqual(1);
  });

  it('refuses what does not fit, and can be cancelled', async () => {
    await expect(unigramify(tokenizer, [], { solver })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(unigramify(tokenizer, seen, { solver: {} as LinearSolver })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(unigramify(tokenizer, seen, { solver, margin: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(unigramify(tokenizer, seen, { solver, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    const failing = { solve: () => ({ Status: 'Time limit reached', ObjectiveValue: 0, Columns: {} }) };
    await expect(unigramify(tokenizer, seen, { solver: failing })).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('finds scores that nothing near them beats', async () => {
    const random = new RandomStream(5);
    const ids = (): number[] => Array.from({ length: 1 + random.below(4) }, () => random.below(8));
    const rivalries = Array.from({ length: 30 }, () => rivalry(ids(), ids(), 0.1 + random.next())).filter(
      ({ differences }) => differences.size > 0,
    );
    const start = Float64Array.from({ length: 8 }, () => -5 * random.next());
    const [margin, change] = [1e-3, 0.01];
    const lead = ({ differences }: Rivalry, x: Float64Array): number =>
      [...differences].reduce((sum, [id, difference]) => sum + difference * x[id], 0);
    const cost = (x: Float64Array): number =>
      rivalries.reduce((sum, one) => sum + one.weight * Math.max(0, margin - lead(one, x)), 0) +
      x.reduce((sum, score, id) => sum + change * Math.abs(score - start[id]), 0);
    const { scores, objective } = await solveMargins({ rivalries, start, margin, change }, solver);
    expect(objective).toBeCloseTo(cost(scores), 6);
    for (let trial = 0; trial < 2000; trial++) {
      const size = 10 ** (-4 * random.next());
      expect(cost(scores.map((score) => score + size * random.gaussian()))).toBeGreaterThan(objective - 1e-6);
    }
  });
});

describe('UnigramModel', () => {
  it('lists the best segmentations in order', () => {
    const tokens = ['a', 'b', 'ab', 'ba', 'aba', ''];
    const model = new UnigramModel(tokens, Float64Array.of(-1, -2, -2.5, -2.75, -4.125, 0));
    const all = model.nBest('abab', 10).map(({ score, ids }) => [score, ids.map((id) => tokens[id]).join(' ')]);
    expect(all).toEqual([
      [-5, 'ab ab'],
      [-5.5, 'a b ab'],
      [-5.5, 'ab a b'],
      [-5.75, 'a ba b'],
      [-6, 'a b a b'],
      [-6.125, 'aba b'],
    ]);
    expect(model.nBest('abab', 2).map(({ score }) => score)).toEqual([-5, -5.5]);
    expect(model.best('abc')).toBeNull();
  });
});
