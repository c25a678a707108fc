/** Sparse attention over a clustered context: build, calibrate, attend, grow, save. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AttentionTensor, ClusteredContext } from 'merganser';

const [HEADS, QUERY_HEADS, LENGTH, D] = [2, 4, 4096, 32];

// Stands for a model's keys and values: keys around 200 centres, with a value for each centre.
let state = 1;
const noise = (): number => {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return sum;
};
const tensor = (heads: number, rows: number, number: (i: number) => number): AttentionTensor => ({
  data: Float32Array.from({ length: heads * rows * D }, (_, i) => number(i)),
  dims: [1, heads, rows, D],
});
const centres = tensor(1, 200, noise).data;
const meanings = tensor(1, 200, noise).data;
const at = (table: ArrayLike<number>, i: number): number => table[((Math.floor(i / D) * 7919) % 200) * D + (i % D)];
const keys = tensor(HEADS, LENGTH, (i) => at(centres, i) + 0.5 * noise());
const values = tensor(HEADS, LENGTH, (i) => at(meanings, i) + 0.5 * noise());
const queries = tensor(QUERY_HEADS, 8, (i) => 1.5 * at(centres, i) + 0.3 * noise());

async function main(): Promise<void> {
  const context = await ClusteredContext.build(keys, values, { clusters: 0.05, seed: 1 });
  console.log(`${context.length} keys in ${context.clusterCount} clusters for each of ${context.heads} heads`);

  const dense = await context.attend(queries, { topP: 1 });
  const errorOf = (output: ArrayLike<number>): number => {
    const exact = dense.output.data;
    return Math.hypot(...exact.map((x, i) => x - output[i])) / Math.hypot(...exact);
  };
  for (const estimate of ['none', 'mean', 'variance'] as const) {
    const { output, kept } = await context.attend(queries, { budget: 0.05, estimate, perTile: 1 });
    console.log(
      `${(100 * kept.fraction).toFixed(1)} % of the keys, estimate: ${estimate}: relative error ${errorOf(output.data).toFixed(3)}`,
    );
  }

  // As the paper has it: one threshold, found with the context's own queries.
  const { fine } = await context.calibrate(queries, { sparsity: 0.9 });
  const { kept } = await context.attend(queries);
  console.log(`threshold ${fine[0].toExponential(1)}: ${(100 * kept.fraction).toFixed(1)} % of the keys are kept`);

  // Decoding: the same call for each token, prepared once.
  const steps = context.decodingSteps({ queryHeads: QUERY_HEADS, estimate: 'mean' });
  const one = { data: queries.data.slice(0, QUERY_HEADS * D), dims: [1, QUERY_HEADS, 1, D] } as const;
  const step = steps.attend(one.data);
  const same = context.attendSync(one, { estimate: 'mean' });
  if (!step.output.data.every((x, i) => x === same.output.data[i])) throw new Error('a step differs from attendSync');
  console.log(`a decoding step keeps ${(100 * step.kept.fraction).toFixed(1)} % of the keys`);

  // The user's own tokens come behind the context, and see each other causally.
  const added = { newKeys: tensor(HEADS, 8, noise), newValues: tensor(HEADS, 8, noise) };
  console.log('with new tokens:', (await context.attend(queries, added)).output.dims.join(' × '));
  await context.append(added.newKeys, added.newValues);
  console.log(`grown to ${context.length} keys`);

  const folder = mkdtempSync(join(tmpdir(), 'merganser-'));
  await context.save(join(folder, 'layer-0.context'));
  const loaded = await ClusteredContext.load(join(folder, 'layer-0.context'), { map: true });
  const [before, after] = [await context.attend(queries), await loaded.attend(queries)];
  if (!before.output.data.every((x, i) => x === after.output.data[i])) throw new Error('the loaded context attends otherwise');
  console.log('saved, mapped and the same');
  loaded.dispose();
  rmSync(folder, { recursive: true });
}

void main();
