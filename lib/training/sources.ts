/** Reads what users train on, and feeds it to a counter. */
import { yieldToEventLoop } from '../backend/js/event-loop';
import type { Kernels } from '../backend/kernels';
import type { WordCounterHandle } from '../backend/training-kernels';
import { invalidArgument, MerganserError } from '../errors';
import { isBytes } from '../tokenizer/text-input';
import type { TextInput } from '../tokenizer/types';
import { findFiles, readFileChunks, type TrainingFile, unreadable } from './files';
import { joinBytes } from '../tokenizer/join-bytes';
import { readJsonLines } from './json-lines';
import type { TextPath } from './text-path';
import type { TrainingCounts, TrainingFiles, TrainingInput, TrainingTexts } from './types';
import type { WordFeed } from './word-feed';
import { Waiting } from './waiting';

/** Bytes of a file that are counted in one call. */
const PORTION_BYTES = 1 << 20;

/** How long texts are taken without a break, and after how many the clock is looked at. */
const SLICE_MILLISECONDS = 1;
const LOOK_EVERY = 16;

/** What there is to read. */
export interface Source {
  /** Bytes in all; null if that is not known. */
  readonly size: number | null;
  /** What is a text of its own if the user does not say. */
  readonly feeding: 'lines' | 'items';
  feed(to: Reader): Promise<void>;
  /** Set where the source can be read on from a place. */
  readonly resumption?: Resumption;
}

/** A place in a list of files. */
export interface Position {
  readonly file: number;
  readonly byte: number;
}

export interface Resumption {
  /** What identifies the files as they are. */
  readonly files: ReadonlyArray<{ readonly path: string; readonly size: number; readonly modified: number }>;
  /** Of JSON Lines. */
  readonly field: string | null;
  /** Where `feed` begins. */
  start: Position;
  /** Bytes before that. */
  skipped(): number;
  /** Everything before it was handed over, and nothing behind it; null in the middle of a file that is not cut into portions. */
  position: Position | null;
}

/** Where text goes. */
export interface Reader {
  readonly kernels: Kernels;
  readonly path: TextPath;
  readonly counter: WordCounterHandle;
  readonly feed: WordFeed;
  readonly replaceInvalid: boolean;
}

export function isCounts(input: TrainingInput): input is TrainingCounts {
  return typeof input === 'object' && input !== null && 'counts' in input;
}

/** Throws INVALID_ARGUMENT, NOT_FOUND, ABORTED. */
export async function openSource(input: Exclude<TrainingInput, TrainingCounts>, signal?: AbortSignal): Promise<Source> {
  if (typeof input === 'object' && input !== null && 'files' in input) return openFiles(input);
  if (typeof input === 'string' || isBytes(input) || !isIterable(input))
    throw invalidArgument('input', 'an iterable of texts, a stream, or an object with files or counts', input);
  return openTexts(input, signal);
}

function isIterable(input: unknown): input is AsyncIterable<TextInput> | Iterable<TextInput> {
  return typeof input === 'object' && input !== null && (Symbol.iterator in input || Symbol.asyncIterator in input);
}

/** The first element decides whether these are texts or the bytes of one. */
async function openTexts(texts: TrainingTexts, signal: AbortSignal | undefined): Promise<Source> {
  const waits = Symbol.asyncIterator in texts;
  const iterator = waits ? texts[Symbol.asyncIterator]() : (texts as Iterable<TextInput>)[Symbol.iterator]();
  const waiting = new Waiting(signal);
  const close = async (): Promise<void> => {
    waiting.end();
    const closed = Promise.resolve(iterator.return?.());
    // Whoever waits for an element for ever waits for ever to be closed.
    if (waiting.wasLeft) closed.catch(() => undefined);
    else await closed;
  };
  const first = await waiting.for(iterator.next()).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    size: null,
    feeding: isBytes(first.value) ? 'lines' : 'items',
    async feed({ path, feed }) {
      const byLine = path.counter.lines;
      try {
        const turns = new Turns();
        // Without waiting where there is nothing to wait for: short texts come by the million.
        for (let element = first; !element.done;) {
          const added = byLine ? feed.chunk(element.value) : feed.item(checkedText(element.value));
          if (added !== undefined) await added;
          if (turns.areOver()) await turns.next();
          const next = iterator.next();
          element = waits ? await waiting.for(next) : (next as IteratorResult<TextInput>);
        }
      } finally {
        await close();
      }
      if (byLine) await feed.endOfText();
    },
  };
}

/** Lets the event loop have its turn every few milliseconds. */
class Turns {
  private looks = 0;
  private started = performance.now();

  areOver(): boolean {
    return ++this.looks % LOOK_EVERY === 0 && performance.now() - this.started > SLICE_MILLISECONDS;
  }

  async next(): Promise<void> {
    await yieldToEventLoop();
    this.started = performance.now();
  }
}

function checkedText(text: unknown): TextInput {
  if (typeof text === 'string' || isBytes(text)) return text;
  throw invalidArgument('every text', 'a string or a Uint8Array', text);
}

async function openFiles({ files, field }: TrainingFiles): Promise<Source> {
  if (field !== undefined && typeof field !== 'string') throw invalidArgument('field', 'the name of a field', field);
  const found = await findFiles(files);
  const known = found.every(({ size, compression }) => size !== null && compression === null);
  const resumption: Resumption = {
    files: found.map(({ path, size, modified }) => ({ path, size: size ?? 0, modified })),
    field: field ?? null,
    start: { file: 0, byte: 0 },
    skipped() {
      const { file, byte } = resumption.start;
      return resumption.files.slice(0, file).reduce((sum, { size }) => sum + size, byte);
    },
    position: { file: 0, byte: 0 },
  };
  return {
    size: known ? resumption.files.reduce((sum, { size }) => sum + size, 0) : null,
    feeding: field === undefined ? 'lines' : 'items',
    ...(found.every(({ size }) => size !== null) ? { resumption } : {}),
    async feed(reader) {
      for (let file = resumption.start.file; file < found.length; file++) {
        const byte = file === resumption.start.file ? resumption.start.byte : 0;
        const { size, compression } = found[file];
        const inPortions = field === undefined && compression === null && reader.path.toWords === null && reader.kernels.countFile !== null;
        if (inPortions && size !== null && size > 0) {
          await feedPortions(found[file], size, byte, reader, (at) => (resumption.position = { file, byte: at }));
        } else {
          resumption.position = null;
          if (field !== undefined) await feedJsonLines(found[file], field, reader);
          else await feedChunks(found[file], reader);
          await reader.feed.flush();
        }
        resumption.position = { file: file + 1, byte: 0 };
        await reader.feed.restPoint();
      }
    },
  };
}

async function feedJsonLines(file: TrainingFile, field: string, { path, feed, replaceInvalid }: Reader): Promise<void> {
  for await (const text of readJsonLines(readFileChunks(file), field, file.path, replaceInvalid)) {
    if (!path.counter.lines) await feed.item(text);
    else {
      await feed.chunk(text);
      await feed.endOfText();
    }
  }
}

async function feedChunks(file: TrainingFile, { path, feed }: Reader): Promise<void> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of readFileChunks(file)) {
      if (path.counter.lines) await feed.chunk(chunk);
      else chunks.push(chunk);
    }
    if (path.counter.lines) await feed.endOfText();
    else await feed.item(joinBytes(chunks));
  } catch (error) {
    throw error instanceof MerganserError && error.code === 'INVALID_UTF8' ? notUtf8(file, '', error) : error;
  }
}

/** The backend reads the file itself, several parts of it at a time. */
async function feedPortions(
  file: TrainingFile,
  size: number,
  start: number,
  { kernels, path, counter, feed, replaceInvalid }: Reader,
  reached: (byte: number) => void,
): Promise<void> {
  const portion = path.counter.lines || path.counter.cutsWords ? PORTION_BYTES : size;
  for (let from = start; from < size; from += portion) {
    reached(from);
    const to = Math.min(from + portion, size);
    await feed.run(
      () => kernels.countFile!(counter, file.path, { from, to, size }, replaceInvalid).catch(explain(file, from, to)),
      to - from,
    );
  }
}

function explain(file: TrainingFile, from: number, to: number): (error: unknown) => never {
  return (error) => {
    const code = error instanceof MerganserError ? error.code : 'INTERNAL';
    if (code === 'NOT_FOUND') throw unreadable(file.path, error);
    if (code !== 'INVALID_UTF8') throw error;
    throw notUtf8(file, ` at about ${from} to ${to}`, error);
  };
}

function notUtf8({ path }: TrainingFile, place: string, cause: unknown): MerganserError {
  const message = `Expected ${path} to be UTF-8, but there are malformed bytes${place}. To train all the same, pass invalidUtf8: 'replace'.`;
  return new MerganserError('INVALID_UTF8', message, { cause });
}
