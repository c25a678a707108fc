/** MaxSim, pooling by Ward linkage, and Sinkhorn. */
import fixture from '../fixtures/multi-vector.json';
import { maxSim, poolVectors, sinkhorn, type VectorSequences } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { blobs, gaussians } from './blobs';

function unit(data: ArrayLike<number>, width: number): Float32Array {
  const rows = Float32Array.from(data);
  for (let at = 0; at < rows.length; at += width) {
    const row = rows.subarray(at, at + width);
    const length = Math.hypot(...row);
    row.forEach((value, i) => (row[i] = value / length));
  }
  return rows;
}

function one(data: Float32Array, width: number): VectorSequences {
  return { data, dims: [data.length / width, width], offsets: Uint32Array.of(0, data.length / width) };
}

describeEachBackend('multi-vector', (backend) => {
  const documents = blobs(11, 600, 12, 32, 0.5);
  const queries = one(unit(gaussians(99, 32 * 32), 32), 32);

  test.each(fixture.pooling)('SciPy: pooling by $linkage to 1 / $factor', ({ linkage, factor, retention }) => {
    const pooled = poolVectors({ data: documents, dims: [600, 32] }, { factor, linkage: linkage as 'rows', backend });
    expect(pooled.dims).toEqual([Math.floor(600 / factor), 32]);
    expect(maxSim(queries, one(pooled.data, 32), { backend })[0] / fixture.full).toBeCloseTo(retention, 4);
  });

  test('MaxSim of ragged sequences is the sum of greatest products', () => {
    const [q, d] = [Float32Array.from(gaussians(1, 19 * 7)), Float32Array.from(gaussians(2, 61 * 7))];
    const [qo, dof] = [Uint32Array.of(0, 3, 3, 19), Uint32Array.of(0, 1, 40, 40, 61)];
    const scores = maxSim({ data: q, dims: [19, 7], offsets: qo }, { data: d, dims: [61, 7], offsets: dof }, { backend });
    for (let a = 0; a < 3; a++) {
      for (let b = 0; b < 4; b++) {
        let expected = 0;
        for (let i = qo[a]; i < qo[a + 1] && dof[b] < dof[b + 1]; i++) {
          let best = -Infinity;
          for (let j = dof[b]; j < dof[b + 1]; j++)
            best = Math.max(
              best,
              [0, 1, 2, 3, 4, 5, 6].reduce((sum, k) => sum + q[7 * i + k] * d[7 * j + k], 0),
            );
          expected += best;
        }
        expect(scores[4 * a + b]).toBeCloseTo(expected, 4);
      }
    }
  });

  test('protected vectors stay as they are', () => {
    const pooled = poolVectors(
      { data: documents.subarray(0, 320), dims: [10, 32] },
      { factor: 3, protect: [4, 0], normalize: true, backend },
    );
    expect(pooled.dims[0]).toBe(4);
    expect([...pooled.source.filter((_, i) => i === 0 || i === 4)]).toEqual([0, 1]);
    expect(pooled.data.subarray(32, 64)).toEqual(documents.subarray(128, 160));
    expect(Math.hypot(...pooled.data.subarray(96, 128))).toBeCloseTo(1, 5);
  });

  test('what does not fit is refused', () => {
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => maxSim(queries, one(documents.subarray(0, 30), 10), { backend })).toThrow(refused);
    expect(() => maxSim(queries, { ...queries, offsets: Uint32Array.of(0, 40, 32) }, { backend })).toThrow(refused);
    expect(() => maxSim(queries, one(new Float32Array(32).fill(NaN), 32), { backend })).toThrow(refused);
    expect(() => poolVectors({ data: documents, dims: [600, 32] }, { factor: 0.5, backend })).toThrow(refused);
  });
});

test('Sinkhorn: rows sum to 1, columns as in NumPy, far logits do not vanish', () => {
  const logits = Float32Array.from(gaussians(5, 64 * 16));
  const balanced = sinkhorn(logits, 16, { temperature: 0.5 });
  fixture.sinkhorn.forEach((mass, column) => {
    let sum = 0;
    for (let row = 0; row < 64; row++) sum += balanced[16 * row + column];
    expect(sum).toBeCloseTo(mass, 7);
  });
  const far = sinkhorn(Float32Array.of(0, 0, -1e4, -1e4 - 1), 2, { temperature: 0.01 });
  expect(far[2] + far[3]).toBeCloseTo(1, 9);
});
