/** What goes wrong in the paper's code, and input that is out of the ordinary: none of it may. */
import { ClusteredContext, type AttendOptions, type AttentionTensor, type ContextOptions } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { clusteredKeys, codeOf, gaussianTensor, rowsOf, tensor } from './contexts';
import * as oracle from './oracle';

function scaled({ data, dims, type }: AttentionTensor, factor: number): AttentionTensor {
  return { type, data: data.map((x) => x * factor), dims };
}

describeEachBackend('defects', (backend) => {
  const build = (keys: AttentionTensor, values: AttentionTensor, options: ContextOptions = {}): Promise<ClusteredContext> =>
    ClusteredContext.build(keys, values, { backend, ...options });
  const random = (): Promise<ClusteredContext> => build(gaussianTensor(1, [1, 2, 300, 8]), gaussianTensor(2, [1, 2, 300, 8]));

  test('logits of ±1e4, whose exponentials overflow: thresholds are finite and the best cluster is kept', async () => {
    const keys = clusteredKeys(3, [1, 1, 400, 8], 10, 0.1);
    const context = await build(keys, gaussianTensor(4, [1, 1, 400, 8]), { clusters: 10, levels: 1, initialization: 'k-means++' });
    // Queries along a key: products of about 3e4.
    const key = rowsOf(keys, 0, 0)[200];
    const length = Math.sqrt(key.reduce((sum, x) => sum + x * x, 0));
    const asked = tensor(
      Float32Array.from(key, (x) => (3e4 / length) * x),
      [1, 1, 1, 8],
    );
    const { fine } = await context.calibrate(asked, { sparsity: 0.5 });
    expect(Number.isFinite(fine[0])).toBe(true);
    for (const sign of [1, -1]) {
      for (const estimate of ['none', 'mean'] as const) {
        const { output, logSumExp, kept } = await context.attend(scaled(asked, sign), { threshold: 1e-6, estimate });
        expect(kept.clusters.length).toBeGreaterThan(0);
        expect(output.data.every(Number.isFinite) && Number.isFinite(logSumExp[0])).toBe(true);
      }
    }
    const dense = oracle.attend(
      Float64Array.from(asked.data),
      rowsOf(keys, 0, 0),
      rowsOf(gaussianTensor(4, [1, 1, 400, 8]), 0, 0),
      1 / Math.sqrt(8),
    );
    const { output, logSumExp } = await context.attend(asked, { topP: 1 });
    // Logits in single precision are off by a thousandth here, and so are weights.
    dense.output.forEach((value, dim) => expect(Math.abs(output.data[dim] - value)).toBeLessThan(1e-2));
    expect(Math.abs(logSumExp[0] / dense.lse - 1)).toBeLessThan(1e-6);
  });

  test('clusters without keys are never chosen, never estimated, and give no NaN', async () => {
    const keys = tensor(
      Float32Array.from({ length: 200 * 4 }, (_, i) => (i < 400 ? 1 : -1)),
      [1, 1, 200, 4],
    );
    const values = gaussianTensor(5, [1, 1, 200, 4]);
    const context = await build(keys, values, { clusters: 20, sink: 0, recent: 0 });
    const { offsets } = context.clusters(0, 0);
    expect(offsets.filter((offset, i) => i > 0 && offset > offsets[i - 1]).length).toBe(2);
    const asked = gaussianTensor(6, [1, 1, 3, 4]);
    const dense = oracle.attend(rowsOf(asked, 0, 0)[1], rowsOf(keys, 0, 0), rowsOf(values, 0, 0), 0.5);
    for (const options of [{ threshold: -1 }, { budget: 0, estimate: 'variance' }, { topP: 1 }] as AttendOptions[]) {
      const { output, kept } = await context.attend(asked, options);
      expect(kept.clusters.length).toBe(options.budget === 0 ? 0 : 2);
      // Members are equal, so that means say everything.
      dense.output.forEach((value, dim) => expect(Math.abs(output.data[4 + dim] - value)).toBeLessThan(1e-5));
    }
  });

  test.each([1, 2, 0.5, Infinity])('the last keys stay, whatever the threshold: %d', async (threshold) => {
    const context = await build(gaussianTensor(7, [1, 2, 300, 8]), gaussianTensor(8, [1, 2, 300, 8]), { sink: 0, recent: 100 });
    const asked = gaussianTensor(9, [1, 2, 2, 8]);
    const { kept, output } = await context.attend(asked, { threshold });
    expect([...kept.keys]).toEqual([100, 100]);
    const keys = rowsOf(gaussianTensor(7, [1, 2, 300, 8]), 0, 1).slice(200);
    const expected = oracle.attend(
      rowsOf(asked, 0, 1)[0],
      keys,
      rowsOf(gaussianTensor(8, [1, 2, 300, 8]), 0, 1).slice(200),
      1 / Math.sqrt(8),
    );
    expected.output.forEach((value, dim) => expect(Math.abs(output.data[16 + dim] - value)).toBeLessThan(1e-5));
  });

  test('the same call gives the same bits, the kept clusters in order', async () => {
    const context = await random();
    const asked = gaussianTensor(10, [1, 4, 9, 8], 2);
    const first = await context.attend(asked, { budget: 0.3, perTile: 2, estimate: 'variance' });
    const again = await context.attend(asked, { budget: 0.3, perTile: 2, estimate: 'variance' });
    expect(Buffer.compare(Buffer.from(first.output.data.buffer), Buffer.from(again.output.data.buffer))).toBe(0);
    for (let mask = 0; mask < first.kept.keys.length; mask++) {
      const own = first.kept.clusters.subarray(first.kept.offsets[mask], first.kept.offsets[mask + 1]);
      expect(own.every((cluster, i) => i === 0 || own[i - 1] < cluster)).toBe(true);
    }
  });

  test('nothing kept, nothing new: zeros and −∞; with new keys only those', async () => {
    const context = await build(gaussianTensor(11, [1, 1, 50, 4]), gaussianTensor(12, [1, 1, 50, 4]), { sink: 0, recent: 0 });
    const asked = gaussianTensor(13, [1, 1, 3, 4]);
    const { output, logSumExp, kept } = await context.attend(asked, { budget: 0 });
    expect([...output.data]).toEqual(new Array(12).fill(0));
    expect([...logSumExp]).toEqual([-Infinity, -Infinity, -Infinity]);
    expect(kept.fraction).toBe(0);
    const newKeys = gaussianTensor(14, [1, 1, 2, 4]);
    const seen = await context.attend(asked, { budget: 0, newKeys, newValues: newKeys });
    // Three queries and two new keys: the first query sees none of them.
    expect([...seen.output.data.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect(seen.output.data.subarray(4, 8)).toEqual(newKeys.data.subarray(0, 4));
    const all = await context.attend(asked, { budget: 0, newKeys, newValues: newKeys, causal: false });
    const expected = oracle.attend(rowsOf(asked, 0, 0)[0], rowsOf(newKeys, 0, 0), rowsOf(newKeys, 0, 0), 0.5);
    expected.output.forEach((value, dim) => expect(Math.abs(all.output.data[dim] - value)).toBeLessThan(1e-6));
  });

  test.each([0, 1, 3])('a context of %d keys', async (length) => {
    const keys = gaussianTensor(15, [2, 1, length, 5]);
    const context = await build(keys, keys);
    const asked = gaussianTensor(16, [2, 3, 2, 5]);
    const { output, logSumExp } = await context.attend(asked, { budget: 0, estimate: 'variance' });
    const expected = oracle.attend(rowsOf(asked, 1, 2)[1], rowsOf(keys, 1, 0), rowsOf(keys, 1, 0), 1 / Math.sqrt(5));
    expected.output.forEach((value, dim) => expect(Math.abs(output.data[11 * 5 + dim] - value)).toBeLessThan(1e-6));
    expect(length === 0 ? logSumExp[11] === expected.lse : Math.abs(logSumExp[11] - expected.lse) < 1e-5).toBe(true);
    expect((await context.calibrate(asked, { sparsity: 0.9 })).fine).toEqual([0]);
    expect((await context.attend(gaussianTensor(1, [2, 1, 0, 5]))).output.dims).toEqual([2, 1, 0, 5]);
  });

  test('several layers have one threshold', async () => {
    const layers = await Promise.all(
      [0, 1].map(async (layer) => ({
        context: await build(gaussianTensor(20 + layer, [1, 2, 300, 8], 1 + layer), gaussianTensor(22, [1, 2, 300, 8]), {
          sink: 0,
          recent: 0,
        }),
        queries: gaussianTensor(24 + layer, [1, 2, 50, 8]),
      })),
    );
    const { fine } = await ClusteredContext.calibrateTogether(layers, { sparsity: 0.7 });
    const [one, two] = await Promise.all(layers.map(({ context, queries }) => context.attend(queries)));
    // Of all keys of both three tenths, or less by what a cluster has.
    const kept = [...one.kept.keys, ...two.kept.keys].reduce((sum, keys) => sum + keys);
    expect(kept).toBeLessThanOrEqual(0.3 * 1200);
    expect(kept).toBeGreaterThan(0.3 * 1200 - 120);
    expect(layers.map(({ context }) => context.thresholds!.fine)).toEqual([fine, fine]);
  });

  const asked = gaussianTensor(17, [1, 2, 2, 8]);
  test.each<[string, (context: ClusteredContext) => Promise<unknown>]>([
    ['neither threshold nor budget', (context) => context.attend(asked)],
    ['threshold and budget', (context) => context.attend(asked, { threshold: 0, budget: 1 })],
    ['a negative budget', (context) => context.attend(asked, { budget: -1 })],
    ['a budget that is NaN', (context) => context.attend(asked, { budget: NaN })],
    ['more than the whole mass', (context) => context.attend(asked, { topP: 1.5 })],
    ['a threshold that is NaN', (context) => context.attend(asked, { threshold: NaN })],
    ['thresholds for three heads of two', (context) => context.attend(asked, { threshold: [1, 2, 3] })],
    ['tiles of nothing', (context) => context.attend(asked, { budget: 1, perTile: 0 })],
    ['an unknown estimate', (context) => context.attend(asked, { budget: 1, estimate: 'best' as 'mean' })],
    ['three query heads for two', (context) => context.attend(gaussianTensor(1, [1, 3, 2, 8]), { budget: 1 })],
    ['queries of another length', (context) => context.attend(gaussianTensor(1, [1, 2, 2, 9]), { budget: 1 })],
    ['another batch', (context) => context.attend(gaussianTensor(1, [2, 2, 2, 8]), { budget: 1 })],
    ['NaN among the queries', (context) => context.attend(tensor(new Float32Array(16).fill(NaN), [1, 2, 1, 8]), { budget: 1 })],
    ['queries whose products overflow', (context) => context.attend(tensor(new Float32Array(16).fill(3e38), [1, 2, 1, 8]), { topP: 0.5 })],
    ['new keys without values', (context) => context.attend(asked, { budget: 1, newKeys: asked })],
    [
      'new keys for other heads',
      (context) =>
        context.attend(asked, { budget: 1, newKeys: gaussianTensor(1, [1, 1, 2, 8]), newValues: gaussianTensor(1, [1, 1, 2, 8]) }),
    ],
    ['a sparsity above 1', (context) => context.calibrate(asked, { sparsity: 2 })],
    ['no sparsity', (context) => context.calibrate(asked, {} as { sparsity: number })],
  ])('%s is refused', async (_, attempt) => {
    expect(await codeOf(attempt(await random()))).toBe('INVALID_ARGUMENT');
  });

  test('aborts; is of no use once disposed', async () => {
    const context = await random();
    expect(await codeOf(context.attend(asked, { budget: 1, signal: AbortSignal.abort() }))).toBe('ABORTED');
    context.dispose();
    expect(await codeOf(context.attend(asked, { budget: 1 }))).toBe('DISPOSED');
    expect(await codeOf(context.calibrate(asked, { sparsity: 0.5 }))).toBe('DISPOSED');
  });
});
