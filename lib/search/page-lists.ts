/** Which pages belong to which list, and how full the lists are. Changes make new arrays: searches that are under way keep the old ones. */
import { inBlocks } from '../backend/js/in-blocks';
import { PAGE_SLOTS } from '../backend/search-kernels';

/** As many elements of a plain loop. */
const LABEL_COST = 8;

export interface ListTables {
  readonly pages: Uint32Array;
  readonly pageOffsets: Uint32Array;
  readonly sizes: Uint32Array;
  /** Sum of the sizes. */
  readonly total: number;
}

export class PageLists {
  private readonly chains: number[][];
  private readonly sizes: Uint32Array;
  private readonly free: number[] = [];
  /** List of each page. */
  private readonly owners: number[] = [];

  constructor(lists: number, tables?: ListTables) {
    this.sizes = tables?.sizes.slice() ?? new Uint32Array(lists);
    this.chains = Array.from({ length: lists }, (_, list) =>
      tables === undefined ? [] : [...tables.pages.subarray(tables.pageOffsets[list], tables.pageOffsets[list + 1])],
    );
    this.chains.forEach((chain, list) => chain.forEach((page) => (this.owners[page] = list)));
    for (let page = 0; page < this.owners.length; page++) if (this.owners[page] === undefined) this.free.push(page);
  }

  /** Pages that have been in use. */
  get pageCount(): number {
    return this.owners.length;
  }

  /** A slot at the end of a list for each label. New pages are numbered list by list: a search goes through memory in order. */
  async take(labels: Uint32Array): Promise<Uint32Array> {
    const { sizes, chains } = this;
    const ends = sizes.slice();
    const slots = new Uint32Array(labels.length);
    await inBlocks(labels.length, LABEL_COST, undefined, (from, to) => {
      for (let i = from; i < to; i++) ends[labels[i]]++;
    });
    chains.forEach((chain, list) => {
      while (chain.length * PAGE_SLOTS < ends[list]) chain.push(this.newPage(list));
    });
    await inBlocks(labels.length, LABEL_COST, undefined, (from, to) => {
      for (let i = from; i < to; i++) {
        const at = sizes[labels[i]]++;
        slots[i] = chains[labels[i]][Math.floor(at / PAGE_SLOTS)] * PAGE_SLOTS + (at % PAGE_SLOTS);
      }
    });
    return slots;
  }

  /** Gives up the last slot of the list that `slot` is in, and says which it is: what stands there is to be moved to `slot`. */
  drop(slot: number): number {
    const list = this.owners[Math.floor(slot / PAGE_SLOTS)];
    const chain = this.chains[list];
    const lane = --this.sizes[list] % PAGE_SLOTS;
    const last = chain[chain.length - 1] * PAGE_SLOTS + lane;
    if (lane === 0) this.free.push(chain.pop()!);
    return last;
  }

  tables(): ListTables {
    const pageOffsets = new Uint32Array(this.chains.length + 1);
    this.chains.forEach((chain, list) => (pageOffsets[list + 1] = pageOffsets[list] + chain.length));
    const pages = new Uint32Array(pageOffsets[this.chains.length]);
    this.chains.forEach((chain, list) => pages.set(chain, pageOffsets[list]));
    return tablesOf(pages, pageOffsets, this.sizes.slice());
  }

  private newPage(list: number): number {
    const page = this.free.pop() ?? this.owners.length;
    this.owners[page] = list;
    return page;
  }
}

export function tablesOf(pages: Uint32Array, pageOffsets: Uint32Array, sizes: Uint32Array): ListTables {
  return { pages, pageOffsets, sizes, total: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Slots of all vectors, list by list. */
export function* slotsOf({ pages, pageOffsets, sizes }: ListTables): Generator<number> {
  for (let list = 0; list < sizes.length; list++) {
    for (let i = 0; i < sizes[list]; i++) yield pages[pageOffsets[list] + Math.floor(i / PAGE_SLOTS)] * PAGE_SLOTS + (i % PAGE_SLOTS);
  }
}
