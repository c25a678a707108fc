/** Vectors of an index as numbers: the most exact that it has. */
import type { SlotRows } from '../backend/search-kernels';
import { fromBfloat16, fromFloat16 } from '../backend/half-floats';
import { slotsOf } from './page-lists';
import type { IndexState } from './state';

/** The vectors at some positions, counted list by list, and their ids. */
export function readSlots({ storage, tables, source }: IndexState, positions: Uint32Array): { vectors: Float32Array; ids: Uint32Array } {
  const { dims } = storage.layout;
  const slots = Uint32Array.from(slotsOf(tables));
  const ids = positions.map((position) => storage.ids[slots[position]]);
  const vectors = new Float32Array(positions.length * dims);
  positions.forEach((position, i) => {
    const out = vectors.subarray(i * dims, (i + 1) * dims);
    if (source !== null) readRow({ ...source, scales: null }, ids[i], out);
    else readRow(storage.exact ?? storage.rows, slots[position], out);
  });
  return { vectors, ids };
}

function readRow({ data, type, scales }: SlotRows, row: number, out: Float32Array): void {
  const widen = {
    float32: (value: number) => value,
    float16: fromFloat16,
    bfloat16: fromBfloat16,
    int8: (value: number) => value * scales![2 * row],
  }[type];
  for (let i = 0; i < out.length; i++) out[i] = widen(data[row * out.length + i]);
}
