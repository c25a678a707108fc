import type { MergeScheduleSpec } from '../../training-kernels';

/** Merges inside of words that are known before supermerges are looked for. Twin of native/include/merganser/training/merge_schedule.hpp. */
export class MergeSchedule {
  /** The ids of tokens in the vocabulary that has supermerges too; −1: not there yet. */
  private readonly ids: number[];
  private readonly cells = new Map<number, number[]>();
  private next = 0;

  /** Tokens below `start` have the same number in both. */
  constructor(
    private readonly spec: MergeScheduleSpec,
    start: number,
  ) {
    const tokens = spec.triples.reduce((most, number, i) => (i % 3 === 2 ? Math.max(most, number + 1) : most), start);
    this.ids = Array.from({ length: tokens }, (_, id) => (id < start ? id : -1));
  }

  /** No supermerge of a lower count comes before the next merge; 0 if there is none. */
  get level(): number {
    if (this.done) return 0;
    return this.next < this.spec.forced ? Infinity : this.spec.counts[this.next];
  }

  get done(): boolean {
    return this.next === this.spec.counts.length;
  }

  get count(): number {
    return this.spec.counts[this.next];
  }

  /** Ids of the next merge's parts. */
  get parts(): readonly [left: number, right: number] {
    const { triples } = this.spec;
    return [this.ids[triples[3 * this.next]], this.ids[triples[3 * this.next + 1]]];
  }

  isHidden(number: number): boolean {
    return this.ids[number] < 0;
  }

  /** Where a token stands that words may become, in rising order. */
  hide(number: number, cell: number): void {
    const cells = this.cells.get(number);
    if (cells === undefined) this.cells.set(number, [cell]);
    else cells.push(cell);
  }

  /** The next merge was made, and gave this id: the cells where words become that token, null if there are none such. */
  advance(id: number): readonly number[] | null {
    const number = this.spec.triples[3 * this.next + 2];
    const completes = this.spec.completes[this.next++] !== 0;
    this.ids[number] = id;
    return completes ? (this.cells.get(number) ?? []) : null;
  }
}
