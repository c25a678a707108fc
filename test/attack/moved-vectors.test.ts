/** Arrays of numbers are given away while threads work on them: the result of what was there, or an error, never a read of memory that is gone. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  agglomerateAsync,
  assignToCentroids,
  cascadeAsync,
  centroidScores,
  ClusteredContext,
  clusterSegmentsAsync,
  compareLabelsAsync,
  daviesBouldinAsync,
  FiniteScalarQuantizer,
  fitPositionalSubspace,
  flashAttention,
  kmeans,
  LatentPooling,
  KMeansQuantizer,
  maxSimAsync,
  NearestCentroid,
  nestedClusters,
  poolEmbeddingsAsync,
  poolSequences,
  poolVectorsAsync,
  ProductQuantizer,
  reduce,
  reduceAsync,
  ResidualQuantizer,
  silhouetteAsync,
  silhouetteOfDistancesAsync,
  sinkhornAsync,
  sparseAttention,
  spectralClusters,
  subspaceClusters,
  VectorIndex,
  type LatentPoolingWeights,
} from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { RandomStream } from '../../lib/clustering/random';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const REFUSED = { name: 'MerganserError', code: 'INVALID_ARGUMENT' };
const WIDTH = 64;

type Numbers = Float32Array | Float64Array | Uint32Array | Int32Array | Uint8Array;

/** Where it goes, nobody holds it, and what was freed is used for something else. */
function giveAway(arrays: readonly Numbers[]): void {
  for (const { buffer } of arrays) if (buffer.byteLength > 0) structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  collectGarbage();
  new Uint8Array(1 << 22).fill(0xff);
}

async function settled(promise: Promise<unknown>): Promise<{ readonly value?: unknown; readonly error?: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

describeEachBackend('arrays that are given away', (backend) => {
  // Large enough that memory goes back to the system, and a read of it ends the process.
  const rows = backend === 'native' ? 6_000 : 600;
  const few = backend === 'native' ? 300 : 60;
  const random = new RandomStream(3);
  const floats = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.next() - 0.5);
  const cloud = floats(rows * WIDTH);
  const distances = Float64Array.from({ length: few * few }, (_, i) => {
    const [a, b] = [Math.floor(i / few), i % few];
    return a === b ? 0 : 1 + ((a + b) % 17) / 17;
  });
  const condensed = Float64Array.from({ length: (few * (few - 1)) / 2 }, () => 1 + random.next());
  const labels = Uint32Array.from({ length: rows }, (_, i) => i % 5);

  /** What the arrays of a call are, and the call. */
  type Call = readonly [arrays: Numbers[], run: () => Promise<unknown>];
  const points = (data: Float32Array) => ({ data, dims: [data.length / WIDTH, WIDTH] });
  const attention = (data: Float32Array, length: number) => ({ data, dims: [1, 2, length, WIDTH] });
  const one = (data: Float32Array, run: (data: Float32Array) => Promise<unknown>): Call => [[data], () => run(data)];

  const CALLS: Record<string, () => Call> = {
    kmeans: () => one(cloud.slice(), (data) => kmeans(points(data), { clusters: 40, maxIterations: 3, backend })),
    'kmeans, spherical, mini-batches': () =>
      one(cloud.slice(), (data) =>
        kmeans(points(data), { clusters: 40, algorithm: 'mini-batch', maxIterations: 3, spherical: true, backend }),
      ),
    'kmeans, two levels': () => one(cloud.slice(), (data) => kmeans(points(data), { clusters: 40, levels: 2, maxIterations: 2, backend })),
    'kmeans, sizes': () =>
      one(cloud.slice(), (data) => kmeans(points(data), { clusters: 4, maxClusterSize: Math.ceil(rows / 3), maxIterations: 2, backend })),
    assignToCentroids: () => {
      const [data, centroids] = [cloud.slice(), cloud.slice(0, 50 * WIDTH)];
      return [[data, centroids], () => assignToCentroids(points(data), points(centroids), { backend })];
    },
    maxSim: () => {
      const [queries, documents, offsets, mask] = [
        cloud.slice(0, 32 * WIDTH),
        cloud.slice(),
        Uint32Array.of(0, 10, rows),
        new Uint8Array(rows).fill(1),
      ];
      const asked = { ...points(queries), offsets: Uint32Array.of(0, 32) };
      return [[queries, documents, offsets, mask], () => maxSimAsync(asked, { ...points(documents), offsets, mask }, { backend })];
    },
    reduce: () => {
      const [data, metric] = [cloud.slice(0, 8 * few * WIDTH), cloud.slice(0, 8 * few * WIDTH)];
      const dims = [8, few, WIDTH];
      return [[data, metric], () => reduceAsync({ data, dims }, { method: 'tome', ratio: 0.4, metric: { data: metric, dims }, backend })];
    },
    'reduce, density peaks': () =>
      one(cloud.slice(0, 8 * few * WIDTH), (data) =>
        reduceAsync({ data, dims: [8, few, WIDTH] }, { method: 'dpc-knn', clusters: 20, backend }),
      ),
    cascade: () =>
      one(cloud.slice(), (data) =>
        cascadeAsync({ data, dims: [rows, WIDTH] }, [
          { method: 'tome', ratio: 0.5, backend },
          { method: 'tome', ratio: 0.5, backend },
        ]).then(({ tokens }) => tokens.data),
      ),
    'cascade, metric': () => {
      const metric = cloud.slice();
      return one(metric, (data) =>
        cascadeAsync({ data: cloud, dims: [rows, WIDTH] }, [
          { method: 'tome', ratio: 0.5, metric: { data, dims: [rows, WIDTH] }, backend },
        ]).then(({ tokens }) => tokens.data),
      );
    },
    'merge and unmerge': () => {
      const reduction = reduce({ data: cloud, dims: [rows, WIDTH] }, { method: 'tome', ratio: 0.5, backend });
      return one(cloud.slice(), async (data) => reduction.unmergeAsync(await reduction.mergeAsync(data)));
    },
    agglomerate: () => {
      const data = condensed.slice();
      return [[data], () => agglomerateAsync(data, 'ward', { backend })];
    },
    silhouetteOfDistances: () => {
      const data = distances.slice();
      return [[data], () => silhouetteOfDistancesAsync(data, labels.subarray(0, few), { backend })];
    },
    silhouette: () => one(cloud.slice(0, few * WIDTH), (data) => silhouetteAsync(points(data), labels.subarray(0, few), { backend })),
    poolVectors: () => one(cloud.slice(0, few * WIDTH), (data) => poolVectorsAsync(points(data), { factor: 3, backend })),
    poolSequences: () => {
      const data = cloud.slice();
      return [
        [data],
        () =>
          poolSequences(
            { ...points(data), offsets: Uint32Array.of(0, rows / 2, rows) },
            { method: 'k-means', keep: 20, maxIterations: 2, backend },
          ),
      ];
    },
    spectral: () => {
      const data = Float32Array.from(distances, (distance) => Math.exp(-distance));
      return [[data], () => spectralClusters({ data, dims: [few, few] }, { clusters: 4, backend })];
    },
    clusterSegments: () =>
      one(cloud.slice(0, 40 * 10 * WIDTH), (data) =>
        clusterSegmentsAsync({ data, dims: [40, 10, WIDTH] }, { segments: 4, clusters: 20, method: 'k-medoids', backend }),
      ),
    subspace: () => one(cloud.slice(0, few * WIDTH), (data) => subspaceClusters(points(data), { clusters: 3, backend })),
    daviesBouldin: () => one(cloud.slice(), (data) => daviesBouldinAsync(points(data), labels)),
    compareLabels: () => {
      const classes = Uint32Array.from({ length: 400_000 }, (_, i) => i % 7);
      return [[classes], () => compareLabelsAsync(classes, new Uint32Array(400_000).fill(1).fill(2, 300))];
    },
    sinkhorn: () => one(cloud.slice(), (data) => sinkhornAsync(data, WIDTH)),
    poolEmbeddings: () =>
      one(cloud.slice(), (data) =>
        poolEmbeddingsAsync({ data, dims: [rows / 6, 6, WIDTH] }, new Uint8Array(rows).fill(1), { method: 'mean' }),
      ),
    flashAttention: () => {
      const length = rows / 2;
      const [queries, keys, values] = [cloud.slice(0, 2 * 64 * WIDTH), cloud.slice(), cloud.slice()];
      return [
        [queries, keys, values],
        () => flashAttention(attention(queries, 64), attention(keys, length), attention(values, length), { backend }),
      ];
    },
    sparseAttention: () => {
      const length = rows / 2;
      const [queries, keys, values] = [cloud.slice(0, 2 * 64 * WIDTH), cloud.slice(), cloud.slice()];
      const indices = Int32Array.from({ length: 2 * length }, (_, i) => i % length);
      const offsets = Uint32Array.of(0, length, 2 * length);
      return [
        [queries, keys, values, indices, offsets],
        () =>
          sparseAttention(attention(queries, 64), attention(keys, length), attention(values, length), { indices, offsets }, { backend }),
      ];
    },
    centroidScores: () => {
      const [queries, centroids] = [cloud.slice(0, 2 * few * WIDTH), cloud.slice(0, 2 * few * WIDTH)];
      return [
        [queries, centroids],
        () => centroidScores(attention(queries, few), attention(centroids, few), new Uint32Array(2 * few).fill(3), { backend }),
      ];
    },
  };

  const check = async (call: () => Call, turns: number): Promise<void> => {
    const expected = await call()[1]();
    const [arrays, run] = call();
    const work = settled(run());
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    giveAway(arrays);
    const { value, error } = await work;
    if (error !== undefined) expect(error).toMatchObject(REFUSED);
    // Pure JavaScript reads what is gone as NaN.
    else if (backend === 'native') expect(JSON.stringify(value)).toBe(JSON.stringify(expected));
  };

  test.each(Object.keys(CALLS))(
    '%s',
    async (name) => {
      for (const turns of [0, 2]) await check(CALLS[name], turns);
    },
    120_000,
  );

  test('quantizers: vectors, codes and codebooks', async () => {
    const options = { codebookSize: 16, maxIterations: 2, backend };
    const quantizers = [
      await KMeansQuantizer.train(points(cloud), options),
      await ResidualQuantizer.train(points(cloud), { ...options, codebooks: 2, beam: 3 }),
      await ProductQuantizer.train(points(cloud), { ...options, parts: 4 }),
    ];
    for (const quantizer of quantizers) {
      const codes = await quantizer.encode(points(cloud), { backend });
      await check(() => one(cloud.slice(), (data) => quantizer.encode(points(data), { backend })), 0);
      await check(() => {
        const data = codes.data.slice();
        return [[data], () => quantizer.decode({ ...codes, data }, { backend })];
      }, 0);
      const work = settled(quantizer.encode(points(cloud), { backend }));
      giveAway(quantizer.codebooks.map(({ data }) => data));
      await work;
      expect(await settled(quantizer.encode(points(cloud), { backend }))).toHaveProperty('error');
    }
    const scalar = new FiniteScalarQuantizer(new Array<number>(16).fill(2));
    const narrow = (data: Float32Array) => ({ data, dims: [data.length / 16, 16] });
    const many = floats(rows * 16 * 8);
    const codes = await scalar.encode(narrow(many), { backend });
    for (const turns of [0, 2]) {
      await check(() => one(many.slice(), (data) => scalar.encode(narrow(data), { backend })), turns);
      await check(() => {
        const data = codes.data.slice();
        return [[data], () => scalar.decode({ ...codes, data }, { backend })];
      }, turns);
      for (const train of [
        (data: Float32Array) => ResidualQuantizer.train(points(data), { ...options, codebooks: 2 }),
        (data: Float32Array) => ProductQuantizer.train(points(data), { ...options, parts: 4 }),
      ]) {
        await check(() => one(cloud.slice(), (data) => train(data).then(({ codebooks }) => codebooks)), turns);
      }
    }
  }, 120_000);

  test('a vector index: vectors, queries, and vectors to score once more by', async () => {
    await check(() => {
      const data = cloud.slice();
      return one(data, async () => {
        const index = await VectorIndex.build(points(data), { lists: 20, backend });
        return index.search(cloud.subarray(0, WIDTH), 5).ids.length;
      });
    }, 1);
    const exact = cloud.slice();
    const index = await VectorIndex.build(points(cloud), { lists: 20, metric: 'l2', storage: 'int8', rescore: points(exact), backend });
    const expected = index.search(cloud.subarray(0, WIDTH), 5);
    await check(() => one(cloud.slice(0, 50 * WIDTH), (data) => index.searchAsync(points(data), 5)), 0);
    const work = settled(index.searchAsync(points(cloud.slice(0, 50 * WIDTH)), 5));
    giveAway([exact]);
    await work;
    expect(index.search(cloud.subarray(0, WIDTH), 5)).toEqual(expected);
  }, 120_000);

  test('a context of keys: keys and values, queries, new keys', async () => {
    const length = rows / 4;
    const [keys, values] = [cloud.slice(0, 2 * length * WIDTH), cloud.slice(0, 2 * length * WIDTH)];
    const context = await ClusteredContext.build(attention(cloud.slice(0, 2 * length * WIDTH), length), attention(values.slice(), length), {
      clusters: 0.05,
      backend,
    });
    for (const turns of [0, 1, 2, 3, 5, 8]) {
      for (const which of [0, 1]) {
        const given = [keys.slice(), values.slice()];
        const build = settled(
          ClusteredContext.build(attention(given[0], length), attention(given[1], length), { clusters: 0.05, backend }),
        );
        for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
        giveAway([given[which]]);
        const { value, error } = await build;
        if (error !== undefined) expect(error).toMatchObject(REFUSED);
        else expect(await (value as ClusteredContext).toBytes()).toEqual(await context.toBytes());
      }
    }
    await check(
      () =>
        one(cloud.slice(0, 2 * 200 * WIDTH), (data) => context.attend(attention(data, 200), { budget: 0.2 }).then(({ output }) => output)),
      0,
    );
    const more = [cloud.slice(0, 2 * 100 * WIDTH), cloud.slice(0, 2 * 100 * WIDTH)];
    const append = settled(context.append(attention(more[0], 100), attention(more[1], 100)));
    giveAway(more);
    await append;
    expect(context.attendSync(attention(cloud.slice(0, 2 * WIDTH), 1), { budget: 0.2 }).output.data.every(Number.isFinite)).toBe(true);
  }, 120_000);

  test('latent pooling: weights and states', async () => {
    const [latents, heads] = [4, 2];
    const layer = (outputs: number, inputs: number) => ({ weight: floats(outputs * inputs), bias: floats(outputs) });
    const norm = () => ({ weight: floats(WIDTH), bias: floats(WIDTH) });
    const weights = (): LatentPoolingWeights => ({
      heads,
      latents: { data: floats(latents * WIDTH), dims: [latents, WIDTH] },
      latentNorm: norm(),
      contextNorm: norm(),
      query: layer(WIDTH, WIDTH),
      keyValue: layer(2 * WIDTH, WIDTH),
      output: layer(WIDTH, WIDTH),
      feedForwardNorm: norm(),
      expand: layer(8 * WIDTH, WIDTH),
      contract: layer(WIDTH, 4 * WIDTH),
    });
    const arraysOf = (value: unknown): Float32Array[] =>
      value instanceof Float32Array ? [value] : typeof value === 'object' ? Object.values(value!).flatMap(arraysOf) : [];
    const copied = (value: unknown): unknown => {
      if (value instanceof Float32Array || Array.isArray(value)) return value.slice();
      return typeof value === 'object' ? Object.fromEntries(Object.entries(value!).map(([key, each]) => [key, copied(each)])) : value;
    };
    const copy = (value: LatentPoolingWeights): LatentPoolingWeights => copied(value) as LatentPoolingWeights;
    const given = weights();
    const states = { data: cloud.slice(0, 8 * few * WIDTH), dims: [8, few, WIDTH] };
    const mask = new Uint8Array(8 * few).fill(1);
    for (const turns of [0, 1, 3, 10]) {
      await check(() => {
        const own = copy(given);
        return [arraysOf(own), () => new LatentPooling(own).pool(states, mask, { backend }).then(({ data }) => data)];
      }, turns);
      const pooling = new LatentPooling(given);
      await check(
        () => one(states.data.slice(), (data) => pooling.pool({ ...states, data }, mask, { backend }).then((found) => found.data)),
        turns,
      );
      await check(
        () =>
          one(states.data.slice(), (data) =>
            poolEmbeddingsAsync({ ...states, data }, mask, { method: 'mean' }).then((found) => found.data),
          ),
        turns,
      );
    }
    // What was copied once is there to stay.
    const own = copy(given);
    const pooling = new LatentPooling(own);
    const expected = await pooling.pool(states, mask, { backend });
    giveAway(arraysOf(own));
    expect(await pooling.pool(states, mask, { backend })).toEqual(expected);
  }, 120_000);

  test('in turns on this thread: balancing, nested clusters, what features tell of their place', async () => {
    const [grid, features] = [[10, 6] as const, 60 * Math.floor(rows / 60) * WIDTH];
    for (const turns of [0, 1, 3, 6]) {
      await check(() => one(cloud.slice(), (data) => sinkhornAsync(data, WIDTH)), turns);
      await check(
        () =>
          one(cloud.slice(0, few * WIDTH), (data) =>
            nestedClusters(points(data), { clusters: 16, backend }).then((levels) => levels.map(({ labels }) => labels)),
          ),
        turns,
      );
      await check(
        () =>
          one(cloud.slice(0, features), (data) =>
            fitPositionalSubspace(points(data), { grid, rounds: 2, tolerance: 0, backend }).then(({ directions }) => directions.data),
          ),
        turns,
      );
      const subspace = await fitPositionalSubspace(points(cloud.subarray(0, features)), { grid, rounds: 2, tolerance: 0, backend });
      await check(() => one(cloud.slice(), (data) => subspace.removeAsync(points(data)).then((left) => left.data)), turns);
    }
  }, 120_000);

  test('a classifier: vectors', async () => {
    await check(
      () =>
        one(cloud.slice(), (data) =>
          NearestCentroid.fit(points(data), labels, { centroidsPerClass: 3, backend }).then((model) => model.classes.length),
        ),
      1,
    );
    const model = await NearestCentroid.fit(points(cloud), labels, { backend });
    await check(() => one(cloud.slice(), (data) => model.predict(points(data))), 0);
    await check(() => one(cloud.slice(), (data) => model.distances(points(data))), 1);
  }, 120_000);
});
