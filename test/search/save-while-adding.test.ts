/** An index is written while vectors come and go: the file holds one state of it, whole. */
import { VectorIndex } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';

const DIMS = 64;

describeEachBackend('saving an index that changes', (backend) => {
  const [few, more] = backend === 'native' ? [6_000, 5_000] : [600, 500];
  const random = new RandomStream(5);
  const vectors = (count: number) => ({
    data: Float32Array.from({ length: count * DIMS }, () => random.next() - 0.5),
    dims: [count, DIMS],
  });

  test('after any number of turns it is the index before or after', async () => {
    for (let turns = 0; turns < 12; turns++) {
      using index = await VectorIndex.build(vectors(few), { kind: 'exact', metric: 'l2', backend });
      const adding = index.add(vectors(more));
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      const saving = index.toBytes();
      const removing = index.remove([0, 1, 2]);
      using saved = await VectorIndex.fromBytes(await saving, { backend });
      expect([few, few + more]).toContain(saved.size);
      await Promise.all([adding, removing]);
      expect(index.size).toBe(few + more - 3);
    }
  }, 60_000);
});
