import type { Elements, ElementType } from './element-rows';

/** [batch, heads, length, dims]. */
export interface Queries {
  readonly data: Elements;
  readonly type: ElementType;
  readonly batch: number;
  /** Query heads. */
  readonly heads: number;
  readonly length: number;
  readonly dims: number;
}
