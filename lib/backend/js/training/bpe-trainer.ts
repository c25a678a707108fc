import { aborted } from '../../../errors';
import type { BpeTrainingSpec, TrainedMerges, TrainingControl } from '../../training-kernels';
import { yieldToEventLoop } from '../event-loop';
import { CompressionPhase } from './compression-phase';
import { mergeFloor, type MergeLimits, MergePhase } from './merge-phase';
import { MergeSchedule } from './merge-schedule';
import { PickyPhase } from './picky-phase';
import { TokenRule } from './token-rule';
import { TokenStrings } from './token-strings';
import { StreamSize } from './stream-size';
import { countSymbols, WordCells } from './word-cells';
import type { WordTable } from './word-table';

/** Candidates between two looks at the clock. */
const CANDIDATES = 16;
/** An id above all others. */
const NO_TOKEN = 0x7fff_ffff;
const SLICE_MILLISECONDS = 5;
const PROGRESS_MILLISECONDS = 100;

/** What is trained on, and what the merges are to make small. */
export interface CountedTables {
  readonly training: WordTable;
  readonly validation?: WordTable | undefined;
}

/** Trains on counted words, in turns of some milliseconds. */
export async function trainBpe(
  words: CountedTables,
  spec: BpeTrainingSpec,
  { signal, onProgress }: TrainingControl,
): Promise<TrainedMerges> {
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
      onProgress?.(phase.progress, merges);
    }
    await yieldToEventLoop();
    if (signal?.aborted) throw aborted(signal);
    sliceStart = performance.now();
  }
  const found = { triples: merges(), counts: Float64Array.from(phase.mergeCounts) };
  return phase instanceof PickyPhase ? { ...found, removals: Uint32Array.from(phase.removals) } : found;
}

function createPhase({ training: words, validation }: CountedTables, spec: BpeTrainingSpec): MergePhase | PickyPhase | CompressionPhase {
  const { symbols, symbolIds, vocabSize, tokenBytes, tokenOffsets, unit } = spec;
  if (spec.removalThreshold !== undefined) return createPickyPhase(words, spec, spec.removalThreshold);
  if (validation !== undefined) return createCompressionPhase(words, validation, spec);
  const start = tokenOffsets.length - 1;
  const schedule = spec.schedule === null ? null : new MergeSchedule(spec.schedule, start);
  const wall = Math.max(vocabSize, start + (spec.schedule?.counts.length ?? 0));
  const cells = new WordCells(words, { kind: spec, symbols, ids: symbolIds }, wall);
  const tokens = new TokenStrings(tokenBytes, tokenOffsets, new TextDecoder().decode(spec.continuingPrefix));
  const firstIds = unit === 'token' ? Uint32Array.from({ length: start }, (_, id) => id) : symbolIds;
  const rule = spec.rule === null ? null : new TokenRule(spec.rule.maxWords, spec.rule.traits);
  return new MergePhase(cells, tokens, firstIds, { ...spec, ...floorOf(cells, spec), tokenWords: unit === 'token' }, rule, schedule);
}

function createPickyPhase(words: WordTable, spec: BpeTrainingSpec, threshold: number): PickyPhase {
  const { symbols, symbolIds, tokenBytes, tokenOffsets } = spec;
  const cells = new WordCells(words, { kind: spec, symbols, ids: symbolIds }, NO_TOKEN);
  const tokens = new TokenStrings(tokenBytes, tokenOffsets, new TextDecoder().decode(spec.continuingPrefix));
  return new PickyPhase(cells, tokens, symbolIds, { ...spec, floor: wordFloor(cells, spec), threshold });
}

function createCompressionPhase(training: WordTable, validation: WordTable, spec: BpeTrainingSpec): CompressionPhase {
  const { symbols, symbolIds, tokenBytes, tokenOffsets, leastCount } = spec;
  const size = new StreamSize();
  const found = countSymbols(validation, spec);
  found.symbols.forEach((symbol, i) => {
    const at = symbols.indexOf(symbol);
    if (at >= 0) size.add(symbolIds[at], found.counts[i]);
  });
  const [words, others] = [training, validation].map((table) => new WordCells(table, { kind: spec, symbols, ids: symbolIds }, NO_TOKEN));
  const tokens = new TokenStrings(tokenBytes, tokenOffsets, new TextDecoder().decode(spec.continuingPrefix));
  const limits = { ...spec, floor: leastCount, candidates: spec.compression!.candidates };
  return new CompressionPhase({ training: words, validation: others }, tokens, symbolIds, limits, size);
}

/** No merge has a lower count; or a guess is wanted, if nothing is known. */
function floorOf(cells: WordCells, spec: BpeTrainingSpec): Pick<MergeLimits, 'floor' | 'guesses'> {
  const { schedule, leastCount, vocabSize, tokenOffsets } = spec;
  // If there were no supermerge at all, the last merge would be the last one of the schedule.
  if (schedule?.forced === 0) return { floor: Math.max(leastCount, schedule.counts.at(-1) ?? 0), guesses: 0 };
  if (spec.unit === 'token') return { floor: Infinity, guesses: Math.max(0, vocabSize - tokenOffsets.length + 1) };
  return { floor: wordFloor(cells, spec), guesses: 0 };
}

/** With prefixes and suffixes, different words may be spelled alike. */
function wordFloor(cells: WordCells, spec: BpeTrainingSpec): number {
  return spec.placed ? spec.leastCount : mergeFloor(cells, new Set(spec.symbolIds).size, spec);
}
