/**
 * Distances of tokens of one number, in double precision. Of an even number of members the two in the middle have the same sum of distances, always: rounding must not choose between them.
 */
import type { MedoidDistances } from '../backend/js/reduction/medoids';

export class LineDistances implements MedoidDistances<null> {
  constructor(private readonly values: Float32Array) {}

  get count(): number {
    return this.values.length;
  }

  *to(token: number): Generator<null, Float32Array, void> {
    yield null;
    return this.values.map((value) => Math.abs(value - this.values[token]));
  }

  *medoid(members: Uint32Array): Generator<null, number, void> {
    yield null;
    const ascending = Float32Array.from(members, (member) => this.values[member]).sort();
    const [low, high] = [ascending[(members.length - 1) >> 1], ascending[members.length >> 1]];
    return members.find((member) => this.values[member] === low || this.values[member] === high)!;
  }

  *nearest(chosen: Uint32Array): Generator<null, Uint32Array, void> {
    const { values } = this;
    const places = new Uint32Array(values.length);
    const least = new Float64Array(values.length).fill(Infinity);
    for (let place = 0; place < chosen.length; place++, yield null) {
      const medoid = values[chosen[place]];
      for (let token = 0; token < values.length; token++) {
        const distance = Math.abs(values[token] - medoid);
        if (distance < least[token]) {
          least[token] = distance;
          places[token] = place;
        }
      }
    }
    return places;
  }
}
