/** k-means per sequence and pruning, on every backend. */
import { kmeans, poolSequences, type SequencePoolOptions } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { blobs } from './blobs';

const OFFSETS = Uint32Array.of(0, 40, 40, 43, 100);
const WIDTH = 6;
const SEQUENCES = { data: blobs(91, 100, 8, WIDTH, 0.3), dims: [100, WIDTH], offsets: OFFSETS };

function rows(data: Float32Array, from: number, to: number): Float32Array {
  return data.subarray(from * WIDTH, to * WIDTH);
}

describeEachBackend('pooling of sequences', (backend) => {
  const pool = (options: SequencePoolOptions) => poolSequences(SEQUENCES, { backend, ...options });

  test.each([8, 0.25])('k-means, %d: means of the clusters of each sequence, which are those of kmeans', async (keep) => {
    const { data, offsets, source } = await pool({ method: 'k-means', keep });
    expect([...offsets]).toEqual(keep === 8 ? [0, 8, 8, 11, 19] : [0, 10, 10, 11, 25]);
    for (let sequence = 0; sequence < 4; sequence++) {
      const [from, to] = [OFFSETS[sequence], OFFSETS[sequence + 1]];
      const count = offsets[sequence + 1] - offsets[sequence];
      const own = source.subarray(from, to);
      for (let target = 0; target < count; target++) {
        const members = [...own.keys()].filter((i) => own[i] === target);
        expect(members.length).toBeGreaterThan(0);
        for (let k = 0; k < WIDTH; k++) {
          const mean = members.reduce((sum, i) => sum + SEQUENCES.data[(from + i) * WIDTH + k], 0) / members.length;
          expect(data[(offsets[sequence] + target) * WIDTH + k]).toBeCloseTo(mean, 5);
        }
      }
      if (count === 0 || count === to - from) continue;
      const { labels } = await kmeans(
        { data: rows(SEQUENCES.data, from, to).slice(), dims: [to - from, WIDTH] },
        { clusters: count, backend },
      );
      labels.forEach((label, i) => expect(own[i]).toBe(own[labels.indexOf(label)]));
    }
  });

  test('pruning: the first ones, or every k-th; short sequences stay whole', async () => {
    const tail = await pool({ method: 'tail', keep: 5 });
    expect([...tail.offsets]).toEqual([0, 5, 5, 8, 13]);
    expect(rows(tail.data, 0, 5)).toEqual(rows(SEQUENCES.data, 0, 5));
    expect(rows(tail.data, 5, 13)).toEqual(rows(SEQUENCES.data, 40, 48));
    expect([...tail.source.subarray(0, 7)]).toEqual([0, 1, 2, 3, 4, -1, -1]);
    const every = await pool({ method: 'every', keep: 1 / 4 });
    for (let i = 0; i < 10; i++) expect(rows(every.data, i, i + 1)).toEqual(rows(SEQUENCES.data, 4 * i, 4 * i + 1));
    expect([...every.source.subarray(40, 43)]).toEqual([0, -1, -1]);
  });

  test('equal and zero vectors give no NaN; bad input is refused', async () => {
    const equal = { data: new Float32Array(60).fill(2), dims: [10, WIDTH], offsets: Uint32Array.of(0, 10) };
    expect([...(await poolSequences(equal, { method: 'k-means', keep: 4, backend })).data]).toEqual(Array(24).fill(2));
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    for (const options of [
      { method: 'k-means', keep: 0 },
      { method: 'k-means', keep: 1.5 },
      { method: 'tail', keep: NaN },
      { method: 'head' as 'tail', keep: 2 },
    ] as const)
      await expect(pool(options)).rejects.toEqual(refused);
    const holed = { ...SEQUENCES, data: SEQUENCES.data.map((value, i) => (i === 3 ? NaN : value)) };
    await expect(poolSequences(holed, { method: 'tail', keep: 2, backend })).rejects.toEqual(refused);
    await expect(pool({ method: 'k-means', keep: 3, signal: AbortSignal.abort() })).rejects.toEqual(
      expect.objectContaining({ code: 'ABORTED' }),
    );
  });
});
