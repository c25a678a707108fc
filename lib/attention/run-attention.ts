/** One call of the backend for flash and sparse attention. */
import type { AttentionSpec, KeyPart } from '../backend/attention-kernels';
import { selectKernels } from '../backend/select';
import type { ReadAttention } from './attention-tensors';
import type { AttentionAsyncOptions, AttentionOptions, AttentionResult } from './types';

export interface AttentionPlan extends Pick<ReadAttention, 'to' | 'result'> {
  readonly spec: AttentionSpec;
}

/** Attention over one set of keys. */
export function planOver(read: ReadAttention, { causal, lists }: Pick<KeyPart, 'causal' | 'lists'>): AttentionPlan {
  const { keys, values, shape, queries, to, result } = read;
  const part = { keys: keys.rows, values: values.rows, lengths: keys.lengths, causal, lists, bias: null, variances: null };
  return { to, result, spec: { ...shape, queries, parts: [part] } };
}

/** Rejects with ABORTED. */
export async function runAttention(
  { spec, to, result }: AttentionPlan,
  options: AttentionOptions & AttentionAsyncOptions,
): Promise<AttentionResult> {
  await selectKernels(options.backend).attendAsync(spec, to, options);
  return result;
}

export function runAttentionSync({ spec, to, result }: AttentionPlan, { backend }: AttentionOptions): AttentionResult {
  selectKernels(backend).attend(spec, to);
  return result;
}
