/** One call of the backend for flash and sparse attention. */
import { requireSignal } from '../arguments';
import { ownArray } from '../own-array';
import { ownRows } from './own-rows';
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
  const kernels = selectKernels(options.backend);
  requireSignal(options.signal);
  const [queries, parts] = await Promise.all([ownRows(spec.queries, 'queries', options.signal), ownParts(spec.parts, options.signal)]);
  await kernels.attendAsync({ ...spec, queries, parts }, to, options);
  return result;
}

function ownParts(parts: readonly KeyPart[], signal: AbortSignal | undefined): Promise<KeyPart[]> {
  const own = async (part: KeyPart): Promise<KeyPart> => {
    const lists = part.lists && { ...part.lists, offsets: part.lists.offsets.slice(), lengths: part.lists.lengths?.slice() ?? null };
    // All at once, as they have been checked.
    const [keys, values, starts] = await Promise.all([
      ownRows(part.keys, 'keys', signal),
      ownRows(part.values, 'values', signal),
      part.lists && ownArray(part.lists.starts, 'indices', signal),
    ]);
    return { ...part, keys, values, lists: lists && { ...lists, starts: starts! } };
  };
  return Promise.all(parts.map(own));
}

export function runAttentionSync({ spec, to, result }: AttentionPlan, { backend }: AttentionOptions): AttentionResult {
  selectKernels(backend).attend(spec, to);
  return result;
}
