/** Distances of rows of few numbers, no longer than 1, by their differences, in double precision: of rows that are much nearer to each other than they are long products would leave nothing but rounding. */
import type { MedoidDistances } from '../backend/js/reduction/medoids';
import type { TokenRows } from './plan';

/** Distances of rows of unit length are rounded by less. */
const ROUNDING = 2 ** -22;
/** Numbers between two looks at whether a distance is still of interest. */
const PART = 16;

export class DirectDistances implements MedoidDistances<null> {
  private places: Uint32Array | null = null;

  constructor(private readonly rows: TokenRows) {}

  get count(): number {
    return this.rows.count;
  }

  *to(token: number): Generator<null, Float32Array, void> {
    yield null;
    return Float32Array.from({ length: this.count }, (_, other) => this.square(token, other, Infinity));
  }

  /** Sums that may be equal but for rounding are: the first of them counts. */
  *medoid(members: Uint32Array): Generator<null, number, void> {
    let best = members[0];
    let least = Infinity;
    for (const member of members) {
      let sum = 0;
      for (let i = 0; i < members.length && sum < least; i++) sum += Math.sqrt(this.square(member, members[i], Infinity));
      if (sum < least - members.length * ROUNDING) [best, least] = [member, sum];
      yield null;
    }
    return best;
  }

  *nearest(chosen: Uint32Array): Generator<null, Uint32Array, void> {
    // Most tokens stay where they were: with that distance known, only a part is needed of the others.
    const before = this.places;
    const places = new Uint32Array(this.count);
    for (let token = 0; token < places.length; token++) {
      let nearest = before?.[token] ?? 0;
      let least = this.square(token, chosen[nearest], Infinity);
      for (let place = 0; place < chosen.length; place++) {
        const square = this.square(token, chosen[place], least);
        if (square < least || (square === least && place < nearest)) [least, nearest] = [square, place];
      }
      places[token] = nearest;
      if (token % 64 === 0) yield null;
    }
    this.places = places.slice();
    return places;
  }

  /** Of distances above `most` only a part that is above it, too. */
  private square(a: number, b: number, most: number): number {
    const { data, width } = this.rows;
    const last = (a + 1) * width;
    let sum = 0;
    for (let i = a * width, j = b * width; i < last && sum <= most;) {
      for (const end = Math.min(last, i + PART); i < end; i++, j++) {
        const apart = data[i] - data[j];
        sum += apart * apart;
      }
    }
    return sum;
  }
}
