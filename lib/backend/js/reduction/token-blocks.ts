/** Squared distances among tokens near each other, and of means of them, in TypeScript. */
import type { CellBlocks, CellPlaces, TokenBlocks } from '../../reduction-kernels';
import { greatestMagnitude } from './combinations';

const SIDE = 16;

export function blockSquares(
  { order, offsets, columns }: TokenBlocks,
  values: Float32Array,
  dims: number,
  squares: Float32Array,
  greatest: Float32Array,
): void {
  greatestMagnitude(values, greatest);
  for (let panel = 0; panel + 1 < offsets.length; panel++) {
    for (let block = offsets[panel]; block < offsets[panel + 1]; block++) {
      for (let pair = 0; pair < SIDE * SIDE; pair++) {
        const [left, right] = [panel * SIDE + Math.floor(pair / SIDE), columns[block] * SIDE + (pair % SIDE)];
        if (left >= order.length || right >= order.length) continue;
        let square = 0;
        for (let k = 0, from = order[left] * dims, to = order[right] * dims; k < dims; k++)
          square += (values[from + k] - values[to + k]) ** 2;
        squares[block * SIDE * SIDE + pair] = square;
      }
    }
  }
}

export function meanSquares(
  cells: CellBlocks,
  squares: Float32Array,
  members: CellPlaces,
  shares: Float32Array,
  near: CellPlaces,
  targets: Uint32Array,
  out: Float32Array,
): void {
  for (let cell = 0; cell + 1 < cells.offsets.length; cell++) {
    const [first, last] = [members.offsets[cell], members.offsets[cell + 1]];
    const panels = Math.sqrt(cells.offsets[cell + 1] - cells.offsets[cell]);
    const means = new Float64Array(panels * SIDE);
    let own = 0;
    for (let entry = first; entry < last; entry++) {
      const place = members.places[entry];
      const blocks = cells.offsets[cell] + Math.floor(place / SIDE) * panels;
      for (let panel = 0; panel < panels; panel++) {
        const row = cells.blocks[blocks + panel] * SIDE * SIDE + (place % SIDE) * SIDE;
        for (let lane = 0; lane < SIDE; lane++) means[panel * SIDE + lane] += shares[entry] * squares[row + lane];
      }
    }
    for (let entry = first; entry < last; entry++) own += shares[entry] * means[members.places[entry]];
    for (let entry = near.offsets[cell]; entry < near.offsets[cell + 1]; entry++)
      out[targets[entry]] = Math.max(0, means[near.places[entry]] - own / 2);
  }
}
