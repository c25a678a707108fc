/** Rows that threads may read while others have their arrays. */
import { ownArray } from '../own-array';

/** In memory that nobody takes away. Rejects with INVALID_ARGUMENT and ABORTED. */
export async function ownRows<Rows extends { readonly data: Parameters<typeof ownArray>[0] }>(
  rows: Rows,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Rows> {
  return { ...rows, data: await ownArray(rows.data, name, signal) };
}
