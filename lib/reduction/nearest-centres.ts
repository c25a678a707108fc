/** The nearest centres of tokens, where all that are as near as the last of them count, too. */
import type { SparsePattern } from '../backend/reduction-kernels';
import type { Steps } from '../clustering/steps';
import { gather, type TokenRows } from './plan';

export interface NearestCentres {
  /** For each token its centres, the nearest first. */
  readonly pattern: SparsePattern;
  /** Squared distances of the pattern's entries. */
  readonly squares: Float32Array;
}

interface Rows {
  readonly columns: Uint32Array;
  readonly squares: Float32Array;
}

/** At most so many times as many centres are looked at the next time, where not all that are equally near were among those. */
const MORE = 4;

/** The `few` nearest centres of each token, and all that are as near as the last of these. `few` is at most their number. */
export function* nearestCentres(tokens: TokenRows, centres: Float32Array, few: number): Steps<NearestCentres> {
  const { data, count, width } = tokens;
  const all = centres.length / width;
  // One more tells whether there are equal ones.
  let room = Math.min(all, few + 1);
  const first = yield* nearest(data, width, centres, room);
  const lengths = new Uint32Array(count);
  const open: number[] = [];
  for (let token = 0; token < count; token++) {
    lengths[token] = asNear(first.squares.subarray(token * room, (token + 1) * room), few);
    if (lengths[token] === room && room < all) open.push(token);
  }
  const found = new Map<number, Rows>();
  const firstRoom = room;
  for (let left = open; left.length > 0;) {
    room = Math.min(all, MORE * room);
    const { columns, squares } = yield* nearest(gather(data, width, Uint32Array.from(left)), width, centres, room);
    left.forEach((token, i) => {
      const own = { columns: columns.subarray(i * room, (i + 1) * room), squares: squares.subarray(i * room, (i + 1) * room) };
      lengths[token] = asNear(own.squares, few);
      found.set(token, own);
    });
    left = room === all ? [] : left.filter((token) => lengths[token] === room);
  }
  const offsets = new Uint32Array(count + 1);
  for (let token = 0; token < count; token++) offsets[token + 1] = offsets[token] + lengths[token];
  const [columns, squares] = [new Uint32Array(offsets[count]), new Float32Array(offsets[count])];
  for (let token = 0; token < count; token++) {
    const from = found.get(token) ?? first;
    const start = from === first ? token * firstRoom : 0;
    for (let i = 0, at = offsets[token]; i < lengths[token]; i++, at++) {
      columns[at] = from.columns[start + i];
      squares[at] = from.squares[start + i];
    }
  }
  return { pattern: { offsets, columns }, squares };
}

function* nearest(rows: Float32Array, width: number, centres: Float32Array, room: number): Steps<Rows> {
  const total = (rows.length / width) * room;
  const [columns, squares] = [new Uint32Array(total), new Float32Array(total)];
  yield (kernels) => kernels.fewNearest(rows, centres, width, room, columns, squares);
  return { columns, squares };
}

/** How many are no farther than the one at place few − 1. */
function asNear(ascending: Float32Array, few: number): number {
  let length = few;
  while (length < ascending.length && ascending[length] === ascending[few - 1]) length++;
  return length;
}
