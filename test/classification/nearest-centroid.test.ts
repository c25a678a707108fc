/** NearestCentroid on every backend: scikit-learn's results, CLUE's formulas, files, growth, and bad input. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fixture from '../fixtures/nearest-centroid.json';
import { majorityOfBest, NearestCentroid, type NearestCentroidOptions, type Vectors } from '../../lib/index';
import { blobs, gaussians, toBfloat16 } from '../clustering/blobs';
import { describeEachBackend } from '../conformance/backends';

const [COUNT, QUERIES, CLASSES] = [90, 40, 4];
const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

function vectors(data: Float32Array, dims: number): Vectors {
  return { data, dims: [data.length / dims, dims] };
}

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(tolerance * (1 + Math.abs(expected[i])));
  }
}

/** Distances to the nearest centroid of each class in double precision. */
function distancesOf(
  queries: ArrayLike<number>,
  centroids: ArrayLike<number>,
  classOf: readonly number[],
  dims: number,
  between: (a: number[], b: number[]) => number,
): number[] {
  const row = (values: ArrayLike<number>, i: number): number[] => Array.from({ length: dims }, (_, dim) => values[i * dims + dim]);
  const classes = Math.max(...classOf) + 1;
  return Array.from({ length: (queries.length / dims) * classes }, (_, at) => {
    const [query, code] = [Math.floor(at / classes), at % classes];
    return Math.min(...classOf.flatMap((of, i) => (of === code ? [between(row(queries, query), row(centroids, i))] : [])));
  });
}

function cosineDistance(a: number[], b: number[]): number {
  const dot = (x: number[], y: number[]): number => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  return lengths === 0 ? 1 : 1 - dot(a, b) / lengths;
}

describe('the majority of the best', () => {
  test('of equally frequent answers the one that comes first', () => {
    const answers = ['7', '9', '9', '7', '3'];
    expect(majorityOfBest(answers, [4, 1, 2, 0, 3], 1)).toBe('3');
    expect(majorityOfBest(answers, [4, 1, 2, 0, 3], 3)).toBe('9');
    expect(majorityOfBest(answers, [0, 1, 2, 3, 4], 99)).toBe('7');
    expect(() => majorityOfBest(answers, [], 1)).toThrow(refused);
    expect(() => majorityOfBest(answers, [5], 1)).toThrow(refused);
    expect(() => majorityOfBest(answers, [0], 0)).toThrow(refused);
  });
});

describeEachBackend('NearestCentroid', (backend) => {
  describe.each(fixture.cases)('scikit-learn: $metric, threshold $shrinkThreshold, priors $priors', (expected) => {
    const { dims, seed } = expected;
    const data = blobs(seed, COUNT + QUERIES, 7, dims, 1.2);
    const known = vectors(data.subarray(0, COUNT * dims), dims);
    const queries = vectors(data.subarray(COUNT * dims), dims);
    const labels = Array.from({ length: COUNT }, (_, i) => Math.min(i % 7, CLASSES - 1));
    const { metric, priors, shrinkThreshold } = expected;
    const options = { metric, priors, shrinkThreshold, backend } as NearestCentroidOptions;

    test('centroids, deviations, classes, scores and probabilities, at once too', async () => {
      const classifier = await NearestCentroid.fit(known, labels, options);
      expect(classifier.classes).toEqual([0, 1, 2, 3]);
      close(classifier.centroids.data, expected.centroids, 1e-6);
      close(classifier.deviations, expected.deviations, 1e-9);
      expect(await classifier.predict(queries)).toEqual(expected.labels);
      expect(classifier.predictSync(queries)).toEqual(expected.labels);
      close((await classifier.decisionScores(queries)).data, expected.scores, 1e-5);
      expect(classifier.decisionScoresSync(queries)).toEqual(await classifier.decisionScores(queries));
      close((await classifier.probabilities(queries, { threads: 1 })).data, expected.probabilities, 1e-5);
      expect(classifier.probabilitiesSync(queries)).toEqual(await classifier.probabilities(queries));
    });
  });

  const DIMS = 12;
  const DATA = blobs(31, 240, 6, DIMS, 0.4);
  const NAMES = Array.from({ length: 240 }, (_, i) => ['c', 'a', 'b'][i % 3]);

  test('several centroids for a class: two groups each, one mean would be between them', async () => {
    const one = await NearestCentroid.fit(vectors(DATA, DIMS), NAMES, { backend });
    const two = await NearestCentroid.fit(vectors(DATA, DIMS), NAMES, { centroidsPerClass: 2, backend });
    expect(one.centroids.classes).toEqual(['a', 'b', 'c']);
    expect(two.centroids.classes).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    const right = (found: string[]): number => found.filter((label, i) => label === NAMES[i]).length;
    expect(right(await two.predict(vectors(DATA, DIMS)))).toBe(240);
    expect(right(await one.predict(vectors(DATA, DIMS)))).toBeLessThan(240);
    const centroids = two.centroids.data;
    const between = (a: number[], b: number[]): number => Math.hypot(...a.map((value, i) => value - b[i]));
    const expected = distancesOf(DATA, centroids, [0, 0, 1, 1, 2, 2], DIMS, between);
    close((await two.distances(vectors(DATA, DIMS))).data, expected, 1e-5);
    expect(two.distancesSync(vectors(DATA, DIMS))).toEqual(await two.distances(vectors(DATA, DIMS)));
  });

  test('cosines, and zeros', async () => {
    const classifier = await NearestCentroid.fit(vectors(DATA, DIMS), NAMES, { metric: 'cosine', backend });
    const queries = DATA.slice(0, 30 * DIMS).map((value, i) => (i < DIMS ? 0 : value * 3));
    const expected = distancesOf(queries, classifier.centroids.data, [0, 1, 2], DIMS, cosineDistance);
    close((await classifier.distances(vectors(queries, DIMS))).data, expected, 1e-6);
    const nearest = expected.slice(3).reduce((found: string[], _, i) => {
      const row = expected.slice(3 + 3 * i, 6 + 3 * i);
      return row.length === 3 ? [...found, 'abc'[row.indexOf(Math.min(...row))]] : found;
    }, []);
    expect((await classifier.predict(vectors(queries, DIMS)))[0]).toBe('a');
    expect((await classifier.predict(vectors(queries, DIMS))).slice(1)).toEqual(nearest.slice(0, 29));
  });

  test('half precision is what its numbers are', async () => {
    const { bits, values } = toBfloat16(DATA);
    const half: Vectors = { data: bits, dims: [240, DIMS], type: 'bfloat16' };
    for (const metric of ['euclidean', 'cosine', 'manhattan'] as const) {
      const fromBits = await NearestCentroid.fit(half, NAMES, { metric, backend });
      const fromNumbers = await NearestCentroid.fit(vectors(values, DIMS), NAMES, { metric, backend });
      expect(fromBits.toBytes()).toEqual(fromNumbers.toBytes());
      expect(await fromBits.predict(half)).toEqual(await fromNumbers.predict(vectors(values, DIMS)));
      expect(await fromBits.probabilities(half)).toEqual(await fromNumbers.probabilities(vectors(values, DIMS)));
    }
  });

  test('CLUE: layers, verification, reranking', async () => {
    const { layers, width, distances, right, order } = fixture.clue;
    const data = blobs(77, 80, 2, layers * width, 3);
    const labels = Array.from({ length: 50 }, (_, i) => i % 2);
    const known = vectors(data.subarray(0, 50 * layers * width), layers * width);
    const asked = vectors(data.subarray(50 * layers * width), layers * width);
    const classifier = await NearestCentroid.fit(known, labels, { blocks: layers, backend });
    close((await classifier.distances(asked)).data, distances, 1e-6);
    expect([...(await classifier.verify(asked, 1))]).toEqual(right);
    expect([...classifier.verifySync(asked, 1)]).toEqual(right);
    expect([...(await classifier.rank(asked, 1))]).toEqual(order);
    expect([...classifier.rankSync(asked, 1)]).toEqual(order);
    expect(await classifier.predict(asked)).toEqual(right);
  });

  test('as near to the wrong ones is not right', async () => {
    const classifier = await NearestCentroid.fit(vectors(Float32Array.of(0, 2), 1), ['right', 'wrong'], { backend });
    expect([...(await classifier.verify(vectors(Float32Array.of(0.5, 1, 1.5), 1), 'right'))]).toEqual([1, 0, 0]);
    expect(classifier.predictSync(vectors(Float32Array.of(1), 1))).toEqual(['right']);
    await expect(classifier.verify(vectors(Float32Array.of(1), 1), 'neither' as 'right')).rejects.toEqual(refused);
  });

  test('partialFit is as if all had come at once, with new classes too', async () => {
    const at = (from: number, to: number): Vectors => vectors(DATA.subarray(from * DIMS, to * DIMS), DIMS);
    const options = { shrinkThreshold: 0.5, priors: 'empirical', backend } as const;
    const whole = await NearestCentroid.fit(at(0, 240), NAMES, options);
    const first = await NearestCentroid.fit(at(0, 2), NAMES.slice(0, 2), options);
    expect(first.classes).toEqual(['a', 'c']);
    const grown = await (await first.partialFit(at(2, 100), NAMES.slice(2, 100))).partialFit(at(100, 240), NAMES.slice(100));
    expect(first.classes).toEqual(['a', 'c']);
    expect(grown.classes).toEqual(whole.classes);
    expect(grown.priors).toEqual(whole.priors);
    close(grown.centroids.data, whole.centroids.data, 1e-6);
    close(grown.deviations, whole.deviations, 1e-9);
    const none = await grown.partialFit(vectors(new Float32Array(0), DIMS), []);
    expect(none.toBytes()).toEqual(grown.toBytes());
    const several = await NearestCentroid.fit(at(0, 120), NAMES.slice(0, 120), { centroidsPerClass: 2, backend });
    const more = await several.partialFit(at(120, 240), NAMES.slice(120));
    expect((await more.predict(at(0, 240))).filter((label, i) => label !== NAMES[i])).toEqual([]);
    const medians = await NearestCentroid.fit(at(0, 9), NAMES.slice(0, 9), { metric: 'manhattan', backend });
    await expect(medians.partialFit(at(9, 12), NAMES.slice(9, 12))).rejects.toEqual(refused);
  });

  test('files', async () => {
    const classifier = await NearestCentroid.fit(vectors(DATA, DIMS), NAMES, {
      blocks: 3,
      shrinkThreshold: 0.1,
      priors: [1, 2, 3],
      backend,
    });
    const folder = mkdtempSync(join(tmpdir(), 'classifier-'));
    try {
      const path = join(folder, 'classes');
      await classifier.save(path);
      expect(readdirSync(folder)).toEqual(['classes']);
      const loaded = await NearestCentroid.load(path, { backend });
      expect(loaded.toBytes()).toEqual(classifier.toBytes());
      expect(await loaded.probabilities(vectors(DATA, DIMS))).toEqual(await classifier.probabilities(vectors(DATA, DIMS)));
      const bytes = readFileSync(path);
      for (let place = 0; place < bytes.length; place += 7) {
        const damaged = Uint8Array.from(bytes, (byte, i) => (i === place ? byte ^ 4 : byte));
        expect(() => NearestCentroid.fromBytes(damaged)).toThrow(expect.objectContaining({ code: 'MALFORMED_FILE' }));
      }
      writeFileSync(path, bytes.subarray(0, 200));
      await expect(NearestCentroid.load(path)).rejects.toMatchObject({ code: 'MALFORMED_FILE' });
      await expect(NearestCentroid.load(join(folder, 'none'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('many classes, any number of threads', async () => {
    const dims = 24;
    const data = Float32Array.from(gaussians(8, 3000 * dims));
    const labels = Array.from({ length: 3000 }, (_, i) => i % 300);
    const classifier = await NearestCentroid.fit(vectors(data, dims), labels, { backend });
    const [one, all] = [await classifier.predict(vectors(data, dims), { threads: 1 }), await classifier.predict(vectors(data, dims))];
    expect(one).toEqual(all);
    const distances = (await classifier.distances(vectors(data.subarray(0, 50 * dims), dims))).data;
    for (let i = 0; i < 50; i++) {
      const row = distances.subarray(i * 300, (i + 1) * 300);
      expect(row[all[i]]).toBeLessThanOrEqual(Math.min(...row) * (1 + 1e-6));
    }
  });

  test('bad input, and what is no error', async () => {
    const fit = (points: Vectors, labels: ArrayLike<string>, options = {}): Promise<NearestCentroid<string>> =>
      NearestCentroid.fit(points, labels, { backend, ...options });
    const points = vectors(DATA, DIMS);
    await expect(fit(vectors(new Float32Array(0), DIMS), [])).rejects.toEqual(refused);
    await expect(fit(points, NAMES.slice(1))).rejects.toEqual(refused);
    await expect(fit(points, NAMES, { blocks: 5 })).rejects.toEqual(refused);
    await expect(fit(points, NAMES, { metric: 'l2' })).rejects.toEqual(refused);
    await expect(fit(points, NAMES, { shrinkThreshold: -1 })).rejects.toEqual(refused);
    await expect(fit(points, NAMES, { centroidsPerClass: 0 })).rejects.toEqual(refused);
    for (const priors of [[1, 2], [1, -1, 1], [0, 0, 0], 'even']) await expect(fit(points, NAMES, { priors })).rejects.toEqual(refused);
    await expect(NearestCentroid.fit(points, [...NAMES.slice(1), 3 as never], { backend })).rejects.toEqual(refused);
    await expect(NearestCentroid.fit(points, new Float32Array(240).fill(NaN), { backend })).rejects.toEqual(refused);
    for (const bad of [NaN, Infinity, 1e30]) {
      const broken = DATA.slice();
      broken[7 * DIMS + 1] = bad;
      await expect(fit(vectors(broken, DIMS), NAMES)).rejects.toThrow('point 7');
      for (const metric of ['euclidean', 'cosine', 'manhattan'] as const) {
        const classifier = await fit(points, NAMES, { metric });
        await expect(classifier.predict(vectors(broken, DIMS))).rejects.toThrow('point 7');
        await expect(classifier.distances(vectors(broken, DIMS))).rejects.toThrow('point 7');
        expect(() => classifier.predictSync(vectors(broken, DIMS))).toThrow('point 7');
      }
    }
    const classifier = await fit(points, NAMES);
    await expect(classifier.predict(vectors(DATA, 6))).rejects.toEqual(refused);
    await expect(classifier.predict(points, { threads: -1 })).rejects.toEqual(refused);
    expect(await classifier.predict(vectors(new Float32Array(0), DIMS))).toEqual([]);
    await expect(classifier.distances(points, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    // One vector for each class; all alike: no deviations to divide by.
    for (const metric of ['euclidean', 'cosine', 'manhattan'] as const) {
      const alike = await fit(vectors(new Float32Array(6 * DIMS).fill(2), DIMS), ['a', 'a', 'b', 'b', 'c', 'c'], {
        metric,
        shrinkThreshold: 1,
      });
      const { data } = await alike.probabilities(vectors(new Float32Array(DIMS), DIMS));
      close(data, [1 / 3, 1 / 3, 1 / 3], 1e-6);
      const only = await fit(vectors(new Float32Array(DIMS), DIMS), ['x'], { metric, centroidsPerClass: 3, shrinkThreshold: 1 });
      expect(await only.predict(vectors(DATA.subarray(0, DIMS), DIMS))).toEqual(['x']);
    }
  });
});
