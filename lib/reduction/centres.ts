/** Operators that choose tokens as centres: DPC-KNN, k-medoids, VisionZip. */
import type { Kernels } from '../backend/kernels';
import { descending } from './matching';
import { gather, lengthOf, planOfMeans, unitRows, type Plan, type TokenRows } from './plan';

const ROWS = 256;

/** Calls `visit` with each row of squared Euclidean distances, from the first to the last; the row is valid during the call. */
export function eachRowOfSquares(
  kernels: Kernels,
  { data, count, width }: TokenRows,
  visit: (row: number, squares: Float32Array) => void,
): void {
  const norms = Float64Array.from({ length: count }, (_, i) => lengthOf(data, i, width) ** 2);
  for (let first = 0; first < count; first += ROWS) {
    const rows = data.subarray(first * width, Math.min(count, first + ROWS) * width);
    const products = new Float32Array((rows.length / width) * count);
    kernels.products(rows, data, width, products);
    for (let i = 0; i * width < rows.length; i++) {
      const row = products.subarray(i * count, (i + 1) * count);
      for (let j = 0; j < count; j++) row[j] = first + i === j ? 0 : Math.max(0, norms[first + i] + norms[j] - 2 * row[j]);
      visit(first + i, row);
    }
  }
}

/** Density peaks (Rodriguez & Laio 2014) with density from k nearest neighbours (Du et al. 2016); distances are divided by the root of the width. */
export function dpcKnn(kernels: Kernels, tokens: TokenRows, weights: Float32Array, clusters: number, neighbours: number): Plan {
  const { count, width } = tokens;
  const density = new Float64Array(count);
  let farthest = 0;
  eachRowOfSquares(kernels, tokens, (row, squares) => {
    const sorted = Float32Array.from(squares).sort();
    let sum = 0;
    for (let i = 0; i < neighbours; i++) sum += sorted[i];
    density[row] = Math.exp(-sum / neighbours / width);
    farthest = Math.max(farthest, sorted[count - 1]);
  });
  const scores = new Float64Array(count);
  eachRowOfSquares(kernels, tokens, (row, squares) => {
    let nearest = farthest;
    for (let other = 0; other < count; other++) {
      // Of equal densities the first token counts as the denser one.
      const denser = density[other] > density[row] || (density[other] === density[row] && other < row);
      if (denser && squares[other] < nearest) nearest = squares[other];
    }
    scores[row] = density[row] * Math.sqrt(nearest / width);
  });
  const centres = descending(scores).slice(0, clusters).sort();
  return planOfMeans(nearestCentres(kernels, tokens, centres), clusters, weights);
}

/** For each token the number of its nearest centre; a centre is its own. */
function nearestCentres(kernels: Kernels, { data, count, width }: TokenRows, centres: Uint32Array): Uint32Array {
  const rows = gather(data, width, centres);
  const halves = Float64Array.from(centres, (_, i) => lengthOf(rows, i, width) ** 2 / 2);
  const products = new Float32Array(count * centres.length);
  kernels.products(data, rows, width, products);
  const source = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let best = 0;
    const score = (c: number): number => products[i * centres.length + c] - halves[c];
    for (let c = 1; c < centres.length; c++) if (score(c) > score(best)) best = c;
    source[i] = best;
  }
  centres.forEach((token, c) => (source[token] = c));
  return source;
}

/** Deterministic k-medoids (CenterCLIP): begins with the longest token and those farthest from what is chosen; the medoids are the reduced tokens, in order. */
export function kMedoids(
  kernels: Kernels,
  tokens: TokenRows,
  clusters: number,
  distance: 'euclidean' | 'cosine',
  maxIterations: number,
): Plan {
  const { count, width } = tokens;
  const points = distance === 'cosine' ? { ...tokens, data: unitRows(tokens) } : tokens;
  const norms = Float64Array.from({ length: count }, (_, i) => lengthOf(points.data, i, width) ** 2);
  /** Distances of some tokens to others, row by row. */
  const between = (left: Uint32Array, right: Uint32Array): Float32Array => {
    const out = new Float32Array(left.length * right.length);
    kernels.products(gather(points.data, width, left), gather(points.data, width, right), width, out);
    left.forEach((a, i) =>
      right.forEach((b, j) => {
        const at = i * right.length + j;
        if (distance === 'cosine') out[at] = 1 - out[at];
        else out[at] = a === b ? 0 : Math.sqrt(Math.max(0, norms[a] + norms[b] - 2 * out[at]));
      }),
    );
    return out;
  };
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  const assign = (medoids: Uint32Array): Uint32Array => {
    const distances = between(all, medoids);
    const source = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      let best = 0;
      for (let c = 1; c < medoids.length; c++) if (distances[i * medoids.length + c] < distances[i * medoids.length + best]) best = c;
      source[i] = best;
    }
    medoids.forEach((token, c) => (source[token] = c));
    return source;
  };
  let medoids = farthestFirst(tokens, clusters, (token) => between(all, Uint32Array.of(token)));
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const source = assign(medoids);
    const moved = medoids.map((_, c) => {
      const members = all.filter((token) => source[token] === c);
      const distances = between(members, members);
      const sums = Float64Array.from(members, (_token, i) =>
        distances.subarray(i * members.length, (i + 1) * members.length).reduce((sum, value) => sum + value, 0),
      );
      return members[sums.indexOf(Math.min(...sums))];
    });
    const same = moved.every((token, c) => token === medoids[c]);
    medoids = moved;
    if (same) break;
  }
  medoids.sort();
  const plan = planOfMeans(assign(medoids), clusters, new Float32Array(count).fill(1));
  return { ...plan, merge: (values, valueWidth) => gather(values, valueWidth, medoids) };
}

function farthestFirst({ data, count, width }: TokenRows, clusters: number, distancesTo: (token: number) => Float32Array): Uint32Array {
  const chosen = new Uint32Array(clusters);
  let longest = 0;
  for (let i = 1; i < count; i++) if (lengthOf(data, i, width) > lengthOf(data, longest, width)) longest = i;
  chosen[0] = longest;
  const nearest = new Float32Array(count).fill(Infinity);
  for (let c = 1; c < clusters; c++) {
    const distances = distancesTo(chosen[c - 1]);
    // A token that is chosen is not chosen again, not even where all others are equal to one.
    nearest[chosen[c - 1]] = -1;
    let best = 0;
    for (let i = 0; i < count; i++) {
      if (distances[i] < nearest[i]) nearest[i] = distances[i];
      if (nearest[i] > nearest[best]) best = i;
    }
    chosen[c] = best;
  }
  return chosen;
}

/**
 * The `dominant` tokens of the greatest attention stay; of the others, in order, every ⌊n / contextual⌋-th is a target, the rest join the most similar target
 * by `metric`. A target's value is its own plus the mean of those that joined.
 */
export function visionZip(kernels: Kernels, metric: TokenRows, attention: ArrayLike<number>, dominant: number, contextual: number): Plan {
  const { count, width } = metric;
  const stays = new Uint8Array(count);
  for (const token of descending(attention).subarray(0, dominant)) stays[token] = 1;
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  const rest = all.filter((token) => stays[token] === 0);
  const step = Math.floor(rest.length / Math.max(1, contextual));
  const targets = Uint32Array.from({ length: contextual }, (_, i) => rest[i * step]);
  const isTarget = new Uint8Array(count);
  for (const token of targets) isTarget[token] = 1;
  const joining = rest.filter((token) => isTarget[token] === 0);
  const columns = new Uint32Array(joining.length);
  const unit = unitRows(metric);
  if (contextual > 0 && joining.length > 0) {
    kernels.greatestProducts(gather(unit, width, joining), gather(unit, width, targets), width, columns, new Float32Array(joining.length));
  }
  const source = new Uint32Array(count);
  all.filter((token) => stays[token] === 1).forEach((token, i) => (source[token] = i));
  targets.forEach((token, i) => (source[token] = dominant + i));
  joining.forEach((token, i) => (source[token] = dominant + columns[i]));
  const weights = new Float32Array(count).fill(1);
  const plan = planOfMeans(source, dominant + contextual, weights);
  const kept = Uint32Array.from([...all.filter((token) => stays[token] === 1), ...targets]);
  const merge = (values: Float32Array, valueWidth: number): Float32Array => {
    const out = gather(values, valueWidth, kept);
    const counts = new Float64Array(plan.count);
    for (const token of joining) counts[source[token]]++;
    for (const token of joining) {
      const to = source[token];
      for (let k = 0; k < valueWidth; k++) out[to * valueWidth + k] += values[token * valueWidth + k] / counts[to];
    }
    return out;
  };
  return { ...plan, merge };
}
