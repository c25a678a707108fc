/** k-medoids on every backend: the decisions that distances of all pairs make. */
import { selectKernels } from '../../lib/backend/select';
import { describeEachBackend } from './backends';
import { HARD, dot } from './hard-rows';

/** The rows and places of findMedoids by distances of all pairs; `first`: the longest row. */
function medoidsBy(
  squares: Float32Array,
  first: number,
  clusters: number,
  iterations: number,
  byCosine: boolean,
): { medoids: number[]; source: number[] } {
  const count = Math.sqrt(squares.length);
  const rows = Array.from({ length: count }, (_, i) => i);
  const between = (a: number, b: number): number => squares[a * count + b];
  const firstOf = (values: readonly number[], best: number): number => values.indexOf(best);
  const sourceOf = (medoids: readonly number[]): number[] =>
    rows.map((row) => {
      const own = medoids.map((medoid) => (medoid === row ? -1 : between(row, medoid)));
      return firstOf(own, Math.min(...own));
    });
  let medoids = [first];
  while (medoids.length < clusters) {
    const apart = rows.map((row) => (medoids.includes(row) ? -1 : Math.min(...medoids.map((medoid) => between(medoid, row)))));
    medoids.push(firstOf(apart, Math.max(...apart)));
  }
  for (let i = 0; i < iterations; i++) {
    const source = sourceOf(medoids);
    medoids = medoids.map((_, c) => {
      const members = rows.filter((row) => source[row] === c);
      const sums = members.map((a) => members.reduce((sum, b) => sum + (byCosine ? between(a, b) : Math.sqrt(between(a, b))), 0));
      return members[firstOf(sums, Math.min(...sums))];
    });
  }
  medoids.sort((a, b) => a - b);
  return { medoids, source: sourceOf(medoids) };
}

describeEachBackend('medoids', (backend) => {
  const kernels = selectKernels(backend);

  test.each(HARD)('findMedoids: by the same bits of distances as squaredDistances has, %s', (_, make) => {
    for (const [count, dims, clusters] of [
      [150, 128, 1],
      [170, 131, 20],
      [260, 64, 60],
      [70, 40, 70],
    ]) {
      for (const byCosine of [false, true]) {
        const values = make(3, count, dims);
        const lengths = Array.from({ length: count }, (_row, i) => Math.sqrt(dot(values, i, values, i, dims)));
        const points = byCosine ? values.map((value, i) => value / (lengths[Math.floor(i / dims)] || 1)) : values;
        const squares = new Float32Array(count * count);
        kernels.squaredDistances(points, dims, squares);
        const [medoids, source] = [new Uint32Array(clusters), new Uint32Array(count)];
        kernels.findMedoids(values, dims, byCosine ? 'cosine' : 'euclidean', 3, medoids, source, null);
        const longest = lengths.indexOf(Math.max(...lengths));
        expect({ medoids: [...medoids], source: [...source] }).toEqual(medoidsBy(squares, longest, clusters, 3, byCosine));
      }
    }
  });
});
