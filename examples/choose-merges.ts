/** How many merges: a table of lengths over a data set, the merges for a reduction, and numbers of merges that a model is adapted with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamicTokenizer, MergeSampler, ReductionTable, Tokenizer } from 'merganser';

const BATCH = 32;

function* batches(): Generator<string[]> {
  const lines = readFileSync(join(__dirname, 'texts', 'newton-opticks.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  for (let start = 0; start < 20 * BATCH; start += BATCH) yield lines.slice(start, start + BATCH);
}

async function main(): Promise<void> {
  using tokenizer = await Tokenizer.forEncoding('gpt2');
  using dynamic = new DynamicTokenizer(tokenizer);
  const table = await ReductionTable.measure(dynamic, batches());
  for (const merges of [0, 10, 20, 40, table.mostMerges]) {
    console.log(
      `${merges} merges: ${table.meanLengths[merges].toFixed(2)} tokens, ${table.reductionAt(merges).toFixed(1)} % of the way to words`,
    );
  }
  const merges = table.mergesFor(30);
  console.log(`30 % take ${merges} merges`);

  const sampler = new MergeSampler(table, { distribution: 'normal', seed: 1 });
  const [texts] = batches();
  const sampled = sampler.take(texts.length);
  const batch = await dynamic.encodeBatch(texts, { merges: sampled, perSample: true });
  console.log(`sampled merges ${sampled.slice(0, 8).join(', ')} …: ${batch.base.values.length} tokens became ${batch.values.length}`);
  if (table.reductionAt(merges) < 30) throw new Error('Expected a reduction of 30 % or more.');
}

void main();
