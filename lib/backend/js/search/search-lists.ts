/** Searching the lists of an index in TypeScript. */
import { aborted } from '../../../errors';
import { PAGE_SLOTS, type SearchCall, type SearchOutput, type SearchSpec } from '../../search-kernels';
import { yieldToEventLoop } from '../event-loop';
import { Best } from './best';
import { CodeScorer } from './binary-codes';
import { RowScorer } from './slot-rows';

/** The estimate of ⟨r, q − c⟩ is off by about so much of factor × ‖q − c‖: √(1 − ⅔) of a sign vector's length, over the cosine that is left. */
const DEVIATION = 0.6;
/** Noted vectors are read so many at a time. */
const READ_TOGETHER = 16;
const BUSY_MILLISECONDS = 5;

export function searchLists(spec: SearchSpec, call: SearchCall, out: SearchOutput): void {
  for (let query = 0; query < out.counts.length; query++) searchOne(spec, call, query, out);
}

export async function searchListsAsync(spec: SearchSpec, call: SearchCall, out: SearchOutput, signal?: AbortSignal): Promise<void> {
  let since = performance.now();
  for (let query = 0; query < out.counts.length; query++) {
    if (performance.now() - since > BUSY_MILLISECONDS) {
      await yieldToEventLoop();
      since = performance.now();
    }
    if (signal?.aborted) throw aborted(signal);
    searchOne(spec, call, query, out);
  }
}

function searchOne(spec: SearchSpec, call: SearchCall, number: number, out: SearchOutput): void {
  const { dims, exact, ids } = spec;
  const query = call.queries.subarray(number * dims, (number + 1) * dims);
  const found = new Best(exact === null ? call.k : call.candidates, ids);
  const search = new QuerySearch(spec, call, query, found);
  for (const list of listsToSearch(spec, query, call.probes)) search.list(list);
  search.finish();
  let { slots, scores } = found.sorted();
  if (exact !== null) {
    const scorer = new RowScorer(exact.rows, spec.score, query);
    const best = new Best(call.k, ids);
    for (const slot of slots) best.offer(slot, scorer.score(exact.byId ? ids[slot] : slot));
    ({ slots, scores } = best.sorted());
  }
  out.counts[number] = slots.length;
  slots.forEach((slot, i) => {
    out.ids[number * call.k + i] = ids[slot];
    out.scores[number * call.k + i] = scores[i];
  });
}

/** The lists that come first, in order; of equal ones the first. */
export function listsToSearch({ centroids, sizes }: SearchSpec, query: Float32Array, probes: number): Iterable<number> {
  if (centroids === null) return [0];
  const scorer = new RowScorer(centroids.rows, 'dot', query);
  const length = Math.fround(Math.hypot(...query));
  const scores = Float32Array.from(sizes, (_, list) =>
    Math.fround(Math.fround(scorer.score(list) + centroids.biases[list]) + Math.fround(length * centroids.spreads[list])),
  );
  const order = Uint32Array.from(sizes, (_, list) => list);
  order.sort((a, b) => scores[b] - scores[a] || a - b);
  return order.subarray(0, probes);
}

class QuerySearch {
  private readonly rows: RowScorer;
  private readonly codes: CodeScorer | null;
  /** Slots that may hold something better, and their estimates. */
  private noted: { slot: number; estimate: number }[] = [];
  private lists = 0;

  constructor(
    private readonly spec: SearchSpec,
    private readonly call: SearchCall,
    private readonly query: Float32Array,
    private readonly found: Best,
  ) {
    this.rows = new RowScorer(spec.rows, spec.score, query);
    this.codes = spec.codes === null ? null : new CodeScorer(spec.codes, query);
  }

  list(list: number): void {
    const { codes } = this;
    if (codes === null) {
      for (const slot of this.slotsOf(list)) this.offer(slot);
      return;
    }
    const [base, margin] = this.baseOf(list);
    const threshold = this.threshold();
    const passed: { slot: number; estimate: number }[] = [];
    for (const slot of this.slotsOf(list)) {
      const estimate = codes.estimate(Math.floor(slot / PAGE_SLOTS), slot % PAGE_SLOTS, base, margin);
      if (estimate >= threshold) passed.push({ slot, estimate });
    }
    this.noted = this.noted.concat(passed);
    this.lists++;
    if ((this.lists & (this.lists - 1)) === 0) this.finish();
  }

  /** Reads what was noted, the most promising first, until none can be better than what is there. */
  finish(): void {
    this.noted.sort((a, b) => b.estimate - a.estimate || a.slot - b.slot);
    for (let i = 0; i < this.noted.length && this.noted[i].estimate >= this.threshold();) {
      const threshold = this.threshold();
      const end = Math.min(this.noted.length, i + READ_TOGETHER);
      for (; i < end && this.noted[i].estimate >= threshold; i++) this.offer(this.noted[i].slot);
    }
    this.noted = [];
  }

  private *slotsOf(list: number): Generator<number> {
    const { pages, pageOffsets, sizes } = this.spec;
    const { mask } = this.call;
    for (let at = pageOffsets[list], left = sizes[list]; left > 0; at++, left -= PAGE_SLOTS) {
      const page = pages[at];
      const allowed = mask === null ? 0xffffffff : mask[page];
      for (let lane = 0; lane < Math.min(left, PAGE_SLOTS); lane++) if (allowed & (1 << lane)) yield page * PAGE_SLOTS + lane;
    }
  }

  private offer(slot: number): void {
    this.found.offer(slot, this.rows.score(slot));
  }

  /** For estimates, which are of ⟨x, q⟩ or of half of −‖x − q‖². */
  private threshold(): number {
    return this.spec.score === 'dot' ? this.found.threshold : this.found.threshold / 2;
  }

  /** What all estimates of a list begin with, and the margin they are given. */
  private baseOf(list: number): [number, number] {
    const { query } = this;
    const { data } = this.spec.centroids!;
    let product = 0;
    let square = 0;
    for (let i = 0; i < query.length; i++) {
      const value = data[list * query.length + i];
      product += value * query[i];
      square += (query[i] - value) ** 2;
    }
    return [
      Math.fround(this.spec.score === 'dot' ? product : -square / 2),
      Math.fround(this.call.confidence * DEVIATION * Math.sqrt(square)),
    ];
  }
}
