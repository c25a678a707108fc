/** What a filter of ids means for slots: a bit for each that may be found. */
import { PAGE_SLOTS } from '../backend/search-kernels';
import { invalidArgument } from '../errors';
import { slotsOf, type ListTables } from './page-lists';
import type { IdFilter } from './types';

/** Stops every so many slots or ids. */
const TURN = 4096;

export function* slotMask(
  filter: IdFilter,
  pages: number,
  ids: Uint32Array,
  tables: ListTables,
  slotOf: (id: number) => number | undefined,
): Generator<void, Uint32Array> {
  const mask = new Uint32Array(pages);
  const allow = (slot: number): void => {
    mask[Math.floor(slot / PAGE_SLOTS)] |= 1 << (slot % PAGE_SLOTS);
  };
  const test = testOf(filter);
  if (test !== null) {
    let seen = 0;
    for (const slot of slotsOf(tables)) {
      if (test(ids[slot])) allow(slot);
      if (++seen % TURN === 0) yield;
    }
    return mask;
  }
  let seen = 0;
  for (const id of filter as Iterable<number>) {
    if (++seen % TURN === 0) yield;
    if (!Number.isInteger(id) || id < 0 || id > 0xffffffff)
      throw invalidArgument('every id of the filter', 'a whole number from 0 to 2^32 - 1', id);
    const slot = slotOf(id);
    if (slot !== undefined) allow(slot);
  }
  return mask;
}

/** null: a set of ids. Throws INVALID_ARGUMENT. */
function testOf(filter: IdFilter): ((id: number) => boolean) | null {
  if (typeof filter === 'function') return filter;
  if (typeof filter === 'object' && (filter as unknown) !== null) {
    if (isIdSet(filter)) return null;
    const { bitmap } = filter;
    if (Object.prototype.toString.call(bitmap) === '[object Uint32Array]')
      return (id) => (((bitmap[id >>> 5] ?? 0) >>> (id & 31)) & 1) === 1;
  }
  throw invalidArgument('filter', 'ids, { bitmap: Uint32Array } or a function', filter);
}

/** Whether a filter names its ids, so that their slots are looked up. */
export function isIdSet(filter: IdFilter | undefined): filter is Iterable<number> {
  return typeof filter === 'object' && (filter as unknown) !== null && Symbol.iterator in filter;
}
