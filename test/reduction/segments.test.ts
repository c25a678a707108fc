/** Segments of frames: what reduce makes of each segment's patches, with the mean class token before it. */
import { clusterSegments, reduce, type SegmentOptions } from '../../lib/index';
import { blobs } from '../clustering/blobs';
import { describeEachBackend } from '../conformance/backends';

const [FRAMES, PATCHES, WIDTH] = [6, 20, 8];
const DATA = blobs(95, FRAMES * (1 + PATCHES), 7, WIDTH, 0.4);
const FRAMES_OF_A_VIDEO = { data: DATA, dims: [FRAMES, 1 + PATCHES, WIDTH] };

function token(row: number): number[] {
  return [...DATA.subarray(row * WIDTH, (row + 1) * WIDTH)];
}

describeEachBackend('segments', (backend) => {
  test.each<SegmentOptions>([
    { method: 'k-medoids', clusters: 5, segments: 3 },
    { method: 'k-medoids', clusters: 4, segments: 1, distance: 'cosine' },
    { method: 'spectral', clusters: 4, segments: 2, sigma: 1 },
  ])('$method of $segments segments', (options) => {
    const { segments, clusters } = options;
    const { tokens, medoids, source } = clusterSegments(FRAMES_OF_A_VIDEO, { ...options, backend });
    expect(tokens.dims).toEqual([segments, 1 + clusters, WIDTH]);
    const together = FRAMES / segments;
    for (let segment = 0; segment < segments; segment++) {
      const frames = Array.from({ length: together }, (_, i) => segment * together + i);
      const patches = frames.flatMap((frame) => Array.from({ length: PATCHES }, (_, p) => token(frame * (1 + PATCHES) + 1 + p)));
      const { segments: _, ...operator } = options;
      const expected = reduce({ data: Float32Array.from(patches.flat()), dims: [patches.length, WIDTH] }, { ...operator, backend });
      const at = segment * (1 + clusters) * WIDTH;
      expect(tokens.data.subarray(at + WIDTH, at + (1 + clusters) * WIDTH)).toEqual(expected.tokens.data);
      expect(source.subarray(segment * patches.length, (segment + 1) * patches.length)).toEqual(expected.source);
      const own = [...medoids.subarray(segment * clusters, (segment + 1) * clusters)];
      expect(own).toEqual([...own].sort((a, b) => a - b));
      own.forEach((place, c) => expect([...expected.tokens.data.subarray(c * WIDTH, (c + 1) * WIDTH)]).toEqual(patches[place]));
      const classes = frames.map((frame) => token(frame * (1 + PATCHES)));
      for (let k = 0; k < WIDTH; k++) {
        expect(tokens.data[at + k]).toBeCloseTo(classes.reduce((sum, row) => sum + row[k], 0) / together, 5);
      }
    }
  });

  test('what does not fit is refused', () => {
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    const options = { method: 'k-medoids', clusters: 5, segments: 3, backend } as const;
    for (const attempt of [
      () => clusterSegments(FRAMES_OF_A_VIDEO, { ...options, segments: 4 }),
      () => clusterSegments(FRAMES_OF_A_VIDEO, { ...options, clusters: 41 }),
      () => clusterSegments({ data: DATA, dims: [FRAMES * (1 + PATCHES), WIDTH] }, options),
      () => clusterSegments({ data: new Float32Array(8), dims: [1, 1, 8] }, { ...options, segments: 1 }),
      () => clusterSegments(FRAMES_OF_A_VIDEO, { ...options, method: 'tome' as 'k-medoids' }),
      () => clusterSegments({ ...FRAMES_OF_A_VIDEO, data: DATA.map(() => NaN) }, options),
      () => clusterSegments({ ...FRAMES_OF_A_VIDEO, data: DATA.map((value, i) => (i === 3 ? NaN : value)) }, options),
    ])
      expect(attempt).toThrow(refused);
  });
});
