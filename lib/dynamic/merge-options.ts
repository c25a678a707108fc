/** What a merge asks for, checked. */
import { invalidArgument } from '../errors';
import type { MergeBoundary, MergeOptions } from './types';

const BOUNDARIES: readonly MergeBoundary[] = ['pretokens', 'word', 'wordHyphen', 'sentence', 'superword'];
const MOST = 0xffff_ffff;

export interface MergeSettings {
  readonly perSample: boolean;
  /** One number for the batch, or one for each sequence. */
  readonly merges: Uint32Array;
  /** Per cent; null: none is asked for. */
  readonly reduction: number | null;
  readonly minCount: number;
  /** 2³² − 1: when no other pair is left. */
  readonly transition: number;
}

export function checkBoundary(boundary: unknown): MergeBoundary {
  if (!BOUNDARIES.includes(boundary as MergeBoundary)) {
    throw invalidArgument('boundary', BOUNDARIES.map((name) => `'${name}'`).join(', '), boundary);
  }
  return boundary as MergeBoundary;
}

/** Throws INVALID_ARGUMENT. */
export function resolveMergeOptions(options: MergeOptions, boundary: MergeBoundary, sequences: number): MergeSettings {
  const { merges, reduction, perSample = false, minCount = 1, transition } = options;
  if (typeof perSample !== 'boolean') throw invalidArgument('perSample', 'true or false', perSample);
  if (reduction !== undefined && !(typeof reduction === 'number' && reduction >= 0 && reduction <= 100))
    throw invalidArgument('reduction', 'a number of per cent from 0 to 100', reduction);
  if (transition !== undefined && boundary !== 'superword')
    throw invalidArgument('transition', "left out unless boundary is 'superword'", transition);
  return {
    perSample,
    merges: resolveMerges(merges, perSample, sequences),
    reduction: reduction ?? null,
    minCount: checkCount('minCount', minCount, 1),
    transition: transition === undefined ? MOST : checkCount('transition', transition, 0),
  };
}

function resolveMerges(merges: unknown, perSample: boolean, sequences: number): Uint32Array {
  const batches = perSample ? sequences : 1;
  if (merges === undefined) return new Uint32Array(batches).fill(MOST);
  if (typeof merges === 'number') return new Uint32Array(batches).fill(checkCount('merges', merges, 0));
  const list = merges as ArrayLike<unknown>;
  if (!perSample || !(Array.isArray(merges) || ArrayBuffer.isView(merges)) || list.length !== sequences) {
    throw invalidArgument('merges', perSample ? `a number, or ${sequences} numbers, one for each sequence` : 'a number', merges);
  }
  return Uint32Array.from({ length: sequences }, (_, i) => checkCount(`merges[${i}]`, list[i], 0));
}

function checkCount(name: string, value: unknown, least: number): number {
  if (value === Infinity) return MOST;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least)
    throw invalidArgument(name, `an integer of ${least} or more`, value);
  return Math.min(value, MOST);
}
