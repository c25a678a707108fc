/** Distances between more tokens than all pairs of them are kept of: computed as they are asked for. */
import { lengthOf } from '../backend/js/reduction/combinations';
import type { MedoidDistances } from '../backend/js/reduction/medoids';
import type { Step, Steps } from '../clustering/steps';
import { gather, type TokenRows } from './plan';

/** Cosine: of points of unit length. */
export type DistanceKind = 'euclidean' | 'cosine';

export class DistancesOnDemand implements MedoidDistances<NonNullable<Step>> {
  readonly count: number;
  private readonly squares: Float64Array;

  constructor(
    private readonly points: TokenRows,
    private readonly kind: DistanceKind,
  ) {
    this.count = points.count;
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
    yield (kernels) => kernels.nearestRows(left, right, width, 'euclidean', places, null);
    return places;
  }

  private of(a: number, b: number, product: number): number {
    if (a === b) return 0;
    return this.kind === 'cosine' ? 1 - product : Math.sqrt(Math.max(0, this.squares[a] + this.squares[b] - 2 * product));
  }
}
