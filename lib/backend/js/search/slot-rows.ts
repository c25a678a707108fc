/** Vectors in slots: written with their type's precision, and scored. */
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from '../../half-floats';
import type { ScoreKind, SlotRows } from '../../search-kernels';

const INT8_LIMIT = 127;

/** false: a number is too large for the type. */
export function writeRow({ data, type, scales }: SlotRows, slot: number, row: Float32Array): boolean {
  const at = slot * row.length;
  if (type === 'float32') {
    data.set(row, at);
  } else if (type === 'int8') {
    const greatest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = Math.fround(greatest / INT8_LIMIT);
    let square = 0;
    for (let i = 0; i < row.length; i++) {
      const code = scale === 0 ? 0 : Math.min(INT8_LIMIT, Math.max(-INT8_LIMIT, roundEven(Math.fround(row[i] / scale))));
      data[at + i] = code;
      square += code * code;
    }
    scales![2 * slot] = scale;
    scales![2 * slot + 1] = square * scale * scale;
  } else {
    const narrow = type === 'float16' ? toFloat16 : toBfloat16;
    for (let i = 0; i < row.length; i++) data[at + i] = narrow(row[i]);
    if (type === 'float16') return row.every((value) => Math.abs(value) < 65520);
  }
  return true;
}

/** To the nearest whole number, of two the even one: as processors round. */
export function roundEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** A query, ready to be scored against rows of one type. */
export class RowScorer {
  private readonly query: Float64Array;
  /** int8: the query is `query` times this. */
  private readonly scale: number = 1;
  private readonly square: number = 0;

  constructor(
    private readonly rows: SlotRows,
    private readonly kind: ScoreKind,
    query: Float32Array,
  ) {
    this.query = Float64Array.from(query);
    if (rows.type !== 'int8') return;
    // Sums of products stay below 2³¹.
    const limit = Math.min(32767, Math.floor((2 ** 31 - 1) / (INT8_LIMIT * query.length)));
    const greatest = query.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.scale = Math.fround(greatest / limit);
    if (this.scale > 0) {
      this.query = this.query.map((value) => Math.min(limit, Math.max(-limit, roundEven(Math.fround(value / this.scale)))));
    } else this.query.fill(0);
    for (let i = 0; i < query.length; i++) this.square += query[i] * query[i];
    this.square = Math.fround(this.square);
  }

  score(slot: number): number {
    const { data, type, scales } = this.rows;
    const { query, kind } = this;
    const at = slot * query.length;
    if (type === 'int8') {
      let sum = 0;
      for (let i = 0; i < query.length; i++) sum += data[at + i] * query[i];
      const product = Math.fround(Math.fround(sum) * Math.fround(this.scale * scales![2 * slot]));
      return kind === 'dot' ? product : Math.fround(Math.fround(2 * product - scales![2 * slot + 1]) - this.square);
    }
    let sum = 0;
    const widen = type === 'float32' ? null : type === 'float16' ? fromFloat16 : fromBfloat16;
    for (let i = 0; i < query.length; i++) {
      const value = widen === null ? data[at + i] : widen(data[at + i]);
      if (kind === 'dot') sum += value * query[i];
      else sum -= (value - query[i]) ** 2;
    }
    return Math.fround(sum);
  }
}
