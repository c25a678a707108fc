/** Counting words of whatever users train on, within a limit of memory. */
import type { Kernels } from '../backend/kernels';
import type { TokenWordsSpec, WordCounterHandle } from '../backend/training-kernels';
import { invalidArgument, MerganserError } from '../errors';
import { type CountFile, CountFileWriter, openCountFile } from './count-files';
import { checkHeader, type CountHeader, countHeader } from './count-format';
import { mergeCounts } from './merge-counts';
import type { ResolvedCounting } from './options';
import { PhaseProgress } from './progress';
import { isCounts, openSource, type Source } from './sources';
import { ResumableFolder, SpillFolder } from './spill-folder';
import { textPath, type TextPath } from './text-path';
import type { CountingOptions, TrainingInput } from './types';
import { WordFeed } from './word-feed';

/** Bytes of text between two looks whether what was counted should be kept. */
const KEEP_EVERY = 64 << 20;
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
    const source = isCounts(input) ? await openCounts(input.counts) : await openSource(input);
    const affixed = resolved.continuingPrefix + resolved.endOfWordSuffix !== '';
    const feeding = resolved.feeding ?? ('feeding' in source ? source.feeding : 'items');
    const path = textPath({ ...resolved, affixed }, feeding === 'lines', kernels, tokens);
    const header = countHeader(path, resolved.normalizer, resolved.preTokenizer);
    if (!('feed' in source)) for (const file of source) checkHeader(file.header, header, file.path);
    return new Counting(kernels, path, kernels.createWordCounter(path.counter), header, resolved, options, source);
  }

  /**
   * Reads everything. The number of bytes read, where text was read. `resumable`: a folder that keeps what was counted until `finishResumable`; if there is
   * one from an earlier call, that one is carried on. Throws INVALID_ARGUMENT if it is of other texts or options.
   */
  async count(resumable: string | null = null): Promise<number> {
    const { source, options } = this;
    if (!('feed' in source)) return 0;
    if (resumable !== null) this.spill = await ResumableFolder.open(resumable, this.header, source.resumption);
    const progress = new PhaseProgress('pretokenize', source.size, options.onProgress);
    const { memoryLimit } = options;
    const feed = new WordFeed(this.kernels, this.path, this.counter, {
      replaceInvalid: this.resolved.replaceInvalid,
      signal: options.signal,
      onBytes: (bytes) => progress.add(bytes),
      onPause: () => this.look(),
      pauseEvery: memoryLimit !== undefined ? lookEvery(memoryLimit) : resumable !== null ? KEEP_EVERY : Infinity,
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
    return progress.amount;
  }

  /** All words in the counter. */
  async gather(): Promise<void> {
    for (const file of await this.files()) for await (const block of file.blocks()) this.kernels.addWords(this.counter, block);
  }

  /** All words in a count file. */
  async write(path: string): Promise<void> {
    if (this.spill !== null && this.kernels.countedWords(this.counter) > 0) await this.spillAll();
    const writer = await CountFileWriter.create(path, this.header);
    try {
      const files = await this.files();
      if (files.length === 0) await writer.write(await this.kernels.sortWords(this.counter));
      else for await (const block of mergeCounts(files)) await writer.write(block);
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
    if (!(this.spill instanceof ResumableFolder)) await this.spill?.remove();
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
    await this.spillAll();
    await this.spill.keep();
  }

  private async spillAll(): Promise<void> {
    this.spill ??= await SpillFolder.create(this.options.spillFolder);
    const writer = await CountFileWriter.create(this.spill.nextPart(), this.header);
    await writer.write(await this.kernels.sortWords(this.counter));
    await writer.finish();
  }
}

async function openCounts(counts: string | readonly string[]): Promise<CountFile[]> {
  const paths: unknown = typeof counts === 'string' ? [counts] : counts;
  if (!Array.isArray(paths) || paths.length === 0) throw invalidArgument('counts', 'paths of count files', counts);
  return Promise.all((paths as string[]).map((path) => openCountFile(path)));
}

/** The error for text without words. */
export function noWords(): MerganserError {
  return new MerganserError('INVALID_ARGUMENT', 'Expected text to train on, but there are no words in it.');
}
