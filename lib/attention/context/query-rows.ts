/** The queries that share a KV head and a mask: rows [from, to) of each head of a group. */
import type { ElementType, Elements } from './element-rows';
import { numbersOf } from './element-rows';

export interface Queries {
  readonly data: Elements;
  readonly type: ElementType;
  readonly batch: number;
  /** Query heads. */
  readonly heads: number;
  readonly length: number;
  readonly dims: number;
}

export interface QueryBlock {
  /** [rows × dims]: head by head. */
  readonly data: Float32Array;
  /** Where each row stands in [batch × heads × length]. */
  readonly places: Uint32Array;
  /** Number of each row among the queries of its head. */
  readonly numbers: Uint32Array;
}

/** `group` query heads belong to each stream. */
export function queryBlock(queries: Queries, group: number, stream: number, from: number, to: number): QueryBlock {
  const { dims, length } = queries;
  const count = group * (to - from);
  const data = new Float32Array(count * dims);
  const places = new Uint32Array(count);
  const numbers = new Uint32Array(count);
  const buffer = new Float32Array(dims);
  for (let i = 0; i < count; i++) {
    numbers[i] = from + (i % (to - from));
    places[i] = (stream * group + Math.floor(i / (to - from))) * length + numbers[i];
    data.set(numbersOf(queries.data, queries.type, places[i] * dims, dims, buffer), i * dims);
  }
  return { data, places, numbers };
}
