/** Names of classes as numbers from 0. */
import { invalidArgument, unexpected } from '../errors';
import type { ClassLabel } from './types';

/** Labels between two looks at the clock. */
const STEP = 2 ** 14;

export interface EncodedLabels<Label extends ClassLabel> {
  /** Ascending. */
  readonly classes: readonly Label[];
  /** Of each vector. */
  readonly codes: Uint32Array;
}

/** Classes are those that are `known` and those that come. Throws INVALID_ARGUMENT. */
export function* encodeLabels<Label extends ClassLabel>(
  labels: ArrayLike<Label>,
  count: number,
  known: readonly Label[],
): Generator<void, EncodedLabels<Label>> {
  if (typeof labels !== 'object' || labels === null || labels.length !== count) {
    throw unexpected('labels', `${count} of them, one for each point`, `${String((labels as ArrayLike<Label> | undefined)?.length)}`);
  }
  // Numbered as they come, until all are known.
  const numbers = new Map(known.map((label, number) => [label, number]));
  const codes = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const label = labels[i];
    let number = numbers.get(label);
    if (number === undefined) numbers.set(label, (number = numbers.size));
    codes[i] = number;
    if (i % STEP === STEP - 1) yield;
  }
  const classes = sortedClasses([...numbers.keys()]);
  const codeOf = new Uint32Array(classes.length);
  classes.forEach((label, code) => (codeOf[numbers.get(label)!] = code));
  for (let i = 0; i < count; i++) codes[i] = codeOf[codes[i]];
  return { classes, codes };
}

function sortedClasses<Label extends ClassLabel>(classes: Label[]): Label[] {
  const kind = typeof classes[0];
  for (const label of classes) {
    if (typeof label !== kind || !(typeof label === 'string' || Number.isFinite(label)))
      throw invalidArgument('labels', 'finite numbers or strings, all of one kind', label);
  }
  return classes.sort((a, b) => (a < b ? -1 : 1));
}
