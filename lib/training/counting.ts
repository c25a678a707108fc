/** Counting words of whatever users train on, within a limit of memory. */
import type { Kernels } from '../backend/kernels';
import { yieldToEventLoop } from '../backend/js/event-loop';
import type { TokenWordsSpec, WordCounterHandle } from '../backend/training-kernels';
import { aborted, invalidArgument, MerganserError } from '../errors';
import { type CountFile, CountFileWriter, openCountFile, type WrittenBlock } from './count-files';
import { checkHeader, type CountHeader, countHeader, damaged } from './count-format';
import { mergeCounts } from './merge-counts';
import type { ResolvedCounting } from './options';
import { PhaseProgress } from './progress';
import { isCounts, openSource, type Resumption, type Source } from './sources';
import { ResumableFolder, SpillFolder } from './spill-folder';
import { textPath, type TextPath } from './text-path';
import type { CountingOptions, TrainingInput } from './types';
import { WordFeed } from './word-feed';

/** How what was counted is kept, so that counting can be carried on. */
export interface ResumableOptions {
  readonly folder: string;
  /** How long counting goes on before it is kept again, and how many bytes between two looks at the clock. */
  readonly everySeconds: number;
  readonly lookEvery: number;
}

/** The usual ones. */
export function resumableIn(folder: string, everySeconds = 10): ResumableOptions {
  return { folder, everySeconds, lookEvery: everySeconds === 0 ? 1 : 64 << 20 };
}

const SLICE_MILLISECONDS = 1;
/** Bytes of text between two looks at the memory in use: a part of the limit, but for limits that are very small or large. */
const lookEvery = (limit: number): number => Math.min(Math.max(limit / 8, 1 << 20), 16 << 20);

/** Counts words, and gives them to a trainer or a count file. To be closed at the end. */
export class Counting {
  private spill: SpillFolder | null = null;

  private constructor(
    readonly kernels: Kernels,
    readonly path: TextPath,
    readonly counter: WordCounterHandle,
    readonly header: CountHeader,
    private readonly resolved: ResolvedCounting,
    private readonly options: CountingOptions,
    private readonly source: Source | readonly CountFile[],
  ) {}

  /** `tokens`: words of tokens are counted. Throws INVALID_ARGUMENT, NOT_FOUND, MALFORMED_FILE, and what the parts of the tokenizer throw. */
  static async open(
    input: TrainingInput,
    kernels: Kernels,
    resolved: ResolvedCounting,
    options: CountingOptions,
    tokens: TokenWordsSpec | null = null,
  ): Promise<Counting> {
    if (isCounts(input) && resolved.spans !== null)
      throw invalidArgument('input', 'text, since random spans are not in counts of words', input);
    const source = isCounts(input) ? await openCounts(input.counts) : await openSource(input, options.signal);
    const affixed = resolved.continuingPrefix + resolved.endOfWordSuffix !== '';
    const feeding = resolved.feeding ?? ('feeding' in source ? source.feeding : 'items');
    const path = textPath({ ...resolved, affixed }, feeding === 'lines', kernels, tokens);
    const header = countHeader(path, resolved.normalizer, resolved.preTokenizer);
    if (!('feed' in source)) for (const file of source) checkHeader(file.header, header, file.path);
    return new Counting(kernels, path, kernels.createWordCounter(path.counter), header, resolved, options, source);
  }

  /** All that decides about the words, and what identifies where they come from. Only of files and counts. */
  get identity(): unknown {
    const { source, header, reading } = this;
    return { header, reading, of: 'feed' in source ? this.texts : source.map(({ checksum }) => checksum) };
  }

  /** What is read, as it is now; undefined where that cannot be told, as of pipes and iterables. */
  get texts(): Resumption['files'] | undefined {
    return 'feed' in this.source ? this.source.resumption?.files : undefined;
  }

  private get reading(): unknown {
    const { path, resolved, source } = this;
    const field = 'feed' in source ? (source.resumption?.field ?? null) : null;
    return { lines: path.counter.lines, replaceInvalid: resolved.replaceInvalid, spans: resolved.spans, field };
  }

  /**
   * Reads everything. The number of bytes read, where text was read. `resumable`: a folder that keeps what was counted; if there is one from an earlier call,
   * that one is carried on. Throws INVALID_ARGUMENT if it is of other texts or options.
   */
  async count(resumable: ResumableOptions | null = null): Promise<number> {
    const { source, options, header, reading } = this;
    if (!('feed' in source)) return 0;
    if (resumable !== null)
      this.spill = await ResumableFolder.open(resumable.folder, { header, reading }, resumable.everySeconds, source.resumption);
    const progress = new PhaseProgress('pretokenize', source.size, options.onProgress, source.resumption?.skipped());
    const { memoryLimit } = options;
    const feed = new WordFeed(this.kernels, this.path, this.counter, {
      replaceInvalid: this.resolved.replaceInvalid,
      signal: options.signal,
      onBytes: (bytes) => progress.add(bytes),
      onPause: () => this.look(),
      pauseEvery: memoryLimit !== undefined ? lookEvery(memoryLimit) : resumable !== null ? resumable.lookEvery : Infinity,
    });
    try {
      await source.feed({ ...this, feed, replaceInvalid: this.resolved.replaceInvalid });
      await feed.finish();
    } catch (error) {
      await feed.idle();
      if (options.signal?.aborted) await this.keep();
      throw error;
    }
    progress.end();
    if (resumable !== null) await this.keep();
    return progress.amount;
  }

  /** All words in the counter. */
  async gather(): Promise<void> {
    const files = await this.files();
    if (files.length === 0) return;
    for await (const block of this.watched(files, (all) => chained(all))) {
      if (!this.kernels.addWrittenWords(this.counter, block.bytes, block.words)) throw damaged(block.path);
    }
  }

  /** All words in a count file. */
  async write(path: string): Promise<void> {
    if (this.spill !== null && this.kernels.countedWords(this.counter) > 0) await this.spillAll();
    const writer = await CountFileWriter.create(path, this.header);
    try {
      const files = await this.files();
      if (files.length === 0) await writer.writeSorted(this.kernels, this.counter);
      else for await (const block of this.watched(files, mergeCounts)) await writer.write(block);
      await writer.finish();
    } catch (error) {
      await writer.discard();
      throw error;
    }
    await this.spill?.remove();
  }

  /** Leaves nothing behind but what can be carried on. */
  async close(): Promise<void> {
    this.kernels.dispose(this.counter);
    await this.spill?.close();
  }

  /** Blocks that are made of files, with progress in bytes of these. */
  private async *watched<Block>(
    files: readonly CountFile[],
    combine: (files: readonly CountFile[]) => AsyncIterable<Block>,
  ): AsyncGenerator<Block, void, undefined> {
    const { signal, onProgress } = this.options;
    const progress = new PhaseProgress('count', sum(files.map(({ size }) => size)), onProgress);
    const heard = files.map((file) => ({
      ...file,
      async *blocks() {
        for await (const block of file.blocks()) {
          progress.add(block.bytes.length);
          yield block;
        }
      },
    }));
    let sliceStart = performance.now();
    for await (const block of combine(heard)) {
      yield block;
      if (performance.now() - sliceStart > SLICE_MILLISECONDS) {
        await yieldToEventLoop();
        sliceStart = performance.now();
      }
      if (signal?.aborted) throw aborted(signal);
    }
    progress.reach(sum(files.map(({ size }) => size)));
    progress.end();
  }

  private async files(): Promise<readonly CountFile[]> {
    if (!('feed' in this.source)) return this.source;
    return Promise.all((this.spill?.parts ?? []).map((path) => openCountFile(path)));
  }

  private async look(): Promise<void> {
    const { memoryLimit } = this.options;
    const over = memoryLimit !== undefined && this.kernels.counterBytes(this.counter) > memoryLimit;
    if (!over && !(this.spill instanceof ResumableFolder && this.spill.isDue())) return;
    if (this.spill instanceof ResumableFolder && this.spill.canKeep()) await this.keep();
    else await this.spillAll();
  }

  /** What was counted survives, if that is wanted and there is a place to carry on from. */
  private async keep(): Promise<void> {
    if (!(this.spill instanceof ResumableFolder) || !this.spill.canKeep()) return;
    if (this.kernels.countedWords(this.counter) > 0) await this.spillAll();
    await this.spill.keep();
  }

  private async spillAll(): Promise<void> {
    this.spill ??= await SpillFolder.create(this.options.spillFolder);
    const writer = await CountFileWriter.create(this.spill.nextPart(), this.header);
    await writer.writeSorted(this.kernels, this.counter);
    await writer.finish(this.spill instanceof ResumableFolder);
  }
}

async function* chained(files: readonly CountFile[]): AsyncGenerator<WrittenBlock, void, undefined> {
  for (const file of files) yield* file.blocks();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

async function openCounts(counts: string | readonly string[]): Promise<CountFile[]> {
  const paths: unknown = typeof counts === 'string' ? [counts] : counts;
  if (!Array.isArray(paths) || paths.length === 0 || paths.some((path) => typeof path !== 'string'))
    throw invalidArgument('counts', 'paths of count files', counts);
  return Promise.all((paths as string[]).map((path) => openCountFile(path)));
}

/** The error for text without words. */
export function noWords(): MerganserError {
  return new MerganserError('INVALID_ARGUMENT', 'Expected text to train on, but there are no words in it.');
}
