/** Encoding to ids alone: single texts, pairs and batches. */
import type { Dropout } from '../backend/js/dropout';
import {
  type AsyncControl,
  type ChunkedTexts,
  DisallowedAddedToken,
  type EncoderHandle,
  MalformedText,
  type RaggedIds,
  TakenAway,
} from '../backend/kernels';
import { aborted, invalidArgument, MerganserError } from '../errors';
import type { EncodeSettings } from './encode-options';
import type { Engine } from './engine';
import { applyLayout, type Layout, layoutLength, writeLayout } from './layout';
import { padBatch, paddedLength, padIds } from './padding';
import { checkText, kernelText, wellFormedTexts } from './text-input';
import { type Chunking, chunkTexts, joinTexts, type JoinedTexts } from './text-joiner';
import { checkPartStride, keptLengths, roomForText } from './truncation';
import type { RaggedTokens, TextInput } from './types';
import type { InvalidUtf8 } from './well-formed';

/** The ids of a text or a pair, with everything that the settings ask for. */
export function encodeIds(engine: Engine, text: TextInput, pair: TextInput | undefined, settings: EncodeSettings): Uint32Array {
  checkText(text);
  // What nearly every call is comes without an array or a closure made for it.
  if (pair === undefined && settings.truncation === null && settings.padding === null) {
    const ids = engine.textIds(kernelText(text, settings.invalidUtf8), settings.control, settings.dropout);
    const layout = engine.layouts.get(false, settings.addSpecialTokens);
    return layout.isIdentity ? ids : applyLayout(layout, [ids]);
  }
  if (pair !== undefined) checkText(pair, 'pair');
  const texts = (pair === undefined ? [text] : [text, pair]).map((input) =>
    engine.textIds(kernelText(input, settings.invalidUtf8), settings.control, settings.dropout),
  );
  const layout = engine.layouts.get(pair !== undefined, settings.addSpecialTokens);
  const ids = applyLayout(layout, truncated(engine, texts, settings));
  return settings.padding === null ? ids : padIds(ids, paddedLength([ids.length], settings.padding), settings.padding);
}

function truncated(engine: Engine, texts: readonly Uint32Array[], settings: EncodeSettings): readonly Uint32Array[] {
  if (settings.truncation === null) return texts;
  const pair = texts.length === 2;
  const added = settings.addSpecialTokens ? (engine.postProcessor?.addedTokens(pair) ?? 0) : 0;
  const truncation = roomForText(settings.truncation, added);
  const kept = keptLengths(texts[0].length, texts[1]?.length ?? -1, truncation);
  return texts.map((ids, index) => {
    const length = kept[index];
    if (length === ids.length) return ids;
    if (length > 0) checkPartStride(truncation.stride, length);
    return truncation.direction === 'right' ? ids.subarray(0, length) : ids.subarray(ids.length - length);
  });
}

/** What a batch is made of: the texts, and the second texts of pairs if there are any. */
export interface BatchInput {
  readonly texts: JoinedTexts;
  readonly pairs: JoinedTexts | null;
}

interface ChunkedBatch {
  readonly texts: ChunkedTexts;
  readonly pairs: ChunkedTexts | null;
}

export function joinBatch(texts: unknown, pairs: unknown, settings: EncodeSettings): BatchInput {
  checkTexts(texts);
  checkPairs(pairs, texts);
  return {
    texts: joinTexts(texts, settings.invalidUtf8),
    pairs: pairs === undefined ? null : joinTexts(pairs, settings.invalidUtf8, 'pairs'),
  };
}

function checkTexts(texts: unknown): asserts texts is TextInput[] {
  if (!Array.isArray(texts)) throw invalidArgument('texts', 'an array of strings or Uint8Arrays', texts);
}

function checkPairs(pairs: unknown, texts: TextInput[]): asserts pairs is TextInput[] | undefined {
  if (pairs !== undefined && (!Array.isArray(pairs) || pairs.length !== texts.length))
    throw invalidArgument('pairs', `an array of ${texts.length} texts, one for each of texts`, pairs);
}

/** The same for threads: large arrays stay where they are, if the backend takes them as they are. Many strings take turns of the event loop. */
export function chunkBatch(
  engine: Engine,
  texts: unknown,
  pairs: unknown,
  settings: EncodeSettings,
  signal: AbortSignal | undefined,
): ChunkedBatch | Promise<ChunkedBatch> {
  checkTexts(texts);
  checkPairs(pairs, texts);
  const { kernels } = engine;
  const { ownChunkBytes } = kernels;
  const chunking: Chunking | null =
    engine.encoder !== null && settings.dropout === null && ownChunkBytes < Infinity
      ? { ownChunkBytes, allocate: (bytes) => kernels.allocate(bytes) }
      : null;
  const first = chunkTexts(texts, settings.invalidUtf8, chunking, signal);
  const second = pairs === undefined ? null : chunkTexts(pairs, settings.invalidUtf8, chunking, signal, 'pairs');
  if (!('then' in first) && (second === null || !('then' in second))) return { texts: first, pairs: second };
  return Promise.all([first, second]).then(([texts, pairs]) => ({ texts, pairs }));
}

/** A batch, on this thread. */
export function encodeBatchSync(engine: Engine, input: BatchInput, settings: EncodeSettings): RaggedTokens {
  const first = batchIds(engine, input.texts, settings);
  const second = input.pairs === null ? null : batchIds(engine, input.pairs, settings);
  return finishBatch(engine, first, second, settings);
}

function batchIds(engine: Engine, texts: JoinedTexts, { control, dropout }: EncodeSettings): RaggedIds {
  const { encoder } = engine;
  if (encoder !== null && dropout === null)
    return engine.explainingRefusal(() => engine.kernels.encodeBatch(encoder, texts.bytes, texts.offsets, control));
  const parts: Uint32Array[] = [];
  for (let i = 0; i + 1 < texts.offsets.length; i++) parts.push(engine.textIds(textAt(texts, i), control, dropoutOf(dropout, i)));
  return ragged(parts);
}

/** How a batch reports and is stopped. */
export interface BatchProgress {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((fraction: number) => void) | undefined;
}

/** A batch, off this thread where the backend has fused the tokenizer's path; otherwise on it, in turns with other work. */
export async function encodeBatchAsync(
  engine: Engine,
  input: ChunkedBatch,
  settings: EncodeSettings,
  progress: BatchProgress,
): Promise<RaggedTokens> {
  const firstBytes = byteLength(input.texts);
  const total = Math.max(1, firstBytes + (input.pairs === null ? 0 : byteLength(input.pairs)));
  const run = (texts: ChunkedTexts, before: number): Promise<RaggedIds> =>
    batchIdsAsync(
      engine,
      texts,
      settings,
      progress.signal,
      progress.onProgress && ((done) => progress.onProgress!(Math.min(1, (before + done) / total))),
    );
  const first = await run(input.texts, 0);
  const second = input.pairs === null ? null : await run(input.pairs, firstBytes);
  engine.checkAlive();
  return finishBatch(engine, first, second, settings);
}

/** Longest stay on the calling thread without giving others a turn. */
const TURN_MS = 8;

async function batchIdsAsync(
  engine: Engine,
  texts: ChunkedTexts,
  { control, dropout, invalidUtf8 }: EncodeSettings,
  signal: AbortSignal | undefined,
  onProgress: ((bytesDone: number) => void) | undefined,
): Promise<RaggedIds> {
  if (signal?.aborted) throw aborted(signal);
  const { encoder } = engine;
  if (encoder !== null && dropout === null) {
    try {
      return await encodeUnchecked(engine, encoder, texts, { ...control, signal, onProgress }, invalidUtf8);
    } catch (error) {
      throw engine.explainRefusal(error);
    }
  }
  const joined = { bytes: texts.chunks[0], offsets: texts.offsets };
  const parts: Uint32Array[] = [];
  let turnEnd = performance.now() + TURN_MS;
  for (let i = 0; i + 1 < texts.offsets.length; i++) {
    if (performance.now() >= turnEnd) {
      onProgress?.(texts.offsets[i]);
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (signal?.aborted) throw aborted(signal);
      turnEnd = performance.now() + TURN_MS;
    }
    parts.push(engine.textIds(textAt(joined, i), control, dropoutOf(dropout, i)));
  }
  onProgress?.(joined.bytes.length);
  return ragged(parts);
}

/** What is malformed is replaced, or an error, before any refused token is. */
async function encodeUnchecked(
  engine: Engine,
  encoder: EncoderHandle,
  texts: ChunkedTexts,
  control: AsyncControl,
  invalidUtf8: InvalidUtf8,
): Promise<RaggedIds> {
  const { kernels } = engine;
  try {
    return await kernels.encodeBatchAsync(encoder, texts, control);
  } catch (error) {
    if (!(error instanceof MalformedText) && !(error instanceof DisallowedAddedToken)) throw unlessChanged(error);
    try {
      const mended = await wellFormedTexts(texts, invalidUtf8, control.signal);
      if (mended === texts) throw error;
      engine.checkAlive();
      return await kernels.encodeBatchAsync(encoder, mended, control);
    } catch (again) {
      throw unlessChanged(again);
    }
  }
}

/** Malformed bytes where there were none when they were looked at, or no bytes any more. */
function unlessChanged(error: unknown): unknown {
  if (error instanceof TakenAway) return takenAway();
  return error instanceof MalformedText ? changedMeanwhile() : error;
}

function takenAway(): MerganserError {
  return new MerganserError(
    'INVALID_ARGUMENT',
    'Expected texts to keep their memory while they are encoded, but it was given away meanwhile (an ArrayBuffer was transferred, or a WebAssembly memory grew).',
  );
}

function changedMeanwhile(): MerganserError {
  return new MerganserError(
    'INVALID_UTF8',
    'Expected the bytes of texts to stay as they are while they are encoded, but malformed ones were changed meanwhile.',
  );
}

function byteLength({ offsets }: ChunkedTexts): number {
  return offsets[offsets.length - 1];
}

/** Every text of a batch has a seed of its own. */
export function dropoutOf(dropout: Dropout | null, text: number): Dropout | null {
  return dropout && { ...dropout, seed: (dropout.seed + text) >>> 0 };
}

function textAt({ bytes, offsets }: JoinedTexts, index: number): Uint8Array {
  return bytes.subarray(offsets[index], offsets[index + 1]);
}

function ragged(parts: readonly Uint32Array[]): RaggedIds {
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach((ids, i) => (offsets[i + 1] = offsets[i] + ids.length));
  const values = new Uint32Array(offsets[parts.length]);
  parts.forEach((ids, i) => values.set(ids, offsets[i]));
  return { values, offsets };
}

/** Truncation, special tokens and padding of a batch. */
function finishBatch(engine: Engine, first: RaggedIds, second: RaggedIds | null, settings: EncodeSettings): RaggedTokens {
  const layout = engine.layouts.get(second !== null, settings.addSpecialTokens);
  const plain = second === null && layout.isIdentity && settings.truncation === null;
  const batch = plain ? { ...first } : layOut(engine, layout, first, second, settings);
  return settings.padding === null ? batch : padBatch(batch, settings.padding);
}

function layOut(engine: Engine, layout: Layout, first: RaggedIds, second: RaggedIds | null, settings: EncodeSettings): RaggedTokens {
  const count = first.offsets.length - 1;
  const sequences = Array.from({ length: count }, (_, i) => {
    const texts = [first, ...(second === null ? [] : [second])].map(({ values, offsets }) => values.subarray(offsets[i], offsets[i + 1]));
    return truncated(engine, texts, settings);
  });
  const offsets = new Uint32Array(count + 1);
  sequences.forEach((texts, i) => {
    const lengths = texts.map((ids) => ids.length);
    offsets[i + 1] = offsets[i] + layoutLength(layout, lengths);
  });
  const values = new Uint32Array(offsets[count]);
  sequences.forEach((texts, i) => writeLayout(layout, texts, values, offsets[i]));
  return { values, offsets };
}
