/** Frames of a video in segments, each with a few of its tokens (Zhao et al. 2022, CenterCLIP). */
import { describeShape, isShape, objectOf } from '../arguments';
import { plainTokens } from './checks';
import { invalidArgument, unexpected } from '../errors';
import { selectKernels } from '../backend/select';
import { runSteps, runStepsInBackground, type Steps } from '../clustering/steps';
import { ownTokens } from './own-tokens';
import { reducing, type ReductionControl } from './reduce';
import type { KMedoidsOptions, SpectralMedoidsOptions, TokenBatch } from './types';

/** `clusters`: tokens that each segment keeps. */
export type SegmentOptions = { readonly segments: number } & (
  Omit<KMedoidsOptions, 'size' | 'positions'> | Omit<SpectralMedoidsOptions, 'size' | 'positions'>
);

export interface SegmentedFrames {
  /** For each segment its class token and then its medoids, [segments, 1 + clusters, length]. */
  readonly tokens: { readonly type: 'float32'; readonly data: Float32Array; readonly dims: readonly [number, number, number] };
  /** For each segment the places of its medoids among its patches, ascending: frame by frame, patch by patch. [segments, clusters]. */
  readonly medoids: Uint32Array;
  /** For each patch the medoid of its segment that it went to. */
  readonly source: Uint32Array;
}

/**
 * Takes frames together: `frames` are [frames, 1 + patches, length], each with its class token first; their number is a multiple of `segments`. A segment's class
 * token is the mean of its frames'; its patches are clustered as {@link reduce} does, and those that stand for the others remain, in order. Throws INVALID_ARGUMENT.
 */
export function clusterSegments(frames: TokenBatch, options: SegmentOptions): SegmentedFrames {
  return runSteps(clustering(frames, options), selectKernels(objectOf(options, 'options').backend));
}

/** The same in the background, as {@link reduceAsync} does it. `onProgress`: how many of the segments have been decided on. */
export async function clusterSegmentsAsync(
  frames: TokenBatch,
  options: SegmentOptions,
  control: ReductionControl = {},
): Promise<SegmentedFrames> {
  const { signal, onProgress } = objectOf(control, 'control');
  const kernels = selectKernels(objectOf(options, 'options').backend);
  const own = await ownTokens(frames, 'frames', signal);
  return runStepsInBackground(clustering(own, options, onProgress), kernels, signal);
}

function* clustering(frames: TokenBatch, options: SegmentOptions, onProgress?: ReductionControl['onProgress']): Steps<SegmentedFrames> {
  const { segments, ...operator } = options;
  const { dims: given, data } = plainTokens(frames, 'frames');
  const dims = Array.isArray(given) ? (given as readonly number[]).slice(0, 4) : given;
  if (!isShape(dims, [3], 1) || dims[0] * dims[1] * dims[2] !== data.length || dims[1] < 2)
    throw unexpected('frames.dims', `[frames, 1 + patches, length] of ${data.length} numbers`, describeShape(dims));
  const [count, perFrame, width] = dims;
  if (!Number.isInteger(segments) || segments < 1 || count % segments !== 0)
    throw invalidArgument('segments', `a divisor of the ${count} frames`, segments);
  if (operator.method !== 'k-medoids' && operator.method !== 'spectral')
    throw invalidArgument('method', '"k-medoids" or "spectral"', (operator as { method: unknown }).method);
  const together = count / segments;
  const patches = together * (perFrame - 1);
  const batch = { data: patchesOf(data, perFrame, width), dims: [segments, patches, width] };
  const { merge, source } = yield* reducing(batch, operator, onProgress);
  const places = Float32Array.from({ length: segments * patches }, (_, i) => i % patches);
  const medoids = Uint32Array.from(merge(places));
  const { clusters } = operator;
  const out = new Float32Array(segments * (1 + clusters) * width);
  for (let segment = 0; segment < segments; segment++) {
    const at = segment * (1 + clusters) * width;
    meanOfClassTokens(out.subarray(at, at + width), data, segment * together, together, perFrame);
    for (let c = 0; c < clusters; c++) {
      const place = medoids[segment * clusters + c];
      const frame = segment * together + Math.floor(place / (perFrame - 1));
      const from = (frame * perFrame + 1 + (place % (perFrame - 1))) * width;
      out.set(data.subarray(from, from + width), at + (1 + c) * width);
    }
  }
  return { tokens: { type: 'float32', data: out, dims: [segments, 1 + clusters, width] }, medoids, source };
}

/** All tokens but the first of each frame. */
function patchesOf(data: Float32Array, perFrame: number, width: number): Float32Array {
  const frames = data.length / perFrame / width;
  const length = (perFrame - 1) * width;
  const out = new Float32Array(frames * length);
  for (let frame = 0; frame < frames; frame++) {
    const from = (frame * perFrame + 1) * width;
    out.set(data.subarray(from, from + length), frame * length);
  }
  return out;
}

function meanOfClassTokens(out: Float32Array, data: Float32Array, first: number, frames: number, perFrame: number): void {
  for (let k = 0; k < out.length; k++) {
    let sum = 0;
    for (let frame = first; frame < first + frames; frame++) {
      const number = data[frame * perFrame * out.length + k];
      if (!(Math.abs(number) < 1e18))
        throw unexpected('frames', 'finite numbers below 1e18', `${number} in the class token of frame ${frame}`);
      sum += number;
    }
    out[k] = sum / frames;
  }
}
