/**
 * Reads the generated tables of this folder. A table is a base64 string of varints (7 bits a byte, low bits first), which keeps the
 * source small; it is decoded when first used. The writing side is scripts/unicode/table-writer.ts.
 */

import { CodePointSet } from './code-point-set';

export class VarintReader {
  private readonly bytes: Uint8Array;
  private position = 0;

  constructor(base64: string) {
    this.bytes = tableBytes(base64);
  }

  get done(): boolean {
    return this.position >= this.bytes.length;
  }

  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.position++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** Zigzag: 0, −1, 1, −2, 2 … */
  signed(): number {
    const value = this.unsigned();
    return (value >>> 1) ^ -(value & 1);
  }
}

/** A table as the bytes of its varints. */
export function tableBytes(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** A set, written as the gaps between the bounds of its ranges. */
export function decodeSet(base64: string): CodePointSet {
  const reader = new VarintReader(base64);
  const bounds: number[] = [];
  for (let bound = 0; !reader.done;) bounds.push((bound += reader.unsigned()));
  return CodePointSet.fromSortedRanges(bounds);
}

/**
 * A partition of all code points, written as (length of run, value) pairs. `visit` is called with every run, in order; the runs cover 0 … 0x10FFFF.
 */
export function forEachRun(base64: string, visit: (start: number, end: number, value: number) => void): void {
  const reader = new VarintReader(base64);
  for (let start = 0; !reader.done;) {
    const end = start + reader.unsigned();
    visit(start, end, reader.unsigned());
    start = end;
  }
}

/** The set of each value of a partition with `valueCount` values. */
export function decodePartition(base64: string, valueCount: number): CodePointSet[] {
  const bounds = Array.from({ length: valueCount }, (): number[] => []);
  forEachRun(base64, (start, end, value) => bounds[value].push(start, end));
  return bounds.map((ranges) => CodePointSet.fromSortedRanges(ranges));
}

/** One entry of a mapping from code points to sequences of code points. */
export type MappingVisitor = (codePoint: number, sequence: number[]) => void;

/**
 * A mapping, written per entry as: gap from the previous key, length of the sequence, first element relative to the first element of the entry
 * before, other elements relative to their left neighbour.
 */
export function forEachMapping(base64: string, visit: MappingVisitor): void {
  const reader = new VarintReader(base64);
  let key = 0;
  let first = 0;
  while (!reader.done) {
    key += reader.unsigned();
    const sequence = new Array<number>(reader.unsigned());
    let element = first;
    for (let i = 0; i < sequence.length; i++) {
      element += reader.signed();
      sequence[i] = element;
      if (i === 0) first = element;
    }
    visit(key, sequence);
  }
}
