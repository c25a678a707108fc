/** Deterministic k-medoids (Zhao et al. 2022, CenterCLIP) in TypeScript. */
import { membersOf } from '../../../clustering/members';
import { MOST_MAGNITUDE } from '../../reduction-kernels';
import { greatestMagnitude, lengthOf } from './combinations';
import { squaredDistances } from './nearest';

/** What the algorithm asks of distances; `Pause`: what may be waited for meanwhile. */
export interface MedoidDistances<Pause> {
  readonly count: number;
  /** From one token to all, or their squares; not to be changed. */
  to(token: number): Generator<Pause | null, Float32Array, void>;
  /** The member with the least sum of distances to the others, of equal ones the first. */
  medoid(members: Uint32Array): Generator<Pause | null, number, void>;
  /** For each token the place of the nearest of `chosen`, of equally near ones the first. */
  nearest(chosen: Uint32Array): Generator<Pause | null, Uint32Array, void>;
}

/** Begins with token `first` and those farthest from what is chosen. `medoids`: ascending. */
export function* medoidSteps<Pause>(
  distances: MedoidDistances<Pause>,
  first: number,
  iterations: number,
  medoids: Uint32Array,
  source: Uint32Array,
): Generator<Pause | null, void, void> {
  let chosen = yield* farthestFirst(distances, first, medoids.length);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { values, offsets } = membersOf(yield* nearest(distances, chosen), chosen.length);
    const moved = new Uint32Array(chosen.length);
    for (let c = 0; c < moved.length; c++) moved[c] = yield* distances.medoid(values.subarray(offsets[c], offsets[c + 1]));
    const same = moved.every((token, c) => token === chosen[c]);
    chosen = moved;
    if (same) break;
  }
  medoids.set(chosen.sort());
  source.set(yield* nearest(distances, chosen));
}

/** For each token the number of its nearest medoid; a medoid is its own. */
function* nearest<Pause>(distances: MedoidDistances<Pause>, medoids: Uint32Array): Generator<Pause | null, Uint32Array, void> {
  const source = yield* distances.nearest(medoids);
  medoids.forEach((token, c) => (source[token] = c));
  return source;
}

function* farthestFirst<Pause>(
  between: MedoidDistances<Pause>,
  first: number,
  clusters: number,
): Generator<Pause | null, Uint32Array, void> {
  const chosen = new Uint32Array(clusters);
  chosen[0] = first;
  const apart = new Float32Array(between.count).fill(Infinity);
  for (let c = 1; c < clusters; c++) {
    const distances = yield* between.to(chosen[c - 1]);
    // A token that is chosen is not chosen again, not even where all others are equal to one.
    apart[chosen[c - 1]] = -1;
    chosen[c] = farthest(apart, distances);
    yield null;
  }
  return chosen;
}

/** Lowers distances to those of a token that is chosen as well; gives the token that is farthest then. */
function farthest(apart: Float32Array, distances: Float32Array): number {
  let best = 0;
  let most = -Infinity;
  for (let i = 0; i < apart.length; i++) {
    if (distances[i] < apart[i]) apart[i] = distances[i];
    if (apart[i] > most) {
      most = apart[i];
      best = i;
    }
  }
  return best;
}

/** All distances, in memory. */
class StoredDistances implements MedoidDistances<null> {
  readonly count: number;
  private readonly squares: Float32Array;

  constructor(
    points: Float32Array,
    width: number,
    private readonly kind: 'euclidean' | 'cosine',
  ) {
    this.count = points.length / width;
    this.squares = new Float32Array(this.count ** 2);
    squaredDistances(points, width, this.squares);
  }

  *to(token: number): Generator<null, Float32Array, void> {
    yield null;
    return this.row(token);
  }

  *medoid(members: Uint32Array): Generator<null, number, void> {
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

  *nearest(chosen: Uint32Array): Generator<null, Uint32Array, void> {
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

export function findMedoids(
  values: Float32Array,
  dims: number,
  distance: 'euclidean' | 'cosine',
  iterations: number,
  medoids: Uint32Array,
  source: Uint32Array,
  greatest: Float32Array | null,
): void {
  if (greatest !== null) {
    greatestMagnitude(values, greatest);
    if (!(greatest[0] < MOST_MAGNITUDE)) return;
  }
  const lengths = Float64Array.from(source, (_, i) => lengthOf(values, i, dims));
  const points = distance === 'cosine' ? values.map((value, i) => value / (lengths[Math.floor(i / dims)] || 1)) : values;
  const longest = lengths.indexOf(lengths.reduce((most, length) => Math.max(most, length)));
  const steps = medoidSteps(new StoredDistances(points, dims, distance), longest, iterations, medoids, source);
  while (steps.next().done !== true);
}
