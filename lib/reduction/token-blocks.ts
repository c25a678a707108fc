/** Which pairs of tokens matter where cells are means of tokens near them on a grid: those with a cell in common, in blocks of sixteen by sixteen. */
import type { CellBlocks, CellPlaces, TokenBlocks } from '../backend/reduction-kernels';
import type { TwoWayPattern } from './sparse-weights';

export interface NearTokens {
  readonly tokens: TokenBlocks;
  readonly cells: CellBlocks;
  /** Where the entries of both patterns' `byCell` stand. */
  readonly pooling: CellPlaces;
  readonly near: CellPlaces;
  /** Room for the squared distances of the pairs. */
  readonly squares: Float32Array;
}

/** Tokens of a panel. */
const SIDE = 16;
/** Sixteen tokens of a square: their windows have most in common. */
const PATCH = 4;
/** More tokens have too many pairs. */
const MOST_TOKENS = 16_384;

/** The pairs within the cells of both patterns, unless there are more than `most` of them: blocks twice over count once. */
export function nearTokens(
  [rows, columns]: readonly [number, number],
  pooling: TwoWayPattern,
  near: TwoWayPattern,
  most: number,
): NearTokens | null {
  if (rows * columns > MOST_TOKENS) return null;
  const order = patches(rows, columns);
  const places = new Uint32Array(order.length);
  order.forEach((token, place) => (places[token] = place));
  const panelsOfCells = Array.from({ length: near.byCell.offsets.length - 1 }, (_, cell) => {
    const panels = new Set<number>();
    for (const { offsets, columns: tokens } of [pooling.byCell, near.byCell])
      for (let at = offsets[cell]; at < offsets[cell + 1]; at++) panels.add(Math.floor(places[tokens[at]] / SIDE));
    return Uint32Array.from(panels).sort();
  });
  const { numbers, ...blocks } = blocksOf(panelsOfCells, Math.ceil(order.length / SIDE));
  if ((blocks.columns.length * SIDE * SIDE) / 2 > most) return null;
  const inPanels = ({ byCell: { offsets, columns: tokens } }: TwoWayPattern): CellPlaces => {
    const found = new Uint32Array(tokens.length);
    panelsOfCells.forEach((panels, cell) => {
      for (let at = offsets[cell]; at < offsets[cell + 1]; at++) {
        const place = places[tokens[at]];
        found[at] = panels.indexOf(Math.floor(place / SIDE)) * SIDE + (place % SIDE);
      }
    });
    return { offsets, places: found };
  };
  return {
    tokens: { order, ...blocks },
    cells: cellBlocks(panelsOfCells, numbers, blocks.offsets.length - 1),
    pooling: inPanels(pooling),
    near: inPanels(near),
    squares: new Float32Array(blocks.columns.length * SIDE * SIDE),
  };
}

/** Tokens square by square. */
function patches(rows: number, columns: number): Uint32Array {
  const order = new Uint32Array(rows * columns);
  let place = 0;
  for (let top = 0; top < rows; top += PATCH) {
    for (let left = 0; left < columns; left += PATCH) {
      for (let y = top; y < Math.min(rows, top + PATCH); y++) {
        for (let x = left; x < Math.min(columns, left + PATCH); x++) order[place++] = y * columns + x;
      }
    }
  }
  return order;
}

/** The blocks of panels that have a cell in common, and the number of each. */
function blocksOf(
  panelsOfCells: readonly Uint32Array[],
  panels: number,
): { offsets: Uint32Array; columns: Uint32Array; numbers: Uint32Array } {
  const numbers = new Uint32Array(panels * panels);
  for (let panel = 0; panel < panels; panel++) numbers[panel * panels + panel] = 1;
  for (const some of panelsOfCells) for (const left of some) for (const right of some) numbers[left * panels + right] = 1;
  const offsets = new Uint32Array(panels + 1);
  const columns: number[] = [];
  for (let at = 0; at < numbers.length; at++) {
    if (numbers[at] === 0) continue;
    numbers[at] = columns.length;
    columns.push(at % panels);
    offsets[Math.floor(at / panels) + 1] = columns.length;
  }
  return { offsets, columns: Uint32Array.from(columns), numbers };
}

function cellBlocks(panelsOfCells: readonly Uint32Array[], numbers: Uint32Array, panels: number): CellBlocks {
  const offsets = new Uint32Array(panelsOfCells.length + 1);
  panelsOfCells.forEach((some, cell) => (offsets[cell + 1] = offsets[cell] + some.length ** 2));
  const blocks = new Uint32Array(offsets[panelsOfCells.length]);
  let at = 0;
  for (const some of panelsOfCells) for (const left of some) for (const right of some) blocks[at++] = numbers[left * panels + right];
  return { offsets, blocks };
}
