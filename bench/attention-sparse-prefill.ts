/**
 * A user's tokens over a clustered context: all of them as queries, causal among themselves, with a threshold that keeps a tenth of the context's keys, beside dense attention over
 * the same keys. Lookup, selection and all that JavaScript does is in the times. One head is clustered and stands for all.
 */
import { ClusteredContext, flashAttentionSync, type AttentionTensor } from '../lib/index';
import { mixture } from './attention-data';
import { asType, repeated } from './attention-sparse';
import { DIMS, type Shape } from './attention-peers';
import { median } from './measure';

export interface SparsePrefillOptions {
  readonly types: readonly Shape['type'][];
  readonly keys: number;
  readonly tokenCounts: readonly number[];
  readonly threadCounts: readonly number[];
  readonly runs: number;
}

const HEADS = 2;
const SPARSITY = 0.9;
const ESTIMATES = ['none', 'mean', 'variance'] as const;

function manyHeads({ data, type }: AttentionTensor, rows: number): AttentionTensor {
  return { type, data: repeated(data, HEADS), dims: [1, HEADS, rows, DIMS] };
}

/** Rows of one head, and behind them others of the same type. */
function joined(first: AttentionTensor, second: AttentionTensor): AttentionTensor {
  const rows = (first.data.length + second.data.length) / HEADS / DIMS;
  const data = first.type === 'float32' ? new Float32Array(rows * HEADS * DIMS) : new Uint16Array(rows * HEADS * DIMS);
  for (let head = 0; head < HEADS; head++) {
    for (const [at, { data: from }] of [[0, first] as const, [first.data.length / HEADS, second] as const]) {
      const length = from.length / HEADS;
      data.set(from.subarray(head * length, (head + 1) * length), head * rows * DIMS + at);
    }
  }
  return { type: first.type, data, dims: [1, HEADS, rows, DIMS] };
}

export async function sparsePrefillTable({ types, keys: length, tokenCounts, threadCounts, runs }: SparsePrefillOptions): Promise<void> {
  const most = Math.max(...tokenCounts);
  // The tokens' own keys are some of the context's, for want of better ones.
  const { keys, values, queries } = mixture(length, 1, most);
  console.log(
    '\n| type, user tokens × keys | threads | estimate | kept | dense ms | sparse ms | dense / sparse |\n|---|---:|---|---:|---:|---:|---:|',
  );
  for (const type of types) {
    const [allKeys, allValues] = [manyHeads(asType(keys, type), length), manyHeads(asType(values, type), length)];
    const context = await ClusteredContext.build(allKeys, allValues, { lookup: 'int8' });
    for (const tokens of tokenCounts) {
      const some = ({ data }: AttentionTensor): AttentionTensor => {
        const own: AttentionTensor = { type: 'float32', data: (data as Float32Array).slice(0, tokens * DIMS), dims: [1, 1, tokens, DIMS] };
        return own;
      };
      const asked = manyHeads(some(queries), tokens);
      const newKeys = manyHeads(asType(some(keys), type), tokens);
      const newValues = manyHeads(asType(some(values), type), tokens);
      const [denseKeys, denseValues] = [joined(allKeys, newKeys), joined(allValues, newValues)];
      const threshold = (await context.calibrate(asked, { sparsity: SPARSITY })).fine[0];
      for (const threads of threadCounts) {
        const times: number[][] = [[], [], [], []];
        let kept = 0;
        for (let run = 0; run <= runs; run++) {
          const timed = (at: number, step: () => void): void => {
            const start = performance.now();
            step();
            if (run > 0) times[at].push(performance.now() - start);
          };
          timed(0, () => flashAttentionSync(asked, denseKeys, denseValues, { causal: true, threads }));
          for (const [i, estimate] of ESTIMATES.entries())
            timed(i + 1, () => (kept = context.attendSync(asked, { newKeys, newValues, threshold, estimate, threads }).kept.fraction));
        }
        const [dense, ...sparse] = times.map(median);
        for (const [i, estimate] of ESTIMATES.entries()) {
          const cells = [`${type}, ${tokens} × ${length}`, threads, estimate, `${(100 * kept).toFixed(1)} %`];
          console.log(`| ${[...cells, dense.toFixed(0), sparse[i].toFixed(0), (dense / sparse[i]).toFixed(2)].join(' | ')} |`);
        }
      }
    }
  }
}
