/** Exact attention over all keys, without ever holding the matrix of logits. */
import { readAttention } from './attention-tensors';
import { planOver, runAttention, runAttentionSync, type AttentionPlan } from './run-attention';
import type { AttentionTensor } from './tensors';
import type { AttentionAsyncOptions, AttentionResult, FlashAttentionOptions } from './types';

function plan(queries: AttentionTensor, keys: AttentionTensor, values: AttentionTensor, options: FlashAttentionOptions): AttentionPlan {
  return planOver(readAttention(queries, keys, values, options, undefined), { causal: options.causal ?? false, lists: null });
}

/**
 * softmax(q·kᵀ × scale)·v of every query head, on the native backend's threads (the TypeScript backend gives other work its turn).
 *
 * queries: [batch, query heads, rows, d]; keys, values: [batch, KV heads, keys, d] (d of the values may differ; 1 … 256), in any of the layouts of the options; query head h
 * reads KV head ⌊h / (query heads / KV heads)⌋. Keys and values of float16 and bfloat16 are read as they are; outputs are float32. Numbers that are not finite,
 * and products beyond single precision, make the outputs of the queries that meet them NaN or infinite, and of no others (but for values: with `causal`, also of queries a few rows before those that see them). Rejects with INVALID_ARGUMENT if shapes do not fit, and with ABORTED. (Dao et al. 2022, FlashAttention.)
 */
export async function flashAttention(
  queries: AttentionTensor,
  keys: AttentionTensor,
  values: AttentionTensor,
  options: FlashAttentionOptions & AttentionAsyncOptions = {},
): Promise<AttentionResult> {
  return runAttention(plan(queries, keys, values, options), options);
}

/** The same at once: for decoding steps, which are short. Throws INVALID_ARGUMENT. */
export function flashAttentionSync(
  queries: AttentionTensor,
  keys: AttentionTensor,
  values: AttentionTensor,
  options: FlashAttentionOptions = {},
): AttentionResult {
  return runAttentionSync(plan(queries, keys, values, options), options);
}
