/** What reducing in the background reads, in memory that nobody takes away. All reject with INVALID_ARGUMENT and ABORTED. */
import { invalidArgument } from '../errors';
import { ownArray } from '../own-array';
import { plainArray } from '../plain-array';
import { rowsOf } from './checks';
import type { ReduceOptions, TokenBatch } from './types';

export async function ownTokens(tokens: TokenBatch, name: string, signal: AbortSignal | undefined): Promise<TokenBatch> {
  rowsOf(tokens, name);
  return { ...tokens, data: await ownArray(tokens.data, name, signal) };
}

/** Options whose metric, if there is one, is such memory. */
export async function withOwnMetric<Options extends ReduceOptions>(options: Options, signal: AbortSignal | undefined): Promise<Options> {
  if (!('metric' in options) || options.metric === undefined) return options;
  return { ...options, metric: await ownTokens(options.metric, 'metric', signal) };
}

export async function ownValues(values: Float32Array, signal: AbortSignal | undefined): Promise<Float32Array> {
  const plain = plainArray(values, Float32Array, 'values');
  if (plain === null) throw invalidArgument('values', 'a Float32Array', values);
  return ownArray(plain, 'values', signal);
}
