/** Runs of k-means that are aborted, watched, or go on beside each other. */
import { kmeans, type KMeansOptions, type KMeansResult, type Vectors } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';
import { blobs } from './blobs';

function vectors(data: Float32Array, dims: number): Vectors {
  return { data, dims: [data.length / dims, dims] };
}

describeEachBackend('runs of k-means', (backend) => {
  /** Points of a run that is still going on when it is interrupted. */
  const LONG_RUN = 10_000;
  const run = (data: Float32Array, dims: number, options: KMeansOptions): Promise<KMeansResult> =>
    kmeans(vectors(data, dims), { backend, ...options });

  test('aborts before and during the run, and tells of its progress', async () => {
    const data = blobs(16, LONG_RUN, 50, 32, 1);
    const aborted = { code: 'ABORTED' };
    await expect(run(data, 32, { clusters: 100, signal: AbortSignal.abort() })).rejects.toMatchObject(aborted);
    const controller = new AbortController();
    const running = run(data, 32, { clusters: LONG_RUN / 10, initialization: 'random', maxIterations: 500, signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(running).rejects.toMatchObject(aborted);
    const heard: number[] = [];
    const slow = new AbortController();
    const reports = run(data, 32, {
      clusters: LONG_RUN / 20,
      initialization: 'random',
      maxIterations: 1000,
      signal: slow.signal,
      onProgress: ({ iteration, objective }) => {
        heard.push(iteration);
        expect(objective).toBeGreaterThan(0);
        if (heard.length === 2) slow.abort();
      },
    });
    // It may be over by then.
    const end = await reports.then(
      () => 'no error',
      ({ code }: { code: string }) => code,
    );
    expect(heard.length > 0 && heard.every((iteration, i) => i === 0 || iteration > heard[i - 1])).toBe(true);
    expect(['ABORTED', 'no error']).toContain(end);
  });

  test('a short run tells of its progress, too', async () => {
    const heard: number[] = [];
    await run(blobs(18, 50, 3, 4, 1), 4, { clusters: 3, onProgress: ({ iteration }) => heard.push(iteration) });
    expect(heard.length).toBeGreaterThan(0);
  });

  test('a signal that is none is refused', async () => {
    const run = kmeans(vectors(new Float32Array(40), 4), { clusters: 2, signal: 5 as unknown as AbortSignal, backend });
    await expect(run).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'Expected signal to be an AbortSignal, but got the number 5.',
    });
  });

  test('several runs at once give what each gives alone', async () => {
    const random = new RandomStream(31);
    const sets = [3, 20, 70].map((dims): Vectors => ({
      data: Float32Array.from({ length: 200 * dims }, () => random.gaussian()),
      dims: [200, dims],
    }));
    const run = (points: Vectors) => kmeans(points, { clusters: 40, maxIterations: 4, backend });
    const together = await Promise.all(sets.map(run));
    for (const [i, points] of sets.entries()) expect(together[i]).toEqual(await run(points));
  });

  test('an error thrown by the listener reaches the caller', async () => {
    const data = blobs(17, LONG_RUN, 50, 32, 1);
    const thrown = new Error('enough');
    await expect(
      run(data, 32, {
        clusters: LONG_RUN / 20,
        initialization: 'random',
        maxIterations: 1000,
        onProgress: () => {
          throw thrown;
        },
      }),
    ).rejects.toBe(thrown);
  });
});
