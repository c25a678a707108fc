/** By how much wide lists come earlier: what brings the lists of queries' nearest vectors forward. */
import { inBlocks } from '../backend/js/in-blocks';
import type { ListCentroids } from '../backend/search-kernels';
import { pointsOf, copyRow, type Vectors } from '../clustering/matrix';
import { PAGE_SLOTS } from '../backend/search-kernels';
import type { IndexState } from './state';

/** None is 0, so that each can be told from the numbers that it gives. */
const TRIED = [0.05, 0.15, 0.3, 0.5, 0.7, 1];

export interface ListOrdering {
  readonly centroids: ListCentroids;
  readonly spreadWeight: number;
}

/**
 * The weight with which the mean logarithm of the ranks is least: a list further on costs more where few are searched. `nearest`: ids of the nearest vectors of each query.
 * null: nothing can be changed. Rejects with ABORTED.
 */
export async function bestSpreadWeight(
  state: IndexState,
  queries: Vectors,
  nearest: readonly Iterable<number>[],
  signal: AbortSignal | undefined,
): Promise<ListOrdering | null> {
  const { centroids, spreadWeight } = state;
  if (centroids === null || !(spreadWeight > 0)) return null;
  const points = pointsOf(queries, 'queries');
  const listOf = await listsOf(state, new Set(nearest.flatMap((ids) => [...ids])), signal);
  const spreads = centroids.spreads.map((width) => width / spreadWeight);
  const costs = new Float64Array(TRIED.length);
  const query = new Float32Array(points.dims);
  const products = new Float64Array(spreads.length);
  await inBlocks(points.count, centroids.data.length, signal, (from, to) => {
    for (let i = from; i < to; i++) {
      copyRow(points, i, query, 0);
      const lists = Array.from(nearest[i], (id) => listOf.get(id)).filter((list) => list !== undefined);
      const length = scoreLists(query, centroids, products);
      TRIED.forEach((weight, w) => {
        const score = (list: number): number => products[list] + weight * length * spreads[list];
        for (const list of lists) costs[w] += Math.log(1 + before(products.length, score, score(list)));
      });
    }
  });
  const best = costs.indexOf(Math.min(...costs));
  return { centroids: { ...centroids, spreads: spreads.map((spread) => spread * TRIED[best]) }, spreadWeight: TRIED[best] };
}

/** Products with all centroids. Gives the query's length. */
function scoreLists(query: Float32Array, { data, biases }: ListCentroids, products: Float64Array): number {
  const dims = query.length;
  for (let list = 0; list < products.length; list++) {
    let sum = biases[list];
    for (let dim = 0, at = list * dims; dim < dims; dim++, at++) sum += query[dim] * data[at];
    products[list] = sum;
  }
  return Math.sqrt(query.reduce((sum, value) => sum + value * value, 0));
}

function before(lists: number, score: (list: number) => number, than: number): number {
  let count = 0;
  for (let list = 0; list < lists; list++) if (score(list) > than) count++;
  return count;
}

/** The lists in which vectors with these ids are. */
async function listsOf({ storage, tables }: IndexState, ids: Set<number>, signal: AbortSignal | undefined): Promise<Map<number, number>> {
  const { pages, pageOffsets, sizes } = tables;
  const listOf = new Map<number, number>();
  await inBlocks(sizes.length, 4 * (tables.total / sizes.length + 1), signal, (from, to) => {
    for (let list = from; list < to; list++) {
      for (let i = 0; i < sizes[list]; i++) {
        const id = storage.ids[pages[pageOffsets[list] + Math.floor(i / PAGE_SLOTS)] * PAGE_SLOTS + (i % PAGE_SLOTS)];
        if (ids.has(id)) listOf.set(id, list);
      }
    }
  });
  return listOf;
}
