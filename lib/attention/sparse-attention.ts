/** Exact attention over some of the keys. */
import { unitsOf, type RowLists } from '../backend/attention-kernels';
import { invalidArgument, unexpected } from '../errors';
import { readAttention } from './attention-tensors';
import { planOver, runAttention, runAttentionSync, type AttentionPlan } from './run-attention';
import type { AttentionTensor } from './tensors';
import type { AttentionAsyncOptions, AttentionResult, SparseAttentionOptions, SparseKeys } from './types';

function plan(
  queries: AttentionTensor,
  keys: AttentionTensor,
  values: AttentionTensor,
  seen: SparseKeys,
  options: SparseAttentionOptions,
): AttentionPlan {
  const read = readAttention(queries, keys, values, options, options.perTile);
  const units = unitsOf(read.shape).length;
  const lists = 'mask' in seen ? listsOfMask(seen, units, Math.max(0, ...read.keys.lengths)) : checkedLists(seen, units);
  return planOver(read, { causal: false, lists });
}

function checkedLists(seen: Exclude<SparseKeys, { readonly mask: Uint8Array }>, units: number): RowLists {
  const starts = 'indices' in seen ? seen.indices : seen.starts;
  const lengths = 'indices' in seen ? null : seen.lengths;
  const block = ('indices' in seen ? seen.block : undefined) ?? 1;
  const { offsets } = seen;
  if (!(starts instanceof Int32Array)) throw invalidArgument('indices or starts', 'an Int32Array', starts);
  if (lengths !== null && (!(lengths instanceof Uint32Array) || lengths.length !== starts.length)) {
    throw unexpected('lengths', `a Uint32Array of ${starts.length} numbers, as starts`, 'another');
  }
  if (!(offsets instanceof Uint32Array) || offsets.length !== units + 1 || offsets[0] !== 0 || offsets[units] !== starts.length) {
    throw unexpected('offsets', `a Uint32Array of ${units + 1} numbers (units + 1) from 0 to ${starts.length}`, 'another');
  }
  if (offsets.some((offset, i) => i > 0 && offset < offsets[i - 1])) throw unexpected('offsets', 'ascending', 'descending numbers');
  checkBlock(block);
  return { offsets, starts, lengths, block };
}

function checkBlock(block: number): void {
  if (!Number.isInteger(block) || block < 1 || block > 2 ** 16) throw invalidArgument('block', 'a whole number from 1 to 65536', block);
}

function listsOfMask({ mask, block }: { readonly mask: Uint8Array; readonly block: number }, units: number, longest: number): RowLists {
  checkBlock(block);
  const blocks = Math.ceil(longest / block);
  if (!(mask instanceof Uint8Array) || mask.length !== units * blocks) {
    throw unexpected(
      'mask',
      `a Uint8Array of ${units} units × ${blocks} blocks`,
      mask instanceof Uint8Array ? `${mask.length} numbers` : 'another',
    );
  }
  const offsets = new Uint32Array(units + 1);
  const starts = new Int32Array(mask.reduce((count, bit) => count + (bit === 0 ? 0 : 1), 0));
  let count = 0;
  for (let unit = 0; unit < units; unit++) {
    for (let i = 0; i < blocks; i++) if (mask[unit * blocks + i] !== 0) starts[count++] = i;
    offsets[unit + 1] = count;
  }
  return { offsets, starts, lengths: null, block };
}

/**
 * As `flashAttention`, over the keys that `seen` lists for each tile of queries: by index, by runs, or by a mask of blocks. Keys beyond the end are left out; a key that is
 * listed twice counts twice. Rejects with INVALID_ARGUMENT and ABORTED.
 */
export async function sparseAttention(
  queries: AttentionTensor,
  keys: AttentionTensor,
  values: AttentionTensor,
  seen: SparseKeys,
  options: SparseAttentionOptions & AttentionAsyncOptions = {},
): Promise<AttentionResult> {
  return runAttention(plan(queries, keys, values, seen, options), options);
}

/** The same at once. Throws INVALID_ARGUMENT. */
export function sparseAttentionSync(
  queries: AttentionTensor,
  keys: AttentionTensor,
  values: AttentionTensor,
  seen: SparseKeys,
  options: SparseAttentionOptions = {},
): AttentionResult {
  return runAttentionSync(plan(queries, keys, values, seen, options), options);
}
