import { selectKernels } from '../../lib/backend/select';
import { compactArrays, compactInTurns, type CompactRows } from '../../lib/attention/context/compact-arrays';
import type { ContextStore } from '../../lib/attention/context/context-store';
import { RandomStream } from '../../lib/clustering/random';
import { codeOf } from './contexts';

const kernels = selectKernels('js');
const DIMS = 256;
const ROOM = 410;
const STREAMS = 3;

function storeOf(clusters: number, seed = 1): ContextStore {
  const random = new RandomStream(seed);
  const rows = (): Float32Array => Float32Array.from({ length: STREAMS * ROOM * DIMS }, () => random.gaussian());
  const arrays = { centroids: rows(), valueMeans: rows(), keyVariances: rows(), offsets: new Uint32Array(STREAMS * (ROOM + 1)) };
  return { batch: 1, heads: STREAMS, dims: DIMS, clusterRoom: ROOM, clusters, arrays } as unknown as ContextStore;
}

/** Each number is within half a step of what it was, and the greatest of a row has 127 of them. */
function expectRounded(numbers: Float32Array, { data, scales }: CompactRows, clusters: number): void {
  let worst = 0;
  for (let stream = 0; stream < STREAMS; stream++) {
    for (let row = stream * ROOM; row < stream * ROOM + clusters; row++) {
      let most = 0;
      for (let i = row * DIMS; i < (row + 1) * DIMS; i++) {
        worst = Math.max(worst, Math.abs(data[i] * scales[row] - numbers[i]) / scales[row]);
        most = Math.max(most, Math.abs(data[i]));
      }
      if (most !== 127) throw new Error(`The greatest number of row ${row} is ${most}.`);
    }
  }
  expect(worst).toBeLessThan(0.5001);
}

describe('clusters rounded to eight bits', () => {
  test('in turns, over all streams, and only what is new', async () => {
    const store = storeOf(390);
    await compactInTurns(store, kernels, undefined);
    const before = compactArrays(store, kernels);
    for (const name of ['centroids', 'valueMeans', 'keyVariances'] as const) expectRounded(store.arrays[name], before[name], 390);
    // What is there is not made again, neither in turns nor at once.
    store.arrays.centroids.fill(0, 0, 390 * DIMS);
    const longer = { ...store, clusters: 400 };
    await compactInTurns(longer, kernels, undefined);
    const after = compactArrays(longer, kernels);
    expect(after.centroids.scales[0]).toBeGreaterThan(0);
    for (const name of ['valueMeans', 'keyVariances'] as const) expectRounded(store.arrays[name], after[name], 400);
  });

  test('ends where the signal says so', async () => {
    const controller = new AbortController();
    const work = codeOf(compactInTurns(storeOf(400, 2), kernels, controller.signal));
    controller.abort();
    expect(await work).toBe('ABORTED');
  });
});
