/** Steps that are prepared once give what `attendSync` gives, whatever becomes of the context meanwhile. */
import { ClusteredContext, type AttendResult, type AttentionTensor, type ContextOptions, type DecodingOptions } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { clusteredKeys, codeOf, gaussianTensor, halves } from './contexts';

/** What stays as it is when the next step comes. */
function copied({ output, logSumExp, kept }: AttendResult): unknown {
  return { ...output, data: output.data.slice(), logSumExp: logSumExp.slice(), kept: { ...kept } };
}

describeEachBackend('decoding steps', (backend) => {
  const build = (options: ContextOptions = {}): Promise<ClusteredContext> =>
    ClusteredContext.build(clusteredKeys(1, [2, 2, 400, 12], 20, 0.4), gaussianTensor(2, [2, 2, 400, 12]), {
      backend,
      recent: 16,
      ...options,
    });
  const asked = (seed: number, heads = 4, length = 1): AttentionTensor => gaussianTensor(seed, [2, heads, length, 12], 2);
  const expectSame = (context: ClusteredContext, options: DecodingOptions, seeds: readonly number[]): void => {
    const steps = context.decodingSteps(options);
    const { queryHeads, queries = 1, type: _, ...rest } = options;
    for (const seed of seeds) {
      const tensor = asked(seed, queryHeads, queries);
      expect(copied(steps.attend(tensor.data))).toEqual(copied(context.attendSync(tensor, rest)));
    }
  };

  test.each<[string, Omit<DecodingOptions, 'queryHeads'>, ContextOptions]>([
    ['a budget', { budget: 0.2 }, {}],
    ['topP, means', { topP: 0.6, estimate: 'mean' }, {}],
    ['a threshold, variances, eight bits', { threshold: 1e-3, estimate: 'variance' }, { lookup: 'int8' }],
    ['several queries, a mask for each', { budget: 40, queries: 3, perTile: 1 }, {}],
    ['one thread', { budget: 40, threads: 1 }, {}],
    ['no clusters', { budget: 1 }, { recent: 400 }],
  ])('the same bits as attendSync: %s', async (_, options, contextOptions) => {
    const context = await build(contextOptions);
    for (const queryHeads of [2, 8]) expectSame(context, { queryHeads, ...options }, [3, 4, 5]);
  });

  test('results are the same arrays, and what was kept is that of the last step', async () => {
    const context = await build();
    const steps = context.decodingSteps({ queryHeads: 4, topP: 0.5 });
    const first = steps.attend(asked(6).data);
    const { output, kept } = first;
    const again = steps.attend(asked(7).data);
    expect(again.output.data).toBe(output.data);
    expect(again.kept).not.toEqual(kept);
    expect(again.kept).toEqual(context.attendSync(asked(7), { topP: 0.5 }).kept);
    expect(again.kept).toBe(again.kept);
  });

  test('queries of half precision', async () => {
    const context = await build();
    const steps = context.decodingSteps({ queryHeads: 4, budget: 0.3, type: 'bfloat16' });
    const tensor = halves(asked(8), 'bfloat16').bits;
    expect(copied(steps.attend(tensor.data as Uint16Array))).toEqual(copied(context.attendSync(tensor, { budget: 0.3 })));
  });

  test('the context grows, in its tail, by clusters, and beyond its room; it is calibrated anew', async () => {
    const context = await build({ coarse: 4 });
    await context.calibrate(asked(9, 4, 30), { sparsity: 0.8 });
    const steps = context.decodingSteps({ queryHeads: 4, estimate: 'mean' });
    for (const [i, more] of [1, 1, 30, 200, 3, 700, 0].entries()) {
      const added = gaussianTensor(20 + i, [2, 2, more, 12]);
      await context.append(added, added);
      expect(copied(steps.attend(asked(30 + i).data))).toEqual(copied(context.attendSync(asked(30 + i), { estimate: 'mean' })));
    }
    await context.calibrate(asked(9, 4, 30), { sparsity: 0.3 });
    expect(copied(steps.attend(asked(40).data))).toEqual(copied(context.attendSync(asked(40), { estimate: 'mean' })));
  });

  test('memory of results that was handed over is replaced', async () => {
    const context = await build();
    const steps = context.decodingSteps({ queryHeads: 4, budget: 0.3 });
    const before = steps.attend(asked(10).data);
    structuredClone(before.output.data, { transfer: [before.output.data.buffer as ArrayBuffer] });
    expect(before.output.data.length).toBe(0);
    const after = steps.attend(asked(10).data);
    expect(after.output.data).toEqual(context.attendSync(asked(10), { budget: 0.3 }).output.data);
    structuredClone(after.logSumExp, { transfer: [after.logSumExp.buffer as ArrayBuffer] });
    expect(steps.attend(asked(10).data).logSumExp).toEqual(context.attendSync(asked(10), { budget: 0.3 }).logSumExp);
  });

  test.each<[string, (context: ClusteredContext) => unknown]>([
    ['no query heads', (context) => context.decodingSteps({ budget: 1 } as DecodingOptions)],
    ['three query heads for two', (context) => context.decodingSteps({ queryHeads: 3, budget: 1 })],
    ['an unknown type', (context) => context.decodingSteps({ queryHeads: 4, budget: 1, type: 'int8' as 'float32' })],
    ['neither threshold nor budget', (context) => context.decodingSteps({ queryHeads: 4 })],
    ['no options', (context) => context.decodingSteps(null as unknown as DecodingOptions)],
    ['too few numbers', (context) => context.decodingSteps({ queryHeads: 4, budget: 1 }).attend(new Float32Array(95))],
    ['halves for float32', (context) => context.decodingSteps({ queryHeads: 4, budget: 1 }).attend(new Uint16Array(96))],
    ['NaN', (context) => context.decodingSteps({ queryHeads: 4, budget: 1 }).attend(new Float32Array(96).fill(NaN))],
    ['products that overflow', (context) => context.decodingSteps({ queryHeads: 4, topP: 0.5 }).attend(new Float32Array(96).fill(3e38))],
  ])('%s is refused', async (_, attempt) => {
    const context = await build();
    expect(await codeOf(Promise.resolve().then(() => attempt(context)))).toBe('INVALID_ARGUMENT');
  });

  test('are of no use once the context is disposed', async () => {
    const context = await build();
    const steps = context.decodingSteps({ queryHeads: 4, budget: 1 });
    context.dispose();
    expect(await codeOf(Promise.resolve().then(() => steps.attend(asked(1).data)))).toBe('DISPOSED');
  });
});
