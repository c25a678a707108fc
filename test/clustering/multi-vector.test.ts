/** MaxSim, pooling by Ward linkage, and Sinkhorn. */
import fixture from '../fixtures/multi-vector.json';
import { maxSim, maxSimAsync, poolVectors, searchByMaxSim, sinkhorn, type VectorSequences } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { blobs, gaussians, toBfloat16 } from './blobs';

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

const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

describeEachBackend('multi-vector', (backend) => {
  const documents = blobs(11, 240, 12, 32, 0.5);
  const queries = one(unit(gaussians(99, 32 * 32), 32), 32);

  test.each(fixture.pooling)('SciPy: pooling by $linkage to 1 / $factor', ({ linkage, factor, retention }) => {
    const pooled = poolVectors({ data: documents, dims: [240, 32] }, { factor, linkage: linkage as 'rows', backend });
    expect(pooled.dims).toEqual([Math.floor(240 / factor), 32]);
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

  /** Documents of 0 to 40 rows, queries of 0 to 20; widths that fill no register. */
  function ragged(width: number, documentCount: number): { q: VectorSequences; d: VectorSequences } {
    const lengths = (count: number, most: number, step: number): Uint32Array => {
      const offsets = new Uint32Array(count + 1);
      for (let i = 0; i < count; i++) offsets[i + 1] = offsets[i] + ((i * step) % (most + 1));
      return offsets;
    };
    const [qo, dof] = [lengths(5, 20, 7), lengths(documentCount, 40, 13)];
    const rows = (offsets: Uint32Array): number => offsets[offsets.length - 1];
    return {
      q: { data: Float32Array.from(gaussians(3, rows(qo) * width)), dims: [rows(qo), width], offsets: qo },
      d: { data: Float32Array.from(gaussians(4, rows(dof) * width)), dims: [rows(dof), width], offsets: dof },
    };
  }

  test('MaxSim: half precision, masks, and other threads', async () => {
    const { q, d } = ragged(19, 60);
    const expected = maxSim(q, d, { backend });
    expect(await maxSimAsync(q, d, { backend })).toEqual(expected);
    expect(await maxSimAsync(q, d, { backend, threads: 1 })).toEqual(expected);
    const [qb, db] = [toBfloat16(q.data as Float32Array), toBfloat16(d.data as Float32Array)];
    const half = maxSim({ ...q, data: qb.bits, type: 'bfloat16' }, { ...d, data: db.bits, type: 'bfloat16' }, { backend });
    expect(half).toEqual(maxSim({ ...q, data: qb.values }, { ...d, data: db.values }, { backend }));
    // Masked rows are as if they were not there, whatever stands in them.
    const without = (sequences: VectorSequences, drop: (row: number) => boolean): [masked: VectorSequences, removed: VectorSequences] => {
      const [count, width] = sequences.dims;
      const data = (sequences.data as Float32Array).slice();
      const mask = Uint8Array.from({ length: count }, (_, row) => (drop(row) ? 0 : 1));
      const kept = Array.from(mask.keys()).filter((row) => mask[row] === 1);
      mask.forEach((keep, row) => keep === 0 && data.fill(NaN, row * width, (row + 1) * width));
      const offsets = sequences.offsets.map((offset) => kept.filter((row) => row < offset).length);
      const left = Float32Array.from(kept.flatMap((row) => [...data.subarray(row * width, (row + 1) * width)]));
      return [
        { data, dims: sequences.dims, offsets: sequences.offsets, mask },
        { data: left, dims: [kept.length, width], offsets },
      ];
    };
    const [qm, qr] = without(q, (row) => row % 5 === 1);
    const [dm, dr] = without(d, (row) => row % 3 === 0);
    expect(maxSim(qm, dm, { backend })).toEqual(maxSim(qr, dr, { backend }));
  });

  test('MaxSim of the longest vectors is finite; longer ones are refused, however small their numbers are', async () => {
    const width = 400;
    const one = (data: Float32Array): VectorSequences => ({
      data,
      dims: [data.length / width, width],
      offsets: Uint32Array.of(0, data.length / width),
    });
    const row = (value: number): Float32Array => new Float32Array(width).fill(value);
    const signs = row(1.5e17).map((value, i) => (i % 3 === 0 ? -value : value));
    const [score] = maxSim(one(row(1.5e17)), one(signs), { backend });
    expect(score / (1.5e17 ** 2 * 132)).toBeCloseTo(1, 4);
    expect(maxSim(one(row(1.5e17)), one(row(-1.5e17)), { backend })[0] / 1.5e17 ** 2).toBeCloseTo(-400, 2);
    // Products of these are not finite in single precision, or the difference of two that are not.
    const long = signs.map((value) => 6 * value);
    const rows = new Float32Array(300 * width);
    rows.set(long, 270 * width);
    for (const [queries, documents] of [
      [one(long), one(row(1))],
      [one(row(1)), one(rows)],
    ]) {
      expect(() => maxSim(queries, documents, { backend })).toThrow(refused);
      await expect(maxSimAsync(queries, documents, { backend })).rejects.toThrow(refused);
    }
    expect(() => maxSim(one(row(1)), one(rows), { backend })).toThrow('row 270');
    expect(
      Number.isFinite(maxSim(one(row(1)), { ...one(rows), mask: new Uint8Array(300).fill(1).fill(0, 270, 271) }, { backend })[0]),
    ).toBe(true);
  });

  test('search gives the greatest scores in order, of equal ones the first document', async () => {
    const { q, d } = ragged(8, 90);
    const all = maxSim(q, d, { backend });
    for (const top of [1, 7, 90, 200]) {
      const { count, documents: found, scores } = await searchByMaxSim(q, d, { top, backend });
      expect(count).toBe(Math.min(top, 90));
      for (let query = 0; query < 5; query++) {
        const row = [...all.subarray(90 * query, 90 * query + 90)];
        const order = Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b);
        expect([...found.subarray(query * count, (query + 1) * count)]).toEqual(order.slice(0, count));
        expect([...scores.subarray(query * count, (query + 1) * count)]).toEqual(order.slice(0, count).map((i) => row[i]));
      }
    }
    const none = await searchByMaxSim(q, { data: new Float32Array(0), dims: [0, 8], offsets: Uint32Array.of(0) }, { backend });
    expect(none.count).toBe(0);
  });

  test('MaxSim can be aborted', async () => {
    const { q, d } = ragged(8, 90);
    const signal = AbortSignal.abort();
    await expect(maxSimAsync(q, d, { backend, signal })).rejects.toMatchObject({ code: 'ABORTED' });
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
    expect(() => maxSim(queries, one(documents.subarray(0, 30), 10), { backend })).toThrow(refused);
    expect(() => maxSim(queries, { ...queries, offsets: Uint32Array.of(0, 40, 32) }, { backend })).toThrow(refused);
    expect(() => maxSim(queries, one(new Float32Array(32).fill(NaN), 32), { backend })).toThrow(refused);
    const infinite = documents.slice();
    infinite[201 * 32 + 5] = -Infinity;
    expect(() => maxSim(queries, one(infinite, 32), { backend })).toThrow(/row 201/);
    expect(() => maxSim(one(infinite, 32), queries, { backend })).toThrow(/row 201/);
    expect(() => maxSim(queries, { ...queries, mask: new Uint8Array(3) }, { backend })).toThrow(refused);
    expect(() => maxSim(queries, { ...queries, data: new Uint16Array(32 * 32) }, { backend })).toThrow(refused);
    expect(() => poolVectors({ data: documents, dims: [240, 32] }, { factor: 0.5, backend })).toThrow(refused);
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
  expect(() => sinkhorn(logits, 16, { temperature: 1e-301 })).toThrow(refused);
  const far = sinkhorn(Float32Array.of(0, 0, -1e4, -1e4 - 1), 2, { temperature: 0.01 });
  expect(far[2] + far[3]).toBeCloseTo(1, 9);
});
