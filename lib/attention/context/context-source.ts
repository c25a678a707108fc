/** Checks keys and values that users hand over. */
import { invalidArgument, unexpected } from '../../errors';
import type { AttentionTensor } from '../tensors';
import { ownArray, requireLength } from '../../own-array';
import { readTensor } from '../tensors';
import { inBlocks } from '../../backend/js/in-blocks';
import type { ContextSource } from './build-store';
import type { ContextStore } from './context-store';
import { findNotFinite, type Elements, type ElementType } from './element-rows';

/** Throws INVALID_ARGUMENT if they do not fit each other. */
function readShapes(keys: AttentionTensor, values: AttentionTensor): ContextSource {
  const own = readTensor(keys, 'keys');
  const other = readTensor(values, 'values');
  if (own.type !== other.type) throw invalidArgument('values.type', `"${own.type}", as the keys have`, other.type);
  if (!own.dims.every((size, i) => size === other.dims[i])) {
    throw unexpected('values.dims', `[${own.dims.join(', ')}], as the keys have`, `[${other.dims.join(', ')}]`);
  }
  const [batch, heads, length, dims] = own.dims;
  return { keys: own.data, values: other.data, type: own.type, batch, heads, length, dims };
}

/** Keys and values in memory that nobody takes away. Rejects with INVALID_ARGUMENT and ABORTED. */
export async function ownSource(source: ContextSource, signal: AbortSignal | undefined): Promise<ContextSource> {
  const [keys, values] = await Promise.all([ownArray(source.keys, 'keys', signal), ownArray(source.values, 'values', signal)]);
  return { ...source, keys, values };
}

/** Throws INVALID_ARGUMENT if keys or values were taken away since they were read. */
export function requireSource({ keys, values, batch, heads, length, dims }: ContextSource): void {
  requireLength(keys, batch * heads * length * dims, 'keys');
  requireLength(values, batch * heads * length * dims, 'values');
}

/** Rejects with INVALID_ARGUMENT if they do not fit each other or a number is not finite, and with ABORTED. */
export async function readSource(keys: AttentionTensor, values: AttentionTensor, signal?: AbortSignal): Promise<ContextSource> {
  const source = readShapes(keys, values);
  for (const check of finiteChecks(source)) await requireFinite(check, signal);
  return source;
}

/** Of keys and values for a context that is there; numbers are not looked at. `name`: what users call the keys. Throws INVALID_ARGUMENT. */
export function readMoreRows(
  keys: AttentionTensor,
  values: AttentionTensor,
  { batch, heads, dims }: ContextStore,
  name: string,
): ContextSource {
  const source = readShapes(keys, values);
  if (source.batch === batch && source.heads === heads && source.dims === dims) return source;
  throw unexpected(`${name}.dims`, `[${batch}, ${heads}, …, ${dims}], as the context has`, `[${keys.dims.join(', ')}]`);
}

/** Numbers that must be finite: [batch, heads, length, dims]. */
export interface FiniteCheck {
  readonly data: Elements;
  readonly type: ElementType;
  readonly name: string;
  readonly heads: number;
  readonly length: number;
  readonly dims: number;
}

export function finiteChecks({ keys, values, type, heads, length, dims }: ContextSource): FiniteCheck[] {
  return [
    { ...{ data: keys, name: 'keys' }, ...{ type, heads, length, dims } },
    { ...{ data: values, name: 'values' }, ...{ type, heads, length, dims } },
  ];
}

/** Rejects with INVALID_ARGUMENT, naming the place, and with ABORTED. */
export async function requireFinite(check: FiniteCheck, signal?: AbortSignal): Promise<void> {
  const { length } = check.data;
  await inBlocks(length, 1, signal, (from, to) => {
    requireLength(check.data, length, check.name);
    requireFiniteIn(check, from, to);
  });
}

/** The same at once. */
export function requireFiniteSync(check: FiniteCheck): void {
  requireFiniteIn(check, 0, check.data.length);
}

function requireFiniteIn({ data, type, name, heads, length, dims }: FiniteCheck, from: number, to: number): void {
  const at = findNotFinite(data, type, from, to);
  if (at < 0) return;
  const row = Math.floor(at / dims);
  const place = `sequence ${Math.floor(row / length / heads)}, head ${Math.floor(row / length) % heads}, row ${row % length}`;
  throw unexpected(name, 'finite numbers', `an infinity or NaN in ${place}`);
}
