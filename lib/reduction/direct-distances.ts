/** Distances of rows of few numbers, no longer than 1, by their differences, in double precision: of rows that are much nearer to each other than they are long products would leave nothing but rounding. */
import type { MedoidDistances } from '../backend/js/reduction/medoids';
import type { TokenRows } from './plan';

/** Distances of rows of unit length are rounded by less. */
const ROUNDING = 2 ** -22;

export class DirectDistances implements MedoidDistances<null> {
  constructor(private readonly rows: TokenRows) {}

  get count(): number {
    return this.rows.count;
  }

  *to(token: number): Generator<null, Float32Array, void> {
    yield null;
    return Float32Array.from({ length: this.count }, (_, other) => this.square(token, other));
  }

  /** Sums that may be equal but for rounding are: the first of them counts. */
  *medoid(members: Uint32Array): Generator<null, number, void> {
    let best = members[0];
    let least = Infinity;
    for (const member of members) {
      let sum = 0;
      for (let i = 0; i < members.length; i++) sum += Math.sqrt(this.square(member, members[i]));
      if (sum < least - members.length * ROUNDING) [best, least] = [member, sum];
      yield null;
    }
    return best;
  }

  *nearest(chosen: Uint32Array): Generator<null, Uint32Array, void> {
    const places = new Uint32Array(this.count);
    for (let token = 0; token < places.length; token++) {
      let least = Infinity;
      for (let place = 0; place < chosen.length; place++) {
        const square = this.square(token, chosen[place]);
        if (square < least) [least, places[token]] = [square, place];
      }
      if (token % 64 === 0) yield null;
    }
    return places;
  }

  private square(a: number, b: number): number {
    const { data, width } = this.rows;
    let sum = 0;
    for (let i = a * width, j = b * width, end = i + width; i < end; i++, j++) sum += (data[i] - data[j]) ** 2;
    return sum;
  }
}
