/** Tokens of a grid made from the random stream; scripts/python-oracle/reduction_fixture.py makes the same. */
import { gaussians } from './blobs';

/** A smooth field over a grid, with noise. */
export function field(rows: number, columns: number, dims: number, seed: number, deviation: number): Float32Array {
  return Float32Array.from(gaussians(seed, rows * columns * dims), (noise, i) => {
    const [c, x, y] = [i % dims, Math.floor(i / dims) % columns, Math.floor(i / dims / columns)];
    const wave =
      Math.sin(2 * Math.PI * ((x / columns) * (1 + (c % 4)) + c / dims)) +
      Math.cos(2 * Math.PI * ((y / rows) * (1 + (Math.floor(c / 4) % 4)) - c / dims));
    return wave + noise * deviation;
  });
}

export function meanSquare(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length;
}
