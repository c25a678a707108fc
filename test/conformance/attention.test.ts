/** The attention kernels against double precision, on every backend. */
import fc from 'fast-check';
import type { HeadRows } from '../../lib/backend/attention-kernels';
import { selectKernels } from '../../lib/backend/select';
import {
  attentionCase,
  caseShape,
  emptyOutput,
  expectClose,
  oneQuery,
  rowNumbers,
  expectedAttention,
  type CaseShape,
} from './attention-cases';
import { describeEachBackend } from './backends';
import { FUZZ_SEED, fuzzRuns } from './fuzz';

/** Nothing outside the rows of the results was written. */
function expectGapsUntouched(rows: HeadRows): void {
  expect(Number.isNaN(rows.data[0]) && Number.isNaN(rows.data[rows.data.length - 1])).toBe(true);
}

describeEachBackend('attention', (backend) => {
  const kernels = selectKernels(backend);

  function check(shape: CaseShape): void {
    const spec = attentionCase(shape);
    if (spec.parts.length === 0) return;
    const to = emptyOutput(spec, shape.valueDims);
    kernels.attend(spec, to);
    // Products of queries and keys are up to about spread × 4 √d, times 1/√d.
    expectClose(spec, to, 10 * shape.spread);
    expectGapsUntouched(to.output);
    expectGapsUntouched(to.logSumExp);
  }

  test('random shapes', () => {
    fc.assert(fc.property(caseShape, check), { seed: FUZZ_SEED, numRuns: fuzzRuns(40) });
  });

  // The addon joins portions of 8,192 keys.
  const many: CaseShape = { ...oneQuery, kvHeads: 1, parts: [{ ...oneQuery.parts[0], length: backend === 'js' ? 500 : 8300 }] };

  test.each(['float32', 'float16', 'bfloat16'] as const)('one query of each head over many %s keys', (type) => {
    check({ ...many, type, dims: 64, valueDims: 80 });
    check({ ...oneQuery, type, group: 1 });
  });

  test('many queries', () => {
    check({ ...oneQuery, group: 2, queryLengths: [70], tile: 70, parts: [{ ...oneQuery.parts[0], length: 300, visible: 'causal' }] });
    check({
      ...oneQuery,
      group: 1,
      queryLengths: [300, 0, 5],
      tile: 64,
      parts: [{ ...oneQuery.parts[0], length: 200, visible: 'causal' }],
    });
  });

  // Tiles of 32 queries, blocks of 256 keys, products of 32 numbers: what they leave over, and what is hidden in them.
  test.each(['float32', 'bfloat16'] as const)('many %s queries over bfloat16 keys', (queryType) => {
    const bfloat16: CaseShape = { ...oneQuery, kvHeads: 1, type: 'bfloat16', queryType };
    const length = backend === 'js' ? 100 : 600;
    for (const visible of ['all', 'causal', 'runs'] as const) {
      for (const [dims, valueDims] of [
        [128, 128],
        [40, 16],
        [1, 256],
        [33, 70],
      ]) {
        check({
          ...bfloat16,
          group: 1,
          dims,
          valueDims,
          queryLengths: [75, 30],
          tile: 80,
          parts: [{ ...oneQuery.parts[0], length, visible }],
        });
      }
    }
    check({
      ...bfloat16,
      group: 8,
      queryLengths: [9],
      tile: 9,
      parts: [{ ...oneQuery.parts[0], length: 257, visible: 'causal', bias: true }],
    });
    // A key that all look at alone, and one that many see beside others: exponents of weights reach from 0 to −∞.
    check({ ...bfloat16, group: 8, queryLengths: [5], tile: 5, spread: 100, parts: [{ ...oneQuery.parts[0], length: 300 }] });
  });

  test('no part, no key, no sequence', () => {
    const spec = attentionCase({ ...oneQuery, parts: [{ ...oneQuery.parts[0], length: 0 }] });
    const to = emptyOutput(spec, 128);
    kernels.attend({ ...spec, parts: [] }, to);
    expectClose(spec, to, 1);
    check({ ...oneQuery, parts: [{ ...oneQuery.parts[0], length: 1 }] });
    check({ ...oneQuery, queryLengths: [0], parts: [{ ...oneQuery.parts[0], length: 9 }] });
  });

  test.each([
    ['float32', 'float32', 4],
    ['float32', 'bfloat16', 40],
    ['bfloat16', 'bfloat16', 40],
  ] as const)('logits of ±10⁴: %s queries, %s keys, %d heads', (queryType, type, group) => {
    const spec = attentionCase({ ...oneQuery, queryType, type, group, parts: [{ ...oneQuery.parts[0], length: 50 }], spread: 3000 });
    const to = emptyOutput(spec, 128);
    kernels.attend(spec, to);
    // The rounding of logits of that size decides between keys that are close; there are none here.
    expectClose(spec, to, 100);
  });

  test('any number of threads gives the same bits, now or later', async () => {
    // A hundred queries over few keys are divided among threads, into 96 and 4, five hundred where no tile ends.
    for (const [group, type] of [
      [1, 'float32'],
      [4, 'float32'],
      [24, 'float32'],
      [100, 'float32'],
      [100, 'bfloat16'],
      [500, 'bfloat16'],
    ] as const) {
      const spec = attentionCase({
        ...many,
        ...{ group, type, queryType: type },
        parts: [...(group < 100 ? many.parts : []), { ...oneQuery.parts[0], length: 40, visible: 'causal' }],
      });
      const [first, second, third] = [0, 1, 2].map(() => emptyOutput(spec, 128));
      kernels.attend({ ...spec, threads: 1 }, first);
      kernels.attend({ ...spec, threads: 2 }, second);
      const told: number[] = [];
      await kernels.attendAsync({ ...spec, threads: 3 }, third, { onProgress: (done) => told.push(done) });
      for (const other of [second, third]) {
        expect(other.output.data).toEqual(first.output.data);
        expect(other.logSumExp.data).toEqual(first.logSumExp.data);
      }
      expect(told.every((done) => done >= 0 && done <= 1)).toBe(true);
    }
  });

  test('aborting', async () => {
    const spec = attentionCase(oneQuery);
    await expect(kernels.attendAsync(spec, emptyOutput(spec, 128), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });

  test('merging parts gives attention over all of them', () => {
    const spec = attentionCase({ ...oneQuery, kvHeads: 1, parts: [80, 0, 33].map((length) => ({ ...oneQuery.parts[0], length })) });
    const each = spec.parts.map((part) => {
      const to = emptyOutput(spec, 128);
      kernels.attend({ ...spec, parts: [part] }, to);
      const heads = Array.from({ length: 4 }, (_, head) => head);
      return {
        output: Float32Array.from(heads.flatMap((head) => rowNumbers(to.output, 0, head, 0))),
        logSumExp: Float32Array.from(heads.flatMap((head) => rowNumbers(to.logSumExp, 0, head, 0))),
      };
    });
    const output = new Float32Array(4 * 128);
    const logSumExp = new Float32Array(4);
    kernels.mergeAttention(
      each.map((one) => one.output),
      each.map((one) => one.logSumExp),
      128,
      output,
      logSumExp,
    );
    expectedAttention(spec)[0].forEach(([expected], head) => {
      expected.output.forEach((number, dim) => expect(output[head * 128 + dim]).toBeCloseTo(number, 5));
      expect(logSumExp[head]).toBeCloseTo(expected.logSumExp, 5);
    });
  });
});
