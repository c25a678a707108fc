/** k-medoids of tokens of one number on every backend, by whole numbers: the sums of distances of the two members in the middle are equal, and the first of them is the medoid. */
import { reduce } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';

/** The definition, of numbers whose sums of distances are exact. */
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

describeEachBackend('k-medoids of one number', (backend) => {
  test.each([
    ['around zero', -(2 ** 21), 2 ** 22],
    ['far from zero', 2 ** 23, 2 ** 18],
    ['often equal', -4, 9],
  ])('%s', (_, least, range) => {
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
});
