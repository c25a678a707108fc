/**
 * Agglomerative clustering, HDBSCAN and the indices of labels beside SciPy and scikit-learn on random points; see clustering_comparison.py.
 *
 *   npx tsx scripts/python-oracle/clustering-comparison.ts [ROUNDS] [SEED]
 */
import { spawnSync } from 'node:child_process';
import { RandomStream } from '../../lib/clustering/random';
import { agglomerate, compareLabels, cutDendrogram, daviesBouldin, hdbscan, silhouette, type Linkage } from '../../lib/index';
import { pythonPath } from './python-oracle';

const [rounds = 200, firstSeed = 1] = process.argv.slice(2).map(Number);

function euclidean(points: Float32Array, dims: number): number[] {
  const count = points.length / dims;
  const out: number[] = [];
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      let square = 0;
      for (let k = 0; k < dims; k++) square += (points[i * dims + k] - points[j * dims + k]) ** 2;
      out.push(Math.sqrt(square));
    }
  }
  return out;
}

function squareOf(condensed: readonly number[], count: number): Float64Array {
  const out = new Float64Array(count * count);
  for (let i = 0, at = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) out[i * count + j] = out[j * count + i] = condensed[at++];
  }
  return out;
}

function caseOf(seed: number): string {
  const random = new RandomStream(seed);
  const [count, dims, groups] = [20 + random.below(130), 1 + random.below(12), 1 + random.below(8)];
  const centres = Array.from({ length: groups * dims }, () => 3 * random.gaussian());
  const points = Float32Array.from({ length: count * dims }, (_, i) => {
    const group = Math.floor(i / dims) % groups;
    return centres[group * dims + (i % dims)] + random.gaussian();
  });
  const distances = euclidean(points, dims);
  const clusters = 2 + random.below(10);
  const linkages = Object.fromEntries(
    (['ward', 'average', 'complete'] as Linkage[]).map((linkage) => {
      const tree = agglomerate(distances, linkage);
      return [linkage, { distances: [...tree.distances], labels: [...cutDendrogram(tree, clusters)] }];
    }),
  );
  const [minClusterSize, minSamples] = [2 + random.below(10), 1 + random.below(10)];
  const found = hdbscan(squareOf(distances, count), { minClusterSize, minSamples });
  const classes = Array.from({ length: count }, (_, i) => i % groups);
  const labels = linkages['average'].labels;
  const vectors = { data: points, dims: [count, dims] };
  const indices = {
    ...compareLabels(classes, labels),
    silhouette: silhouette(vectors, labels),
    daviesBouldin: daviesBouldin(vectors, labels),
  };
  const hdbscanLabels = [...found.labels];
  return JSON.stringify({
    seed,
    distances,
    clusters,
    linkages,
    minClusterSize,
    minSamples,
    hdbscan: hdbscanLabels,
    probabilities: [...found.probabilities],
    classes,
    labels,
    points: [...points],
    indices,
  });
}

const python = pythonPath();
if (python === null) throw new Error('No Python environment: run scripts/python-oracle/setup.sh first, or set MERGANSER_PYTHON.');
const input = Array.from({ length: rounds }, (_, i) => caseOf(firstSeed + i)).join('\n');
const { status } = spawnSync(python, ['scripts/python-oracle/clustering_comparison.py'], { input, stdio: ['pipe', 'inherit', 'inherit'] });
process.exitCode = status ?? 1;
