/** Checks keys and values that users hand over. */
import { invalidArgument, unexpected } from '../../errors';
import type { AttentionTensor } from '../tensors';
import { readTensor } from '../tensors';
import { inBlocks } from './blocks';
import type { ContextSource } from './build-store';
import type { ContextStore } from './context-store';
import { findNotFinite, type Elements, type ElementType } from './element-rows';

/** Throws INVALID_ARGUMENT if they do not fit each other or a number is not finite, and rejects with ABORTED. */
export async function readSource(keys: AttentionTensor, values: AttentionTensor, signal?: AbortSignal): Promise<ContextSource> {
  const own = readTensor(keys, 'keys');
  const other = readTensor(values, 'values');
  if (own.type !== other.type) throw invalidArgument('values.type', `"${own.type}", as the keys have`, other.type);
  if (!own.dims.every((size, i) => size === other.dims[i])) {
    throw unexpected('values.dims', `[${own.dims.join(', ')}], as the keys have`, `[${other.dims.join(', ')}]`);
  }
  const [batch, heads, length, dims] = own.dims;
  await requireFinite(own.data, own.type, 'keys', own.dims, signal);
  await requireFinite(other.data, own.type, 'values', own.dims, signal);
  return { keys: own.data, values: other.data, type: own.type, batch, heads, length, dims };
}

/** More of them, for a context that is there. `name`: what users call the keys. */
export async function readRows(
  keys: AttentionTensor,
  values: AttentionTensor,
  { batch, heads, dims }: ContextStore,
  name: string,
  signal?: AbortSignal,
): Promise<ContextSource> {
  const source = await readSource(keys, values, signal);
  if (source.batch === batch && source.heads === heads && source.dims === dims) return source;
  throw unexpected(`${name}.dims`, `[${batch}, ${heads}, …, ${dims}], as the context has`, `[${keys.dims.join(', ')}]`);
}

/** Throws INVALID_ARGUMENT, naming the place. */
export async function requireFinite(
  data: Elements,
  type: ElementType,
  name: string,
  [, heads, length, dims]: readonly number[],
  signal?: AbortSignal,
): Promise<void> {
  await inBlocks(data.length, 1, signal, (from, to) => {
    const at = findNotFinite(data, type, from, to);
    if (at < 0) return;
    const row = Math.floor(at / dims);
    const place = `sequence ${Math.floor(row / length / heads)}, head ${Math.floor(row / length) % heads}, row ${row % length}`;
    throw unexpected(name, 'finite numbers', `an infinity or NaN in ${place}`);
  });
}
