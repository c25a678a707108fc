/** Distances between tokens: all of them in memory, or computed as they are asked for. */
import type { Steps } from '../clustering/steps';
import { lengthOf } from '../backend/js/reduction/combinations';
import { gather, type TokenRows } from './plan';
import { unfilledFloats } from '../unfilled';

/** Cosine: of points of unit length. */
export type DistanceKind = 'euclidean' | 'cosine';

export interface Distances {
  /** From one token to all, or their squares; not to be changed. */
  to(token: number): Steps<Float32Array>;
  /** The member with the least sum of distances to the others, of equal ones the first. */
  medoid(members: Uint32Array): Steps<number>;
  /** For each token the place of the nearest of `chosen`, of equally near ones the first. */
  nearest(chosen: Uint32Array): Steps<Uint32Array>;
}

export class StoredDistances implements Distances {
  private constructor(
    private readonly squares: Float32Array,
    private readonly count: number,
    private readonly kind: DistanceKind,
  ) {}

  static *of({ data, count, width }: TokenRows, kind: DistanceKind): Steps<StoredDistances> {
    const squares = unfilledFloats(count * count);
    yield (kernels) => kernels.squaredDistances(data, width, squares);
    return new StoredDistances(squares, count, kind);
  }

  *to(token: number): Steps<Float32Array> {
    yield null;
    return this.row(token);
  }

  *medoid(members: Uint32Array): Steps<number> {
    let best = members[0];
    let least = Infinity;
    for (const member of members) {
      const row = this.row(member);
      let sum = 0;
      // Of unit vectors, 1 − cosine is half the square.
      if (this.kind === 'cosine') for (let i = 0; i < members.length; i++) sum += row[members[i]];
      else for (let i = 0; i < members.length; i++) sum += Math.sqrt(row[members[i]]);
      if (sum < least) [best, least] = [member, sum];
      yield null;
    }
    return best;
  }

  *nearest(chosen: Uint32Array): Steps<Uint32Array> {
    const places = new Uint32Array(this.count);
    const least = this.row(chosen[0]).slice();
    for (let place = 1; place < chosen.length; place++, yield null) {
      const row = this.row(chosen[place]);
      for (let token = 0; token < row.length; token++) {
        if (row[token] < least[token]) {
          least[token] = row[token];
          places[token] = place;
        }
      }
    }
    return places;
  }

  private row(token: number): Float32Array {
    return this.squares.subarray(token * this.count, (token + 1) * this.count);
  }
}

export class DistancesOnDemand implements Distances {
  private readonly squares: Float64Array;

  constructor(
    private readonly points: TokenRows,
    private readonly kind: DistanceKind,
  ) {
    this.squares = Float64Array.from({ length: points.count }, (_, i) => lengthOf(points.data, i, points.width) ** 2);
  }

  *to(token: number): Steps<Float32Array> {
    const { data, count, width } = this.points;
    const out = new Float32Array(count);
    yield (kernels) => kernels.products(data, data.subarray(token * width, (token + 1) * width), width, out);
    for (let i = 0; i < count; i++) out[i] = this.of(i, token, out[i]);
    return out;
  }

  *medoid(members: Uint32Array): Steps<number> {
    const { data, width } = this.points;
    const rows = gather(data, width, members);
    const products = new Float32Array(members.length ** 2);
    yield (kernels) => kernels.products(rows, rows, width, products);
    let best = 0;
    let least = Infinity;
    for (let i = 0, at = 0; i < members.length; i++) {
      let sum = 0;
      for (let j = 0; j < members.length; j++, at++) sum += this.of(members[i], members[j], products[at]);
      if (sum < least) [best, least] = [i, sum];
      yield null;
    }
    return members[best];
  }

  *nearest(chosen: Uint32Array): Steps<Uint32Array> {
    const { data, count, width } = this.points;
    const places = new Uint32Array(count);
    const [left, right] = [null, chosen].map((rows) => ({ values: data, rows }));
    yield (kernels) => kernels.nearestRows(left, right, width, 'euclidean', places, new Float32Array(count));
    return places;
  }

  private of(a: number, b: number, product: number): number {
    if (a === b) return 0;
    return this.kind === 'cosine' ? 1 - product : Math.sqrt(Math.max(0, this.squares[a] + this.squares[b] - 2 * product));
  }
}
