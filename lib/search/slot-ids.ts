/** Loops over the ids of an index, as generators: others get their turn at each `yield`. */
import { unexpected } from '../errors';
import { IdTable } from './id-table';
import { slotsOf, type PageLists } from './page-lists';
import type { SlotStorage } from './slot-storage';
import type { IndexState } from './state';

const AT_ONCE = 4096;

export function numbered(from: number, count: number): Uint32Array {
  const ids = new Uint32Array(count);
  for (let i = 0; i < count; i++) ids[i] = from + i;
  return ids;
}

/** The slot of each id. */
export function* slotTable({ storage, tables }: Pick<IndexState, 'storage' | 'tables'>): Generator<void, IdTable> {
  const table = new IdTable();
  table.reserve(tables.total);
  let seen = 0;
  for (const slot of slotsOf(tables)) {
    table.set(storage.ids[slot], slot);
    if (++seen % AT_ONCE === 0) yield;
  }
  return table;
}

/** Ids from the greatest on. Throws INVALID_ARGUMENT if there are not so many. */
export function* nextIds({ storage, tables }: Pick<IndexState, 'storage' | 'tables'>, count: number): Generator<void, Uint32Array> {
  let [next, seen] = [0, 0];
  for (const slot of slotsOf(tables)) {
    next = Math.max(next, storage.ids[slot] + 1);
    if (++seen % AT_ONCE === 0) yield;
  }
  if (next + count > 2 ** 32) throw unexpected('ids', 'given, as the greatest that there is leaves too few', 'none');
  return numbered(next, count);
}

/** Takes vectors out, and says how many there were. Calls `publish` whenever others may see the lists: they are as if only the ids before had been asked for. */
export function* removeIds(
  ids: Iterable<number>,
  table: IdTable,
  lists: PageLists,
  storage: SlotStorage,
  publish: () => void,
): Generator<void, number> {
  let [removed, seen] = [0, 0];
  try {
    for (const id of ids) {
      if (++seen % AT_ONCE === 0) {
        publish();
        yield;
      }
      const slot = table.get(id);
      if (slot === undefined) continue;
      const last = lists.drop(slot);
      table.delete(id);
      if (last !== slot) {
        table.set(storage.ids[last], slot);
        storage.move(last, slot);
      }
      removed++;
    }
  } finally {
    if (removed > 0) publish();
  }
  return removed;
}
