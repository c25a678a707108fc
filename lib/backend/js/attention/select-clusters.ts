/** Which clusters are chosen, by their scores. */
import { unitsOf, type AttentionShape, type ClusterLists, type ClusterRows, type ClusterSelection } from '../../attention-kernels';
import { clusterSizes } from './centroid-scores';

export function selectClusters(
  shape: AttentionShape,
  clusters: Pick<ClusterRows, 'clusters' | 'room' | 'offsets'>,
  selection: ClusterSelection,
  scores: Float32Array,
): ClusterLists {
  const count = clusters.clusters;
  const units = unitsOf(shape);
  const offsets = new Uint32Array(units.length + 1);
  const chosen: number[] = [];
  units.forEach((unit, index) => {
    const stream = unit.sequence * shape.kvHeads + unit.head;
    const sizes = clusterSizes(clusters, stream);
    for (const cluster of select(scores.subarray(index * count, (index + 1) * count), sizes, selection.kind, selection.limits[stream]))
      chosen.push(cluster);
    offsets[index + 1] = chosen.length;
  });
  return { offsets, clusters: Uint32Array.from(chosen) };
}

/** Room for numbers of clusters beside 32 bits in a double. */
const CLUSTERS = 2 ** 21;

/** The highest score first, of equal ones the lowest number: score and number as one number each, which are sorted much faster than by a comparison. */
function byScore(clusters: Uint32Array, scores: Float32Array): Uint32Array {
  if (scores.length > CLUSTERS) return clusters.slice().sort((a, b) => scores[b] - scores[a] || a - b);
  // Zero has two forms, of which the negative one would be lower.
  const bits = new Uint32Array(scores.map((score) => score + 0).buffer);
  const falling = (i: number): number => (bits[i] >>> 31 === 1 ? bits[i] : ~bits[i] & 0x7fffffff);
  return Uint32Array.from(Float64Array.from(clusters, (i) => falling(i) * CLUSTERS + i).sort(), (key) => key % CLUSTERS);
}

/** Ascending. */
function select(scores: Float32Array, sizes: Float64Array, kind: ClusterSelection['kind'], limit: number): Uint32Array {
  const there = Uint32Array.from(scores.keys()).filter((i) => sizes[i] > 0 && !Number.isNaN(scores[i]));
  if (kind === 'threshold') return there.filter((i) => scores[i] > limit);
  const order = byScore(there, scores);
  const chosen = kind === 'budget' ? withinBudget(order, sizes, limit) : withMass(order, there, scores, sizes, limit);
  return order.subarray(0, chosen).sort();
}

function withinBudget(order: Uint32Array, sizes: Float64Array, keys: number): number {
  let taken = 0;
  return countWhile(order, (cluster) => (taken += sizes[cluster]) <= keys);
}

/** `there`: the same clusters, ascending. */
function withMass(order: Uint32Array, there: Uint32Array, scores: Float32Array, sizes: Float64Array, part: number): number {
  if (part >= 1) return order.length;
  const wanted = part * there.reduce((sum, cluster) => sum + sizes[cluster] * scores[cluster], 0);
  let mass = 0;
  return countWhile(order, (cluster) => {
    if (mass >= wanted) return false;
    mass += sizes[cluster] * scores[cluster];
    return true;
  });
}

function countWhile(order: Uint32Array, condition: (cluster: number) => boolean): number {
  const end = order.findIndex((cluster) => !condition(cluster));
  return end < 0 ? order.length : end;
}
