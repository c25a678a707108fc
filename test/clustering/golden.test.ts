/** Values that an independent NumPy program made from the papers' formulas and the same random stream, written out. */
import {
  clusterSegments,
  compareLabels,
  FiniteScalarQuantizer,
  kmeans,
  maxSim,
  poolVectors,
  reduce,
  sinkhorn,
  transformerMacs,
  type ReduceOptions,
} from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';
import { blobs, gaussians } from './blobs';
import { field, meanSquare } from './fields';

const FIELD = { data: field(40, 40, 64, 7, 0.3), dims: [1600, 64] };
const BLOBS = { data: blobs(11, 600, 12, 32, 0.5), dims: [600, 32] };
const TRUTH = Array.from({ length: 600 }, (_, i) => i % 12);

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

function unit(data: ArrayLike<number>, width: number): Float32Array {
  return Float32Array.from(data, (value, i) => {
    const from = Math.floor(i / width) * width;
    return value / Math.hypot(...Array.from({ length: width }, (_, k) => data[from + k]));
  });
}

/** Average pooling to a grid, and bilinear interpolation back: what clustering is to beat. */
function pooledAndInterpolated(target: number): Float32Array {
  const pooled = reduce(FIELD, { method: 'expedit', grid: [40, 40], target: [target, target], iterations: 0 }).tokens.data;
  const place = (i: number): [number, number, number] => {
    const at = Math.min(target - 1, Math.max(0, ((i + 0.5) * target) / 40 - 0.5));
    const low = Math.floor(at);
    return [low, Math.min(target - 1, low + 1), at - low];
  };
  return FIELD.data.map((_, i) => {
    const [y0, y1, fy] = place(Math.floor(i / 64 / 40));
    const [x0, x1, fx] = place(Math.floor(i / 64) % 40);
    const at = (y: number, x: number): number => pooled[(y * target + x) * 64 + (i % 64)];
    return (at(y0, x0) * (1 - fy) + at(y1, x0) * fy) * (1 - fx) + (at(y0, x1) * (1 - fy) + at(y1, x1) * fy) * fx;
  });
}

test('the random stream', () => {
  const random = new RandomStream(7);
  expect(random.next()).toBeCloseTo(0.0117047532, 10);
  expect(random.next()).toBeCloseTo(0.0619582576, 10);
});

test('multiply-adds of published transformers with their class tokens, within 0.8 %', () => {
  const large = { layers: 24, width: 1024, tokens: 32 * 32 + 1, patchNumbers: 3 * 16 * 16 };
  const huge = { layers: 32, width: 1280, tokens: 37 * 37 + 1, patchNumbers: 3 * 14 * 14 };
  const published = [
    [transformerMacs(large), 364.8],
    [transformerMacs(large, { after: 12, tokens: 23 * 23 + 1 }), 275.8],
    [transformerMacs(large, { after: 6, tokens: 23 * 23 + 1 }), 228.5],
    [transformerMacs(large, { after: 8, tokens: 16 * 16 + 1 }), 179.0],
    [transformerMacs(huge), 1023.2],
    [transformerMacs(huge, { after: 10, tokens: 26 * 26 + 1 }), 652.4],
  ];
  for (const [macs, gigaMacs] of published) expect(Math.abs(macs / 1e9 / gigaMacs - 1)).toBeLessThan(0.008);
  expect(() => transformerMacs(large, { after: 25, tokens: 1 })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

describeEachBackend('golden values', (backend) => {
  const expedit = (target: number, temperature: number, normalization: 'l1' | 'l2') => {
    const options: ReduceOptions = { method: 'expedit', grid: [40, 40], target: [target, target], temperature, normalization, backend };
    const { tokens, unmerge } = reduce(FIELD, options);
    return { tokens: tokens.data, error: meanSquare(unmerge(tokens.data), FIELD.data) };
  };

  test('Expedit: centres, and errors of reconstruction', () => {
    const { tokens, error } = expedit(20, 1, 'l1');
    [1.01701, 1.3574, 1.4425, 1.56648].forEach((value, i) => expect(tokens[i]).toBeCloseTo(value, 5));
    expect(sum(tokens)).toBeCloseTo(9.8016, 2);
    expect(error).toBeCloseTo(0.11252, 5);
    expect(expedit(20, 1, 'l2').error).toBeCloseTo(0.11254, 5);
    expect(expedit(20, 0.02, 'l1').error).toBeCloseTo(0.4994, 4);
    expect(expedit(20, 0.02, 'l2').error).toBeCloseTo(2.631, 3);
  });

  test('Expedit to 28² reconstructs better than average pooling and interpolation', () => {
    expect(expedit(28, 1, 'l1').error).toBeCloseTo(0.0679, 4);
    expect(meanSquare(pooledAndInterpolated(28), FIELD.data)).toBeCloseTo(0.0794, 4);
  });

  test('CenterCLIP: medoids', () => {
    const expected = [22, 38, 67, 117, 133, 149, 255, 320, 390, 407, 424, 504];
    const { source } = reduce(BLOBS, { method: 'k-medoids', clusters: 12, backend });
    expect(compareLabels(TRUTH, source).adjustedRand).toBe(1);
    // The same as one segment of twelve frames with class tokens.
    const frames = new Float32Array(12 * 51 * 32);
    for (let frame = 0; frame < 12; frame++) {
      frames.set(BLOBS.data.subarray(frame * 50 * 32, (frame + 1) * 50 * 32), (frame * 51 + 1) * 32);
    }
    const segmented = clusterSegments({ data: frames, dims: [12, 51, 32] }, { method: 'k-medoids', clusters: 12, segments: 1, backend });
    expect([...segmented.medoids]).toEqual(expected);
    expect(segmented.source).toEqual(source);
  });

  test('KKZ chooses tokens, and Lloyd goes on from there', async () => {
    const start = await kmeans(BLOBS, { clusters: 20, initialization: 'kkz', maxIterations: 0, backend });
    [262, 264, 206, 419, 349].forEach((token, i) =>
      expect(start.centroids.data.subarray(32 * i, 32 * i + 32)).toEqual(BLOBS.data.subarray(32 * token, 32 * token + 32)),
    );
    const { objective, iterations, stopReason } = await kmeans(BLOBS, { clusters: 20, initialization: 'kkz', backend });
    expect(objective).toBeCloseTo(4445.3056, 2);
    expect(iterations).toBe(8);
    expect(stopReason).toBe('converged');
  });

  test('ToMe', () => {
    const { size, unmerge, tokens } = reduce(FIELD, { method: 'tome', remove: 800, backend });
    expect(sum(size)).toBe(1600);
    expect(Math.max(...size)).toBe(4);
    expect(meanSquare(unmerge(tokens.data), FIELD.data)).toBeCloseTo(0.07013, 5);
  });

  test('DPC-KNN', () => {
    const centres = [22, 86, 320, 347, 117, 255, 144, 91, 73, 149, 424, 390];
    const { source } = reduce(BLOBS, { method: 'dpc-knn', clusters: 12, backend });
    expect(compareLabels(TRUTH, source).adjustedRand).toBe(1);
    // A centre goes to itself, and centres stand in order.
    centres.sort((a, b) => a - b).forEach((token, i) => expect(source[token]).toBe(i));
  });

  test.each([
    ['rows', [0.9134, 0.8514, 0.7974]],
    ['cosine', [0.9287, 0.8817, 0.8439]],
    ['euclidean', [0.9269, 0.8781, 0.8387]],
  ] as const)('MaxSim that pooling keeps, %s', (linkage, kept) => {
    const sequence = (data: Float32Array) => ({ data, dims: [data.length / 32, 32], offsets: Uint32Array.of(0, data.length / 32) });
    const queries = sequence(unit(gaussians(99, 32 * 32), 32));
    const [full] = maxSim(queries, sequence(unit(BLOBS.data, 32)), { backend });
    kept.forEach((retention, i) => {
      const pooled = poolVectors(BLOBS, { factor: i + 2, linkage, backend });
      expect(maxSim(queries, sequence(pooled.data), { backend })[0] / full).toBeCloseTo(retention, 4);
    });
  });
});

test('finite scalar quantization of zeros', async () => {
  const quantizer = new FiniteScalarQuantizer([8, 5, 5, 5]);
  expect(quantizer.codes).toBe(1000);
  expect([...(await quantizer.encode({ data: new Float32Array(4), dims: [1, 4] })).data]).toEqual([500]);
});

test('Sinkhorn', () => {
  const q = sinkhorn(Float32Array.from(gaussians(5, 64 * 16)), 16, { temperature: 0.5, iterations: 3 });
  const masses = Array.from({ length: 16 }, (_, column) => sum(q.filter((_value, i) => i % 16 === column)));
  expect(Math.min(...masses)).toBeCloseTo(3.578, 3);
  expect(Math.max(...masses)).toBeCloseTo(4.208, 3);
  const entropy = q.reduce((total, value) => total - value * Math.log(value), 0) / 64;
  expect(entropy).toBeCloseTo(1.69955, 5);
});
