/** Names of classes as numbers from 0. */
import { invalidArgument, unexpected } from '../errors';
import type { ClassLabel } from './types';

export interface EncodedLabels<Label extends ClassLabel> {
  /** Ascending. */
  readonly classes: readonly Label[];
  /** Of each vector. */
  readonly codes: Uint32Array;
}

/** Classes are those that are `known` and those that come. Throws INVALID_ARGUMENT. */
export function encodeLabels<Label extends ClassLabel>(
  labels: ArrayLike<Label>,
  count: number,
  known: readonly Label[],
): EncodedLabels<Label> {
  if (typeof labels !== 'object' || labels === null || labels.length !== count) {
    throw unexpected('labels', `${count} of them, one for each point`, `${String((labels as ArrayLike<Label> | undefined)?.length)}`);
  }
  const distinct = new Set(known);
  for (let i = 0; i < count; i++) distinct.add(labels[i]);
  const classes = [...distinct];
  const kind = typeof classes[0];
  for (const label of classes) {
    if (typeof label !== kind || !(typeof label === 'string' || Number.isFinite(label)))
      throw invalidArgument('labels', 'finite numbers or strings, all of one kind', label);
  }
  classes.sort((a, b) => (a < b ? -1 : 1));
  const codeOf = new Map(classes.map((label, code) => [label, code]));
  return { classes, codes: Uint32Array.from({ length: count }, (_, i) => codeOf.get(labels[i])!) };
}
