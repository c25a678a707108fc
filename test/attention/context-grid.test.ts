/** Contexts of every form against the definition in double precision: dimensions, heads, batches, selections, estimates, few and many queries; before and after a file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusteredContext, type AttendOptions, type AttendResult, type ContextOptions } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { clusteredKeys, codeOf, gaussianTensor, rowsOf, sliceRows } from './contexts';
import { clustersOf, expectAttended, type Case } from './expected-attention';
import * as oracle from './oracle';

const LENGTH = 90;

async function caseOf(backend: 'native' | 'js', d: number, batch: number, heads: number, options: ContextOptions = {}): Promise<Case> {
  const keys = clusteredKeys(d, [batch, heads, LENGTH, d], 9, 0.4);
  const values = gaussianTensor(d + 1, [batch, heads, LENGTH, d]);
  const context = await ClusteredContext.build(keys, values, { backend, clusters: 9, sink: 2, recent: 7, ...options });
  return { context, keys, values };
}

type Clusters = ReturnType<typeof clustersOf>;

/** Of all heads of all sequences. */
function allClusters(given: Case): Clusters[] {
  const { heads, batch } = given.context;
  return Array.from({ length: batch * heads }, (_, stream) => clustersOf(given, Math.floor(stream / heads), stream % heads));
}

/** Each query over the keys that the result says were kept, and the estimate of the other clusters. */
function expectDefinition(
  given: Case,
  clustersOfHeads: readonly Clusters[],
  asked: ReturnType<typeof gaussianTensor>,
  options: AttendOptions,
  result: AttendResult,
): void {
  const { keys, values, context } = given;
  const [batch, queryHeads, length, d] = asked.dims;
  const group = queryHeads / context.heads;
  const scale = 1 / Math.sqrt(d);
  for (let sequence = 0; sequence < batch; sequence++) {
    for (let head = 0; head < context.heads; head++) {
      const clusters = clustersOfHeads[sequence * context.heads + head];
      const { offsets, clusters: chosen, tiles } = result.kept;
      const mask = (sequence * context.heads + head) * tiles;
      const kept = new Set(chosen.subarray(offsets[mask], offsets[mask + 1]));
      const inCluster = new Map(clusters.numbers.map((key, i) => [key, clusters.labels[i]]));
      const rows = Array.from({ length: context.length }, (_, key) => key).filter(
        (key) => !inCluster.has(key) || kept.has(inCluster.get(key)!),
      );
      const [allKeys, allValues] = [rowsOf(keys, sequence, head), rowsOf(values, sequence, head)];
      const left = clusters.sizes.map((size, cluster) => (kept.has(cluster) ? 0 : size));
      // The first and the last head of the group.
      for (const own of new Set([head * group, (head + 1) * group - 1])) {
        const queries = rowsOf(asked, sequence, own);
        for (const row of [0, length - 1]) {
          const exact = oracle.attend(
            queries[row],
            rows.map((key) => allKeys[key]),
            rows.map((key) => allValues[key]),
            scale,
          );
          const estimate = options.estimate ?? 'none';
          const rest =
            estimate === 'none'
              ? { output: new Float64Array(d), lse: -Infinity }
              : oracle.estimateClusters(
                  queries[row],
                  clusters.centroids,
                  left,
                  clusters.valueMeans,
                  scale,
                  estimate === 'variance' ? clusters.variances : undefined,
                );
          expectAttended(result, sequence, own, row, oracle.merge(exact, rest), 2e-5);
        }
      }
    }
  }
}

describeEachBackend('contexts of every form', (backend) => {
  test.each([1, 3, 17, 80, 96, 256])('d = %d: several heads, one KV head, batches; nothing, some and all of it', async (d) => {
    for (const [batch, heads, group] of [
      [1, 2, 1],
      [2, 1, 5],
    ] as const) {
      const given = await caseOf(backend, d, batch, heads);
      const clusters = allClusters(given);
      for (const length of [1, 10]) {
        const asked = gaussianTensor(d + 2, [batch, heads * group, length, d], 1.5);
        const all: AttendOptions[] = [
          { budget: 0 },
          { topP: 0, estimate: 'mean' },
          { budget: 0.3, estimate: 'variance' },
          { topP: 0.5, estimate: 'mean' },
          { threshold: 0.01, estimate: 'variance' },
          { topP: 1, estimate: 'variance' },
        ];
        for (const options of all) expectDefinition(given, clusters, asked, options, await given.context.attend(asked, options));
      }
    }
  });

  test.each([1, 3, 17, 80, 96, 256])('d = %d: a lookup in eight bits is near, and exact where everything is kept', async (d) => {
    const given = await caseOf(backend, d, 1, 2, { lookup: 'int8' });
    const asked = gaussianTensor(d + 3, [1, 6, 1, d]);
    expectDefinition(given, allClusters(given), asked, { topP: 1 }, given.context.attendSync(asked, { topP: 1, estimate: 'variance' }));
    const exact = await caseOf(backend, d, 1, 2);
    const near = given.context.attendSync(asked, { budget: 0, estimate: 'variance' });
    const expected = exact.context.attendSync(asked, { budget: 0, estimate: 'variance' });
    expect(near.output.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.output.data[i])), 0)).toBeLessThan(0.06);
  });

  test('grown after it was read, mapped or copied: as if it had never been away', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'merganser-context-'));
    try {
      const { context } = await caseOf(backend, 17, 2, 1);
      const path = join(folder, 'context');
      await context.save(path);
      const more = gaussianTensor(9, [2, 1, 300, 17]);
      const asked = gaussianTensor(10, [2, 3, 1, 17]);
      await context.append(more, more);
      const expected = context.attendSync(asked, { budget: 0.2, estimate: 'mean' });
      const away = [
        await ClusteredContext.load(path, { backend }),
        await ClusteredContext.load(path, { backend, map: true }),
        await ClusteredContext.fromBytes(await (await ClusteredContext.load(path, { backend })).toBytes(), { backend }),
      ];
      for (const other of away) {
        for (const [from, to] of [
          [0, 1],
          [1, 200],
          [200, 300],
        ])
          await other.append(sliceRows(more, from, to), sliceRows(more, from, to));
        expect(other.attendSync(asked, { budget: 0.2, estimate: 'mean' })).toEqual(expected);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('many attend while it grows: each sees the context as it was when its turn came', async () => {
    const { context } = await caseOf(backend, 8, 1, 2);
    const grown = await caseOf(backend, 8, 1, 2);
    const more = gaussianTensor(11, [1, 2, 200, 8]);
    await grown.context.append(more, more);
    const asked = Array.from({ length: 6 }, (_, i) => gaussianTensor(20 + i, [1, 4, 1 + i, 8]));
    const options: AttendOptions = { topP: 0.6, estimate: 'mean' };
    const before = await Promise.all(asked.map((queries) => context.attend(queries, options)));
    const aborted = new AbortController();
    const running = [
      ...asked.map((queries) => context.attend(queries, options)),
      context.append(more, more).then(() => null),
      codeOf(context.append(more, more, { signal: AbortSignal.abort() })),
      ...asked.map((queries) => context.attend(queries, options)),
      codeOf(context.attend(asked[0], { ...options, signal: aborted.signal })),
    ];
    aborted.abort();
    const results = await Promise.all<unknown>(running);
    expect(results.slice(0, 6)).toEqual(before);
    expect(results[7]).toBe('ABORTED');
    expect(results.slice(8, 14)).toEqual(await Promise.all(asked.map((queries) => grown.context.attend(queries, options))));
    expect(results[14]).toBe('ABORTED');
  });
});
