/** Embedders against the papers' formulas, written out on small numbers. */
import fc from 'fast-check';
import { ComposedEmbedder, type FloatTensor, FocusEmbedder, TokenAdaptEmbedder, type TokensToEmbed } from '../../../lib/index';
import { matrixOf } from '../../../lib/dynamic/embeddings/matrix';
import { directionsOf, forEachCosines, type Share, sparsemax } from '../../../lib/dynamic/embeddings/similarity';
import { BACKENDS } from '../../conformance/backends';
import { FUZZ_SEED, fuzzRuns } from '../../conformance/fuzz';

function tensor(rows: readonly number[][]): FloatTensor {
  return { type: 'float32', data: Float32Array.from(rows.flat()), dims: [rows.length, rows[0]?.length ?? 2] };
}

function rowsOf({ data, dims }: FloatTensor): number[][] {
  return Array.from({ length: dims[0] }, (_, i) => Array.from(data.subarray(i * dims[1], (i + 1) * dims[1])));
}

const TABLE = [
  [1, 0, 0],
  [0, 2, 0],
  [0, 0, 4],
  [1, 1, 1],
];

/** 'abc' of 'a' and 'bc', 'ddé' of 'd', 'd', 'é'. */
const TOKENS: TokensToEmbed = {
  texts: ['abc', 'ddé'],
  parts: Uint32Array.of(0, 1, 2, 2, 3),
  partOffsets: Uint32Array.of(0, 2, 5),
  partTexts: ['a', 'bc', 'd', 'd', 'é'],
};

describe('ComposedEmbedder', () => {
  it.each([
    [
      'mean',
      [
        [0.5, 1, 0],
        [1 / 3, 1 / 3, 3],
      ],
    ],
    [
      'lengthWeighted',
      [
        [1 / 3, 4 / 3, 0],
        [1 / 3, 1 / 3, 3],
      ],
    ],
    ['first', [TABLE[0], TABLE[2]]],
    ['last', [TABLE[1], TABLE[3]]],
  ] as const)('%s', (method, expected) => {
    const rows = rowsOf(new ComposedEmbedder(tensor(TABLE), { method }).embed(TOKENS));
    expect(rows).toEqual(expected.map((row) => row.map(Math.fround)));
  });

  it('refuses what does not fit', () => {
    expect(() => new ComposedEmbedder(tensor(TABLE), { method: 'sum' as 'mean' })).toThrow(/method/u);
    expect(() => new ComposedEmbedder({ type: 'float32', data: new Float32Array(5), dims: [2, 3] })).toThrow(/product is 5/u);
    expect(() => new ComposedEmbedder(tensor(TABLE.slice(0, 2))).embed(TOKENS)).toThrow(/every part/u);
    for (const partOffsets of [Uint32Array.of(0, 2, 500_000), Uint32Array.of(0, 2, 4), Uint32Array.of(0, 5, 2), Uint32Array.of(0, 5)])
      expect(() => new ComposedEmbedder(tensor(TABLE)).embed({ ...TOKENS, partOffsets })).toThrow(/partOffsets/u);
    expect(() => new ComposedEmbedder(tensor(TABLE)).embed(null as never)).toThrow(/texts/u);
  });
});

// Straight from the formulas.
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
const cosine = (a: readonly number[], b: readonly number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const softmax = (values: readonly number[], temperature = 1): number[] => {
  const powers = values.map((value) => Math.exp(value / temperature));
  return powers.map((value) => value / powers.reduce((sum, power) => sum + power, 0));
};
const weightedSum = (weights: readonly number[], rows: readonly number[][]): number[] =>
  rows[0].map((_, i) => weights.reduce((sum, weight, row) => sum + weight * rows[row][i], 0));

const VECTORS: Record<string, number[]> = {
  abc: [1, 2],
  ddé: [-1, 0.5],
  a: [1, 1.5],
  bc: [0.5, -1],
  d: [-2, 1],
  é: [0.25, 0.75],
};
const embedTexts = (texts: readonly string[]): FloatTensor => tensor(texts.map((text) => VECTORS[text]));
const VOCABULARY = [VECTORS['a'], VECTORS['bc'], VECTORS['d'], VECTORS['é']];

describe('TokenAdaptEmbedder', () => {
  const local = (text: string, parts: readonly string[], ids: readonly number[]): number[] => {
    const likeness = softmax(parts.map((part) => cosine(VECTORS[text], VECTORS[part])));
    const scores = likeness.map((value, i) => (value + [...parts[i]].length / [...text].length) / 2);
    return weightedSum(
      softmax(scores, 0.3),
      ids.map((id) => TABLE[id]),
    );
  };
  const global = (text: string, threshold: number): number[] => {
    const likeness = VOCABULARY.map((vector) => cosine(VECTORS[text], vector));
    const best = likeness
      .map((value, id) => ({ value, id }))
      .sort((a, b) => b.value - a.value)
      .slice(0, 3);
    const weights = softmax(
      best.map(({ value }) => value),
      0.3,
    ).map((weight) => (weight >= threshold ? weight : 0));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weightedSum(
      weights.map((weight) => weight / sum),
      best.map(({ id }) => TABLE[id]),
    );
  };
  const locals = [local('abc', ['a', 'bc'], [0, 1]), local('ddé', ['d', 'd', 'é'], [2, 2, 3])];

  it('weighs parts by likeness and length', async () => {
    const rows = rowsOf(await new TokenAdaptEmbedder({ table: tensor(TABLE), embedTexts }).embed(TOKENS));
    rows.flat().forEach((value, i) => expect(value).toBeCloseTo(locals.flat()[i], 6));
  });

  it.each([0, 0.1])('adds the nearest tokens (threshold %d)', async (threshold) => {
    const embedder = new TokenAdaptEmbedder({ table: tensor(TABLE), embedTexts, vocabularyVectors: tensor(VOCABULARY), threshold });
    const expected = TOKENS.texts.flatMap((text, i) => global(text, threshold).map((value, at) => 0.7 * locals[i][at] + 0.3 * value));
    rowsOf(await embedder.embed(TOKENS))
      .flat()
      .forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
  });

  it('does without neighbours where none reaches the threshold', async () => {
    const embedder = new TokenAdaptEmbedder({ table: tensor(TABLE), embedTexts, vocabularyVectors: tensor(VOCABULARY), threshold: 0.99 });
    rowsOf(await embedder.embed(TOKENS))
      .flat()
      .forEach((value, i) => expect(value).toBeCloseTo(locals.flat()[i], 6));
  });

  it('refuses vectors that do not fit', async () => {
    expect(() => new TokenAdaptEmbedder({ table: tensor(TABLE), embedTexts, temperature: 0 })).toThrow(/temperature/u);
    const few = new TokenAdaptEmbedder({ table: tensor(TABLE), embedTexts: () => tensor([[1, 2]]) });
    await expect(few.embed(TOKENS)).rejects.toThrow(/7 rows/u);
  });
});

function dense(shares: readonly Share[], length: number): number[] {
  const weights = new Array<number>(length).fill(0);
  for (const { place, weight } of shares) weights[place] = weight;
  return weights;
}

describe('sparsemax', () => {
  it('is the nearest point of the simplex', () => {
    // The conditions of the projection: a threshold t with Σ max(0, z − t) = 1.
    const values = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(values, (z) => {
        const p = dense(sparsemax(Float64Array.from(z)), z.length);
        expect(p.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
        const thresholds = z.filter((_, i) => p[i] > 0).map((value) => value - p[z.indexOf(value)]);
        const threshold = thresholds[0];
        thresholds.forEach((value) => expect(value).toBeCloseTo(threshold, 9));
        z.forEach((value, i) => expect(p[i]).toBeCloseTo(Math.max(0, value - threshold), 9));
      }),
      { numRuns: fuzzRuns(200), seed: FUZZ_SEED },
    );
  });
});

describe('cosines of many rows', () => {
  const [ROWS, TEXTS, WIDE] = [2500, 70, 32];
  const value = (i: number): number => Math.sin(i * i) * (i % 97 === 0 ? 5 : 1);
  const many = tensor(
    Array.from({ length: ROWS }, (_, row) => Array.from({ length: WIDE }, (__, i) => (row === 3 ? 0 : value(row * WIDE + i)))),
  );
  const texts = tensor(
    Array.from({ length: TEXTS }, (_, row) => Array.from({ length: WIDE }, (__, i) => (row === 5 ? 0 : value(7 * (row * WIDE + i) + 3)))),
  );

  it.each(BACKENDS)('are those of the definition (%s)', async (backend) => {
    const [a, b] = [rowsOf(texts), rowsOf(many)];
    const before = process.env['MERGANSER_BACKEND'];
    process.env['MERGANSER_BACKEND'] = backend;
    let next = 0;
    try {
      const [rows, others] = [texts, many].map((one) => directionsOf('rows', matrixOf('rows', one)));
      await forEachCosines(rows, TEXTS, others, (row, cosines) => {
        expect(row).toBe(next++);
        let worst = 0;
        b.forEach((other, i) => (worst = Math.max(worst, Math.abs(cosines[i] - (row === 5 || i === 3 ? 0 : cosine(a[row], other))))));
        expect(worst).toBeLessThan(1e-6);
      });
    } finally {
      if (before === undefined) delete process.env['MERGANSER_BACKEND'];
      else process.env['MERGANSER_BACKEND'] = before;
    }
    expect(next).toBe(TEXTS);
  });

  it('are refused where a number is not finite', () => {
    for (const bad of [NaN, Infinity, 3e38]) {
      const overlapVectors = tensor([
        [1, 2],
        [bad, bad],
      ]);
      expect(() => new FocusEmbedder({ embedTexts, overlapVectors, overlapEmbeddings: tensor(TABLE.slice(0, 2)) })).toThrow(
        /finite numbers, but row 1/u,
      );
    }
  });
});

describe('FocusEmbedder', () => {
  it('sums the overlap by sparsemax', async () => {
    const embedder = new FocusEmbedder({ embedTexts, overlapVectors: tensor(VOCABULARY), overlapEmbeddings: tensor(TABLE) });
    const rows = rowsOf(await embedder.embed(TOKENS));
    TOKENS.texts.forEach((text, i) => {
      const weights = dense(sparsemax(Float64Array.from(VOCABULARY, (vector) => cosine(VECTORS[text], vector))), VOCABULARY.length);
      expect(weights.some((weight) => weight === 0)).toBe(true);
      weightedSum(weights, TABLE).forEach((value, at) => expect(rows[i][at]).toBeCloseTo(value, 6));
    });
  });
});
