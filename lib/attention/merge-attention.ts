/** Attention over all keys from attention over separate ones. */
import { selectKernels } from '../backend/select';
import type { BackendName } from '../backend/kernels';
import { unexpected } from '../errors';
import type { AttentionResult } from './types';

/**
 * Joins results of the same queries over separate keys by their log-sum-exps. They must be shaped alike, [batch, heads, rows, d] or (packed) one sequence's [heads, rows, d]. Where
 * no key was seen in any of them the output is 0. Throws INVALID_ARGUMENT.
 */
export function mergeAttention(parts: readonly AttentionResult[], options: { readonly backend?: BackendName } = {}): AttentionResult {
  if (parts.length === 0) throw unexpected('parts', 'one result at least', 'none');
  const [{ output, logSumExp }] = parts;
  const rows = logSumExp.data.length;
  const width = output.dims[output.dims.length - 1];
  for (const part of parts) {
    const alike = part.output.dims.join() === output.dims.join() && part.logSumExp.dims.join() === logSumExp.dims.join();
    if (!alike) throw unexpected('parts', 'results of one shape', 'others');
  }
  if (output.dims.slice(0, -1).join() !== logSumExp.dims.join()) {
    throw unexpected('parts', 'outputs whose rows are in the order of their log-sum-exps ("BHND")', 'others');
  }
  const merged = { output: new Float32Array(rows * width), logSumExp: new Float32Array(rows) };
  selectKernels(options.backend).mergeAttention(
    parts.map((part) => part.output.data),
    parts.map((part) => part.logSumExp.data),
    width,
    merged.output,
    merged.logSumExp,
  );
  return {
    output: { type: 'float32', data: merged.output, dims: output.dims },
    logSumExp: { type: 'float32', data: merged.logSumExp, dims: logSumExp.dims },
  };
}
