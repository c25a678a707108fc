/** What a context's clusters are in double precision, and whether a result is what is expected. */
import type { AttendResult, AttentionTensor, ClusteredContext } from '../../lib/index';
import { rowsOf } from './contexts';
import * as oracle from './oracle';

export interface Case {
  readonly context: ClusteredContext;
  readonly keys: AttentionTensor;
  readonly values: AttentionTensor;
}

/** The clusters of one head as the oracle takes them; keys that are in none are left out. */
export function clustersOf({ context, keys, values }: Case, sequence: number, head: number) {
  const { members, offsets, groupOffsets } = context.clusters(sequence, head);
  const count = offsets.length - 1;
  const numbers = [...members].sort((a, b) => a - b);
  const labelOf = new Map<number, number>();
  for (let cluster = 0; cluster < count; cluster++)
    for (const key of members.subarray(offsets[cluster], offsets[cluster + 1])) labelOf.set(key, cluster);
  const labels = numbers.map((key) => labelOf.get(key)!);
  const pick = (tensor: AttentionTensor): oracle.Rows => {
    const rows = rowsOf(tensor, sequence, head);
    return numbers.map((key) => rows[key]);
  };
  const centroids = oracle.centroidsOf(pick(keys), labels, count);
  const groupLabels = Array.from({ length: count }, (_, cluster) =>
    groupOffsets === null ? 0 : groupOffsets.findIndex((end, i) => i > 0 && cluster < end) - 1,
  );
  return {
    ...{ count, numbers, labels, centroids, groupLabels, groups: (groupOffsets?.length ?? 1) - 1 },
    sizes: oracle.sizesOf(labels, count),
    valueMeans: oracle.centroidsOf(pick(values), labels, count),
    variances: oracle.variancesOf(pick(keys), labels, centroids),
  };
}

/** Row `row` of query head `head`: within single precision of what is expected. */
export function expectAttended(
  { output, logSumExp }: AttendResult,
  sequence: number,
  head: number,
  row: number,
  expected: oracle.Attended,
  tolerance = 1e-5,
): void {
  const [, heads, length, d] = output.dims;
  const place = (sequence * heads + head) * length + row;
  const off = expected.output.reduce((most, value, dim) => Math.max(most, Math.abs(output.data[place * d + dim] - value)), 0);
  expect(off).toBeLessThan(tolerance);
  if (expected.lse === -Infinity) expect(logSumExp[place]).toBe(-Infinity);
  else expect(Math.abs(logSumExp[place] - expected.lse)).toBeLessThan(1e-6 * Math.max(10, Math.abs(expected.lse)));
}
