/** Writes the tables that lib/tokenizer/unicode/table-codec.ts reads. */

import type { CodePointSet } from '../../lib/tokenizer/unicode/code-point-set';

/** The formatter's `printWidth`. */
const LINE_WIDTH = 140;

export class VarintWriter {
  private readonly bytes: number[] = [];

  unsigned(value: number): this {
    while (value >= 0x80) {
      this.bytes.push((value & 0x7f) | 0x80);
      value >>>= 7;
    }
    this.bytes.push(value);
    return this;
  }

  signed(value: number): this {
    return this.unsigned(value >= 0 ? 2 * value : -2 * value - 1);
  }

  toBase64(): string {
    return Buffer.from(this.bytes).toString('base64').replace(/=+$/, '');
  }
}

export function encodeSet(set: CodePointSet): string {
  const writer = new VarintWriter();
  let previous = 0;
  for (const bound of set.ranges) {
    writer.unsigned(bound - previous);
    previous = bound;
  }
  return writer.toBase64();
}

/** Every code point has the value `values[codePoint]`. */
export function encodePartition(values: ArrayLike<number>): string {
  const writer = new VarintWriter();
  for (let start = 0; start < values.length;) {
    let end = start + 1;
    while (end < values.length && values[end] === values[start]) end++;
    writer.unsigned(end - start).unsigned(values[start]);
    start = end;
  }
  return writer.toBase64();
}

export function encodeMapping(mapping: ReadonlyMap<number, readonly number[]>): string {
  const writer = new VarintWriter();
  let previousKey = 0;
  let previousFirst = 0;
  for (const [key, sequence] of [...mapping].sort((a, b) => a[0] - b[0])) {
    writer.unsigned(key - previousKey).unsigned(sequence.length);
    sequence.forEach((element, i) => writer.signed(element - (i === 0 ? previousFirst : sequence[i - 1])));
    previousKey = key;
    previousFirst = sequence[0] ?? previousFirst;
  }
  return writer.toBase64();
}

export interface NamedSet {
  readonly name: string;
  readonly set: CodePointSet;
}

/**
 * A set as the symmetric difference from whichever of `bases` makes it shortest: "name of the base:table". No name stands for the empty set.
 */
export function encodeRelativeSet(set: CodePointSet, bases: Iterable<NamedSet>): string {
  let shortest = `:${encodeSet(set)}`;
  for (const base of bases) {
    const candidate = `${base.name}:${encodeSet(set.symmetricDifference(base.set))}`;
    if (candidate.length < shortest.length) shortest = candidate;
  }
  return shortest;
}

/** Source text of one exported string, with its comment; laid out as the formatter would. */
export function exportString(comment: string, name: string, value: string): string {
  const start = `export const ${name} =`;
  const line = `${start} '${value}';`;
  return `/** ${comment} */\n${line.length <= LINE_WIDTH ? line : `${start}\n  '${value}';`}\n`;
}

/** Source text of one exported list of strings, one a line. */
export function exportList(comment: string, name: string, values: readonly string[]): string {
  return `/** ${comment} */\nexport const ${name}: readonly string[] = [\n${values.map((value) => `  '${value}',\n`).join('')}];\n`;
}
