import { aborted } from '../../../errors';
import type { BpeTrainingSpec, TrainingControl } from '../../training-kernels';
import { yieldToEventLoop } from '../event-loop';
import { mergeFloor, MergePhase } from './merge-phase';
import { TokenStrings } from './token-strings';
import { WordCells } from './word-cells';
import type { WordTable } from './word-table';

/** Candidates between two looks at the clock. */
const CANDIDATES = 16;
const SLICE_MILLISECONDS = 5;
const PROGRESS_MILLISECONDS = 100;

/** Trains on counted words, in turns of some milliseconds. (left, right, product) ids in order. */
export async function trainBpe(words: WordTable, spec: BpeTrainingSpec, { signal, onProgress }: TrainingControl): Promise<Uint32Array> {
  if (signal?.aborted) throw aborted(signal);
  const phase = createPhase(words, spec);
  const merges = (): Uint32Array => Uint32Array.from(phase.merges);
  let sliceStart = performance.now();
  let told = sliceStart;
  while (phase.run(CANDIDATES)) {
    const now = performance.now();
    if (now - sliceStart < SLICE_MILLISECONDS) continue;
    if (now - told >= PROGRESS_MILLISECONDS) {
      told = now;
      onProgress?.(phase.mergeCount, merges);
    }
    await yieldToEventLoop();
    if (signal?.aborted) throw aborted(signal);
    sliceStart = performance.now();
  }
  return merges();
}

function createPhase(words: WordTable, spec: BpeTrainingSpec): MergePhase {
  const { symbols, symbolIds, placed, vocabSize, leastCount, tokenBytes, tokenOffsets } = spec;
  const wall = Math.max(vocabSize, tokenOffsets.length - 1);
  const cells = new WordCells(words, { kind: spec, symbols, ids: symbolIds }, wall);
  const tokens = new TokenStrings(tokenBytes, tokenOffsets, new TextDecoder().decode(spec.continuingPrefix));
  // With prefixes and suffixes, different words may be spelled alike.
  const floor = placed ? leastCount : mergeFloor(cells, new Set(symbolIds).size, spec);
  return new MergePhase(cells, tokens, symbolIds, { ...spec, floor });
}
