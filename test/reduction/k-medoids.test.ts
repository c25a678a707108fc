/** k-medoids on every backend where tokens are special: one number, zeros. */
import { reduce } from '../../lib/index';
import { selectKernels } from '../../lib/backend/select';
import { RandomStream } from '../../lib/clustering/random';
import { runSteps } from '../../lib/clustering/steps';
import { kMedoidsDirectly } from '../../lib/reduction/medoids';
import { describeEachBackend } from '../conformance/backends';

/** The definition, of whole numbers: sums of distances are exact, those of the two members in the middle are equal, and the first of them is the medoid. */
function medoidsOf(values: readonly number[], clusters: number): { medoids: number[]; source: number[] } {
  const tokens = values.map((_, i) => i);
  const between = (a: number, b: number): number => Math.abs(values[a] - values[b]);
  const firstLeast = (costs: readonly number[]): number => costs.indexOf(Math.min(...costs));
  const sourceOf = (medoids: readonly number[]): number[] =>
    tokens.map((token) => firstLeast(medoids.map((medoid) => (medoid === token ? -1 : between(medoid, token)))));
  let medoids = [firstLeast(values.map((value) => -Math.abs(value)))];
  while (medoids.length < clusters)
    medoids.push(
      firstLeast(tokens.map((token) => (medoids.includes(token) ? 1 : -Math.min(...medoids.map((medoid) => between(medoid, token)))))),
    );
  for (let iteration = 0; iteration < 100; iteration++) {
    const source = sourceOf(medoids);
    medoids = medoids.map((_, c) => {
      const members = tokens.filter((token) => source[token] === c);
      return members[firstLeast(members.map((a) => members.reduce((sum, b) => sum + between(a, b), 0)))];
    });
  }
  medoids.sort((a, b) => a - b);
  return { medoids, source: sourceOf(medoids) };
}

describeEachBackend('k-medoids', (backend) => {
  test.each([
    ['around zero', -(2 ** 21), 2 ** 22],
    ['far from zero', 2 ** 23, 2 ** 18],
    ['often equal', -4, 9],
  ])('of one number: %s', (_, least, range) => {
    const random = new RandomStream(5);
    for (let run = 0; run < 40; run++) {
      const values = Array.from({ length: 2 + random.below(50) }, () => least + random.below(range));
      const clusters = 1 + random.below(Math.min(5, values.length));
      const data = Float32Array.from(values, (value) => value * 2 ** -20);
      const { tokens, source } = reduce({ data, dims: [values.length, 1] }, { method: 'k-medoids', clusters, backend });
      const expected = medoidsOf(values, clusters);
      expect([...source]).toEqual(expected.source);
      expect([...tokens.data]).toEqual(expected.medoids.map((medoid) => data[medoid]));
    }
  });

  test('by cosine: tokens of zeros are as far as those that have nothing in common', () => {
    // The first one is the longest; three tokens are at 0.6 from it, and the zeros at 1.
    const few = [
      [9, 0],
      [0, 0],
      [4, 9.165],
      [4, 9.165],
      [0, 0],
      [4, 9.165],
    ];
    for (const copies of [1, 400]) {
      const rows = Array.from({ length: copies * few.length }, (_, i) => few[i % few.length]);
      const { source, tokens } = reduce(
        { data: Float32Array.from(rows.flat()), dims: [rows.length, 2] },
        { method: 'k-medoids', clusters: 2, distance: 'cosine', backend },
      );
      expect([...tokens.data]).toEqual([0, 0, 4, Math.fround(9.165)]);
      expect(source.every((place, i) => place === (rows[i][0] === 0 ? source[1] : source[2]))).toBe(true);
    }
  });

  test('of unit rows that are hardly apart, as those of eigenvectors are: the one in the middle', () => {
    const random = new RandomStream(9);
    for (let run = 0; run < 10; run++) {
      const places = [...random.sample(11, 11)];
      const data = Float32Array.from({ length: 22 }, (_, i) => (i % 2 === 0 ? Math.cos : Math.sin)(1 + 2e-5 * places[i >> 1]));
      const { merge } = runSteps(
        kMedoidsDirectly({ data, count: 11, width: 2 }, new Float32Array(11).fill(1), 1, 10),
        selectKernels(backend),
      );
      const found = new Float32Array(1);
      runSteps(merge(Float32Array.from(places), 1, found, null), selectKernels(backend));
      expect(found[0]).toBe(5);
    }
  });
});
