/** An index of vectors: built, searched with and without a filter, changed, and kept. */
import { VectorIndex } from 'merganser';

const DIMS = 64;
const COUNT = 5000;

async function main(): Promise<void> {
  const data = Float32Array.from({ length: COUNT * DIMS }, (_, i) => Math.sin(i * i * 0.37));
  using index = await VectorIndex.build({ data, dims: [COUNT, DIMS] }, { metric: 'cosine', recall: 0.95 });
  console.log(`${index.size} vectors in ${index.lists} lists; ${index.probes} of them are searched`);

  const query = data.slice(17 * DIMS, 18 * DIMS);
  const nearest = index.search(query, 3);
  if (nearest.ids[0] !== 17) throw new Error(`Expected vector 17 to be nearest to itself, but got ${nearest.ids[0]}.`);
  const even = index.search(query, 3, { filter: (id) => id % 2 === 0 });
  if (even.ids.some((id) => id % 2 === 1)) throw new Error('Expected even ids.');

  await index.remove([17]);
  using copy = await VectorIndex.fromBytes(await index.toBytes());
  console.log(`without vector 17 the nearest are ${copy.search(query, 3).ids.join(', ')}`);
}

void main();
