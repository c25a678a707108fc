/** Data made from the random stream; scripts/python-oracle/random_stream.py makes the same. */
import { RandomStream } from '../../lib/clustering/random';

export function gaussians(seed: number, count: number): Float64Array {
  const random = new RandomStream(seed);
  return Float64Array.from({ length: count }, () => random.gaussian());
}

/** Points around clusters of them, point i around cluster i mod clusters. */
export function blobs(seed: number, count: number, clusters: number, dims: number, deviation: number): Float32Array {
  const centres = gaussians(seed, clusters * dims);
  const noise = gaussians(seed + 1, count * dims);
  return Float32Array.from(noise, (value, i) => centres[(Math.floor(i / dims) % clusters) * dims + (i % dims)] + value * deviation);
}

/** The bits of numbers in half precision, rounded towards zero, and what they stand for. */
export function toBfloat16(values: Float32Array): { bits: Uint16Array; values: Float32Array } {
  const words = new Uint32Array(values.slice().buffer);
  return { bits: Uint16Array.from(words, (word) => word >>> 16), values: new Float32Array(words.map((word) => word & 0xffff0000).buffer) };
}
