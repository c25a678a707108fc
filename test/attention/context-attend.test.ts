/** Attention over a context: what is kept and what comes out are the paper's, in double precision; estimates, budgets, tiles; bad input. */
import { ClusteredContext, type AttendOptions, type AttendResult, type AttentionTensor, type ContextOptions } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { clusteredKeys, gaussianTensor, halves, rowsOf, sliceRows } from './contexts';
import { clustersOf, expectAttended, type Case } from './expected-attention';
import * as oracle from './oracle';

function keptClusters({ kept }: AttendResult, mask: number): number[] {
  return [...kept.clusters.subarray(kept.offsets[mask], kept.offsets[mask + 1])];
}

describeEachBackend('attention over a context', (backend) => {
  const make = async (keys: AttentionTensor, values: AttentionTensor, options: ContextOptions = {}): Promise<Case> => ({
    context: await ClusteredContext.build(keys, values, { backend, ...options }),
    keys,
    values,
  });
  const PAPER: ContextOptions = { sink: 0, recent: 100, clusters: 0.05, levels: 1, maxIterations: 300 };

  describe.each([
    ['one query head for each KV head', 2, 2, 16],
    ['groups of three query heads', 2, 6, 8],
    ['one KV head', 1, 4, 24],
    ['an odd head dimension', 1, 2, 7],
  ])('the paper: %s', (_, heads, queryHeads, dims) => {
    const group = queryHeads / heads;
    const scale = 1 / Math.sqrt(dims);
    const keys = clusteredKeys(1, [2, heads, 500, dims], 25, 0.4);
    const values = gaussianTensor(2, [2, heads, 500, dims]);
    const own = gaussianTensor(3, [2, queryHeads, 100, dims], 2);
    const asked = gaussianTensor(4, [2, queryHeads, 6, dims], 2);
    const added = { newKeys: gaussianTensor(5, [2, heads, 6, dims]), newValues: gaussianTensor(6, [2, heads, 6, dims]) };
    const groupOf = (queries: AttentionTensor, sequence: number, head: number): oracle.Rows[] =>
      Array.from({ length: group }, (__, g) => rowsOf(queries, sequence, head * group + g));
    const streams = [0, 1].flatMap((sequence) => Array.from({ length: heads }, (__, head) => ({ sequence, head })));

    /** Dense over the kept keys, merged with causal attention over the user's. */
    function expected(
      run: Case,
      keptKeys: readonly number[],
      sequence: number,
      head: number,
      queryHead: number,
      row: number,
    ): oracle.Attended {
      const query = rowsOf(asked, sequence, queryHead)[row];
      const part = (k: AttentionTensor, v: AttentionTensor, rows: readonly number[]): oracle.Attended => {
        const [keyRows, valueRows] = [rowsOf(k, sequence, head), rowsOf(v, sequence, head)];
        return oracle.attend(
          query,
          rows.map((i) => keyRows[i]),
          rows.map((i) => valueRows[i]),
          scale,
        );
      };
      const observed = Array.from({ length: 100 }, (__, i) => 400 + i);
      const context = part(run.keys, run.values, [...keptKeys, ...observed]);
      return oracle.merge(
        context,
        part(
          added.newKeys,
          added.newValues,
          Array.from({ length: row + 1 }, (__, i) => i),
        ),
      );
    }

    test('thresholds, kept keys and outputs', async () => {
      const run = await make(keys, values, PAPER);
      const all = streams.map(({ sequence, head }) => clustersOf(run, sequence, head));
      const own100 = streams.map(({ sequence, head }, i) =>
        oracle.groupScores(groupOf(own, sequence, head), all[i].centroids, all[i].sizes, scale),
      );
      const pooled = all.flatMap(({ labels }, i) => oracle.keyScores(labels, own100[i]));
      for (const sparsity of [0.5, 0.7, 0.8, 0.9]) {
        const { fine, coarse } = await run.context.calibrate(own, { sparsity });
        expect(coarse).toBe(null);
        expect(fine.length).toBe(1);
        expect(fine[0] / oracle.quantile(pooled, sparsity)).toBeCloseTo(1, 5);
        const result = await run.context.attend(asked, added);
        for (const [i, { sequence, head }] of streams.entries()) {
          const scores = oracle.groupScores(groupOf(asked, sequence, head), all[i].centroids, all[i].sizes, scale);
          const kept = oracle.keptKeys(all[i].labels, scores, fine[0]).map((key) => all[i].numbers[key]);
          expect(result.kept.keys[i]).toBe(kept.length + 100);
          expect(keptClusters(result, i)).toEqual(scores.flatMap((score, k) => (all[i].sizes[k] > 0 && score > fine[0] ? [k] : [])));
          for (let g = 0; g < group; g++) {
            for (const row of [0, 5])
              expectAttended(result, sequence, head * group + g, row, expected(run, kept, sequence, head, head * group + g, row));
          }
        }
      }
    });

    test('a threshold for each head', async () => {
      const run = await make(keys, values, PAPER);
      const { fine } = await run.context.calibrate(own, { sparsity: 0.8, perHead: true });
      streams.forEach(({ sequence, head }, i) => {
        const { labels, centroids, sizes } = clustersOf(run, sequence, head);
        const scores = oracle.groupScores(groupOf(own, sequence, head), centroids, sizes, scale);
        expect(fine[i] / oracle.quantile(oracle.keyScores(labels, scores), 0.8)).toBeCloseTo(1, 5);
      });
    });

    test('two levels', async () => {
      const run = await make(keys, values, { ...PAPER, clusters: 0.1, coarse: 0.02 });
      const all = streams.map(({ sequence, head }) => clustersOf(run, sequence, head));
      const thresholds = await run.context.calibrate(own, { sparsity: 0.8, coarseSparsity: 0.6 });
      const pooled = all.flatMap(({ labels, centroids, groupLabels, groups, sizes }, i) => {
        const { sequence, head } = streams[i];
        const groupSizes = oracle.sizesOf(
          labels.map((label) => groupLabels[label]),
          groups,
        );
        expect(sizes.length).toBe(40);
        const scores = oracle.groupScores(
          groupOf(own, sequence, head),
          oracle.centroidsOf(centroids, groupLabels, groups),
          groupSizes,
          scale,
        );
        return labels.map((label) => scores[groupLabels[label]]);
      });
      expect(thresholds.coarse![0] / oracle.quantile(pooled, 0.6)).toBeCloseTo(1, 5);
      const result = await run.context.attend(asked, added);
      for (const [i, { sequence, head }] of streams.entries()) {
        const { labels, centroids, groupLabels, groups, numbers } = all[i];
        const limits = { coarse: thresholds.coarse![0], fine: thresholds.fine[0] };
        const kept = oracle
          .keptInTwoLevels(groupOf(asked, sequence, head), labels, centroids, groupLabels, groups, limits, scale)
          .map((key) => numbers[key]);
        expect(result.kept.keys[i]).toBe(kept.length + 100);
        expectAttended(result, sequence, head * group, 5, expected(run, kept, sequence, head, head * group, 5));
      }
    });
  });

  test.each(['float32', 'float16', 'bfloat16'] as const)('with everything kept it is dense attention: %s', async (type) => {
    const [keys, values, asked] = [
      gaussianTensor(7, [2, 2, 300, 20]),
      gaussianTensor(8, [2, 2, 300, 20]),
      gaussianTensor(9, [2, 4, 3, 20], 2),
    ].map((x) => (type === 'float32' ? { bits: x, numbers: x } : halves(x, type)));
    const { context } = await make(keys.bits, values.bits);
    for (const options of [{ budget: 1e9 }, { topP: 1 }, { threshold: -1 }, { budget: 1e9, estimate: 'variance' as const, perTile: 2 }]) {
      const result = await context.attend(asked.bits, options);
      expect(result.kept.fraction).toBe(1);
      for (const [sequence, head, row] of [
        [0, 0, 0],
        [1, 3, 2],
      ]) {
        const dense = oracle.attend(
          rowsOf(asked.numbers, sequence, head)[row],
          rowsOf(keys.numbers, sequence, head >> 1),
          rowsOf(values.numbers, sequence, head >> 1),
          1 / Math.sqrt(20),
        );
        expectAttended(result, sequence, head, row, dense, 2e-6);
      }
    }
  });

  test('estimates stand for the clusters that were not retrieved', async () => {
    const run = await make(clusteredKeys(10, [1, 1, 400, 12], 20, 0.5), gaussianTensor(11, [1, 1, 400, 12]), {
      clusters: 30,
      coarse: 4,
      sink: 2,
      recent: 10,
    });
    const asked = gaussianTensor(12, [1, 2, 4, 12], 2);
    const { numbers, labels, centroids, sizes, valueMeans, variances } = clustersOf(run, 0, 0);
    const scale = 1 / Math.sqrt(12);
    for (const estimate of ['none', 'mean', 'variance'] as const) {
      for (const budget of [0, 0.1, 0.6]) {
        const result = await run.context.attend(asked, { budget, estimate });
        const retrieved = keptClusters(result, 0);
        const always = [0, 1, ...Array.from({ length: 10 }, (_, i) => 390 + i)];
        const exact = [...always, ...numbers.filter((_, i) => retrieved.includes(labels[i]))];
        expect(result.kept.keys[0]).toBe(exact.length);
        const [keyRows, valueRows] = [rowsOf(run.keys, 0, 0), rowsOf(run.values, 0, 0)];
        for (const [head, row] of [
          [0, 0],
          [1, 3],
        ]) {
          const query = rowsOf(asked, 0, head)[row];
          const kept = oracle.attend(
            query,
            exact.map((key) => keyRows[key]),
            exact.map((key) => valueRows[key]),
            scale,
          );
          const rest = sizes.map((size, cluster) => (retrieved.includes(cluster) ? 0 : size));
          const others = oracle.estimateClusters(
            query,
            centroids,
            rest,
            valueMeans,
            scale,
            estimate === 'variance' ? variances : undefined,
          );
          expectAttended(result, 0, head, row, estimate === 'none' ? kept : oracle.merge(kept, others));
        }
      }
    }
  });

  test('a lookup in eight bits chooses nearly the same and estimates nearly the same', async () => {
    const keys = clusteredKeys(25, [1, 2, 600, 20], 40, 0.4);
    const values = gaussianTensor(26, [1, 2, 600, 20]);
    const asked = gaussianTensor(27, [1, 4, 3, 20], 2);
    const { context: exact } = await make(sliceRows(keys, 0, 400), sliceRows(values, 0, 400), { clusters: 50 });
    const rounded = await ClusteredContext.fromBytes(await exact.toBytes(), { backend, lookup: 'int8' });
    for (const grown of [false, true]) {
      for (const context of grown ? [exact, rounded] : []) await context.append(sliceRows(keys, 400, 600), sliceRows(values, 400, 600));
      const [a, b] = [exact, rounded].map((context) => context.attendSync(asked, { budget: 0, estimate: 'variance' }));
      b.output.data.forEach((x, i) => expect(Math.abs(x - a.output.data[i])).toBeLessThan(0.03));
      const [kept, keptRounded] = [exact, rounded].map((context) => context.attendSync(asked, { topP: 0.7 }).kept.fraction);
      expect(Math.abs(keptRounded / kept - 1)).toBeLessThan(0.1);
      const { fine } = await rounded.calibrate(asked, { sparsity: 0.8 });
      expect(rounded.attendSync(asked, { threshold: fine }).kept.keys.reduce((sum, count) => sum + count, 0)).toBeLessThan(
        0.2 * 2 * 600 + 2 * 200,
      );
    }
  });

  test('what is estimated is nearer to dense attention than what is dropped, and nearest with variances', async () => {
    const { context, keys, values } = await make(clusteredKeys(13, [1, 1, 2000, 32], 100, 0.4), gaussianTensor(14, [1, 1, 2000, 32]));
    const asked = gaussianTensor(15, [1, 1, 20, 32], 2);
    const error = async (options: AttendOptions): Promise<number> => {
      const { output } = await context.attend(asked, { budget: 0.1, perTile: 1, ...options });
      const dense = rowsOf(asked, 0, 0).flatMap((query) => [
        ...oracle.attend(query, rowsOf(keys, 0, 0), rowsOf(values, 0, 0), 1 / Math.sqrt(32)).output,
      ]);
      return Math.hypot(...dense.map((x, i) => output.data[i] - x)) / Math.hypot(...dense);
    };
    const [none, mean, variance] = [await error({}), await error({ estimate: 'mean' }), await error({ estimate: 'variance' })];
    expect(mean).toBeLessThan(0.7 * none);
    expect(variance).toBeLessThan(mean);
  });

  test('budgets, mass and tiles', async () => {
    const run = await make(clusteredKeys(16, [1, 2, 600, 8], 30, 0.3), gaussianTensor(17, [1, 2, 600, 8]), { clusters: 40 });
    const asked = gaussianTensor(18, [1, 2, 7, 8], 2);
    const scored = (head: number, rows: oracle.Rows): { sizes: number[]; scores: number[] } => {
      const { centroids, sizes } = clustersOf(run, 0, head);
      return { sizes, scores: oracle.clusterScores(rows, centroids, sizes, 1 / Math.sqrt(8)) };
    };
    for (const budget of [0, 1, 50, 0.25, 532]) {
      const { kept } = await run.context.attend(asked, { budget, perTile: 3 });
      expect(kept.tiles).toBe(3);
      kept.keys.forEach((keys, mask) => {
        const limit = budget < 1 ? Math.floor(budget * 532) : budget;
        expect(keys).toBeLessThanOrEqual(limit + 68);
        const head = Math.floor(mask / 3);
        const { scores, sizes } = scored(head, rowsOf(asked, 0, head).slice((mask % 3) * 3, (mask % 3) * 3 + 3));
        const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
        const chosen: number[] = [];
        for (let left = limit, i = 0; i < 40 && (left -= sizes[order[i]]) >= 0; i++) chosen.push(order[i]);
        expect([...kept.clusters.subarray(kept.offsets[mask], kept.offsets[mask + 1])]).toEqual(chosen.sort((a, b) => a - b));
      });
    }
    for (const topP of [0, 0.5, 0.9, 1]) {
      const result = await run.context.attend(asked, { topP });
      for (const head of [0, 1]) {
        const { scores, sizes } = scored(head, rowsOf(asked, 0, head));
        const order = keptClusters(result, head).sort((a, b) => scores[a] - scores[b]);
        const mass = order.map((cluster) => scores[cluster] * sizes[cluster]);
        const sum = mass.reduce((a, b) => a + b, 0);
        expect(sum).toBeGreaterThan(topP - 1e-5);
        // Without the last one it would be too little.
        if (topP > 0 && topP < 1) expect(sum - mass[0]).toBeLessThan(topP + 1e-5);
      }
    }
    // A tile of its own for each query is what the queries give one by one.
    const together = await run.context.attend(asked, { budget: 0.1, perTile: 1, estimate: 'mean' });
    const alone = await run.context.attend(sliceRows(asked, 4, 5), { budget: 0.1, estimate: 'mean' });
    const rows = sliceRows(together.output, 4, 5);
    expect(Math.max(...alone.output.data.map((x, i) => Math.abs(x - rows.data[i])))).toBeLessThan(1e-6);
    expect(keptClusters(together, 4)).toEqual(keptClusters(alone, 0));
  });

  test('thresholds are saved, and a context that was loaded, mapped or grown attends as it should', async () => {
    const keys = gaussianTensor(19, [1, 1, 700, 8]);
    const { context } = await make(sliceRows(keys, 0, 400), sliceRows(keys, 0, 400), { coarse: 4 });
    const asked = gaussianTensor(20, [1, 2, 3, 8], 3);
    await context.calibrate(asked, { sparsity: 0.7 });
    const loaded = await ClusteredContext.fromBytes(await context.toBytes(), { backend });
    expect(loaded.thresholds).toEqual(context.thresholds);
    expect(await loaded.attend(asked)).toEqual(await context.attend(asked));
    await loaded.append(sliceRows(keys, 400, 700), sliceRows(keys, 400, 700));
    const all = await loaded.attend(asked, { topP: 1 });
    expect(all.kept.keys[0]).toBe(700);
    for (const row of [0, 2])
      expectAttended(
        all,
        0,
        1,
        row,
        oracle.attend(rowsOf(asked, 0, 1)[row], rowsOf(keys, 0, 0), rowsOf(keys, 0, 0), 1 / Math.sqrt(8)),
        2e-6,
      );
    expect((await loaded.attend(asked)).kept.fraction).toBeLessThan(0.8);
  });

  test('at once it is the same, also while the context grows', async () => {
    const keys = gaussianTensor(23, [2, 2, 600, 8]);
    const asked = gaussianTensor(24, [2, 4, 5, 8], 2);
    const { context } = await make(sliceRows(keys, 0, 400), sliceRows(keys, 0, 400), { coarse: 5 });
    await context.calibrate(asked, { sparsity: 0.6, coarseSparsity: 0.3 });
    const news = { newKeys: sliceRows(keys, 0, 5), newValues: sliceRows(keys, 5, 10) };
    for (const options of [{}, { budget: 0.2, perTile: 2, estimate: 'variance' as const, ...news }, { topP: 0.9, threads: 1 }])
      expect(context.attendSync(asked, options)).toEqual(await context.attend(asked, options));
    const before = context.attendSync(asked, { topP: 1 });
    const growing = context.append(sliceRows(keys, 400, 600), sliceRows(keys, 400, 600));
    expect(context.attendSync(asked, { topP: 1 })).toEqual(before);
    await growing;
    expect(context.attendSync(asked, { topP: 1 }).kept.keys[3]).toBe(600);
    expect(() => context.attendSync(asked, { topP: 2 })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => context.attendSync(gaussianTensor(1, [2, 4, 5, 8], NaN), { topP: 1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('attending and growing at the same time wait for each other', async () => {
    const keys = gaussianTensor(21, [1, 1, 800, 8]);
    const { context } = await make(sliceRows(keys, 0, 300), sliceRows(keys, 0, 300));
    const asked = gaussianTensor(22, [1, 1, 2, 8]);
    const results = [context.attend(asked, { topP: 1 })];
    for (let at = 300; at < 800; at += 100) {
      void context.append(sliceRows(keys, at, at + 100), sliceRows(keys, at, at + 100));
      results.push(context.attend(asked, { topP: 1 }));
    }
    for (const [i, result] of (await Promise.all(results)).entries()) {
      expect(result.kept.keys[0]).toBe(300 + 100 * i);
      const rows = rowsOf(keys, 0, 0).slice(0, 300 + 100 * i);
      expectAttended(result, 0, 0, 1, oracle.attend(rowsOf(asked, 0, 0)[1], rows, rows, 1 / Math.sqrt(8)), 2e-6);
    }
  });
});
