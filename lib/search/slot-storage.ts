/** The arrays that an index keeps its vectors in: one slot per vector, in pages, which grow together. */
import { PAGE_SLOTS, type BinaryCodes, type SlotRows } from '../backend/search-kernels';
import { inBlocks } from '../backend/js/in-blocks';
import { MerganserError } from '../errors';
import type { VectorStorage } from './types';

export interface SlotLayout {
  readonly dims: number;
  readonly storage: VectorStorage;
  /** Of vectors kept for scoring once more. */
  readonly exact: 'float32' | 'float16' | 'bfloat16' | null;
  /** What binary codes are made with. */
  readonly code: { readonly centre: Float32Array; readonly signs: Float32Array } | null;
}

/** Bytes of a page's codes. */
export function codeBytes(dims: number): number {
  return Math.ceil(dims / 8) * PAGE_SLOTS;
}

/** What vectors of each type are kept in. */
export const ROW_ARRAYS = { float32: Float32Array, float16: Uint16Array, bfloat16: Uint16Array, int8: Int8Array } as const;

export class SlotStorage {
  rows: SlotRows;
  exact: SlotRows | null;
  codes: BinaryCodes | null;
  ids: Uint32Array;

  constructor(
    readonly layout: SlotLayout,
    pages: number,
  ) {
    const { dims, storage, exact, code } = layout;
    this.rows = emptyRows(storage, dims, pages);
    this.exact = exact === null ? null : emptyRows(exact, dims, pages);
    this.codes = code && { ...code, bits: new Uint8Array(codeBytes(dims) * pages), factors: new Float32Array(2 * PAGE_SLOTS * pages) };
    this.ids = new Uint32Array(PAGE_SLOTS * pages);
  }

  get pages(): number {
    return this.ids.length / PAGE_SLOTS;
  }

  /** Room for so many pages; arrays are replaced if there is not. Throws OUT_OF_MEMORY. */
  async reserve(pages: number): Promise<void> {
    if (pages <= this.pages) return;
    const grown = allocated(() => new SlotStorage(this.layout, Math.max(pages, Math.ceil(this.pages * 1.5))));
    const [from, to] = [arraysOf(this), arraysOf(grown)];
    for (const [i, array] of from.entries())
      await inBlocks(array.length, 1, undefined, (begin, end) => to[i].set(array.subarray(begin, end), begin));
    Object.assign(this, { rows: grown.rows, exact: grown.exact, codes: grown.codes, ids: grown.ids });
  }

  move(from: number, to: number): void {
    const { dims } = this.layout;
    moveRow(this.rows, from, to, dims);
    if (this.exact !== null) moveRow(this.exact, from, to, dims);
    this.ids[to] = this.ids[from];
    if (this.codes !== null) moveCode(this.codes, from, to, dims);
  }
}

/** What `make` gives. Throws OUT_OF_MEMORY where it finds no room. */
export function allocated<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new MerganserError('OUT_OF_MEMORY', `Expected memory for the vectors of an index, but got none: ${cause.message}.`, { cause });
  }
}

function emptyRows(type: VectorStorage, dims: number, pages: number): SlotRows {
  const slots = PAGE_SLOTS * pages;
  return { type, data: new ROW_ARRAYS[type](slots * dims), scales: type === 'int8' ? new Float32Array(2 * slots) : null };
}

function arraysOf({ rows, exact, codes, ids }: SlotStorage): (Float32Array | Uint32Array | Uint16Array | Uint8Array | Int8Array)[] {
  const all = [rows.data, rows.scales, exact?.data, exact?.scales, codes?.bits, codes?.factors, ids];
  return all.filter((array) => array != null);
}

function moveRow({ data, scales }: SlotRows, from: number, to: number, dims: number): void {
  data.copyWithin(to * dims, from * dims, (from + 1) * dims);
  scales?.copyWithin(2 * to, 2 * from, 2 * from + 2);
}

function moveCode({ bits, factors }: BinaryCodes, from: number, to: number, dims: number): void {
  const place = (slot: number): [page: number, lane: number] => [Math.floor(slot / PAGE_SLOTS), slot % PAGE_SLOTS];
  const [[fromPage, fromLane], [toPage, toLane]] = [place(from), place(to)];
  const bytes = codeBytes(dims);
  for (let group = 0; group < bytes; group += 16) {
    const byte = bits[fromPage * bytes + group + (fromLane & 15)];
    const nibble = fromLane < 16 ? byte & 15 : byte >> 4;
    const at = toPage * bytes + group + (toLane & 15);
    bits[at] = toLane < 16 ? (bits[at] & 0xf0) | nibble : (bits[at] & 0x0f) | (nibble << 4);
  }
  for (const half of [0, PAGE_SLOTS])
    factors[2 * toPage * PAGE_SLOTS + half + toLane] = factors[2 * fromPage * PAGE_SLOTS + half + fromLane];
}
