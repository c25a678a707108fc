/** Feeds texts to a word counter, as many blocks at a time as it counts at a time. */
import { yieldToEventLoop } from '../backend/js/event-loop';
import type { Kernels } from '../backend/kernels';
import type { WordCounterHandle } from '../backend/training-kernels';
import { aborted } from '../errors';
import { wellFormedBytes } from '../tokenizer/well-formed';
import type { TextInput } from '../tokenizer/types';
import { Utf8Assembler } from '../tokenizer/utf8-assembler';
import { type Block, ItemBlocks, LineBlocks, lineBounds } from './blocks';
import type { TextPath } from './text-path';

const SLICE_MILLISECONDS = 5;

export interface FeedOptions {
  readonly replaceInvalid: boolean;
  readonly signal: AbortSignal | undefined;
  /** Hears of bytes that were counted. */
  readonly onBytes: (bytes: number) => void;
  /** Called between calls of the counter, when none is under way, after each `pauseEvery` bytes. */
  readonly onPause: () => Promise<void>;
  readonly pauseEvery: number;
}

export class WordFeed {
  private readonly invalidUtf8: 'replace' | 'error';
  private readonly items = new ItemBlocks();
  private readonly lines: LineBlocks;
  private assembler: Utf8Assembler;
  private readonly running = new Set<Promise<void>>();
  private failure: { readonly error: unknown } | null = null;
  private sincePause = 0;

  constructor(
    private readonly kernels: Kernels,
    private readonly path: TextPath,
    private readonly counter: WordCounterHandle,
    private readonly options: FeedOptions,
  ) {
    this.invalidUtf8 = options.replaceInvalid ? 'replace' : 'error';
    this.lines = new LineBlocks(path.counter.cutsWords);
    this.assembler = new Utf8Assembler(this.invalidUtf8);
  }

  /** Adds a text of its own. Gives a promise only where there is something to wait for. */
  item(text: TextInput): Promise<void> | undefined {
    const block = this.items.add(typeof text === 'string' ? text : wellFormedBytes(text, this.invalidUtf8));
    return block === null ? undefined : this.count(block, this.items);
  }

  /** Adds a part of a text that is read by line. Gives a promise as `item`. */
  chunk(text: TextInput): Promise<void> | undefined {
    const block = this.lines.add(this.assembler.push(text));
    return block === null ? undefined : this.count(block, this.lines);
  }

  /** Ends what `chunk` began. */
  async endOfText(): Promise<void> {
    const block = this.lines.add(this.assembler.end());
    if (block !== null) await this.count(block, this.lines);
    await this.count(this.lines.finish(), this.lines);
    this.assembler = new Utf8Assembler(this.invalidUtf8);
  }

  /** Lets a call of the counter run beside others, once there is a place for it. `bytes` is what it counts. */
  async run(call: () => Promise<void>, bytes: number): Promise<void> {
    await this.restPoint();
    this.sincePause += bytes;
    while (this.running.size > this.kernels.countingThreads) await Promise.race(this.running);
    this.check();
    const done: Promise<void> = call()
      .then(
        () => this.options.onBytes(bytes),
        (error: unknown) => void (this.failure ??= { error }),
      )
      .finally(() => this.running.delete(done));
    this.running.add(done);
  }

  /** A place between texts: time to pause, if that is due. */
  async restPoint(): Promise<void> {
    this.check();
    if (this.sincePause >= this.options.pauseEvery) await this.pause();
  }

  /** Lets everything be counted that was added. */
  async flush(): Promise<void> {
    await this.count(this.items.finish(), this.items);
  }

  /** Waits until everything is counted. */
  async finish(): Promise<void> {
    await this.flush();
    await this.idle();
    this.check();
  }

  /** Waits until no call is under way, whatever became of them. */
  async idle(): Promise<void> {
    await Promise.all(this.running);
  }

  private async pause(): Promise<void> {
    await this.idle();
    this.check();
    this.sincePause = 0;
    await this.options.onPause();
  }

  private check(): void {
    if (this.failure !== null) throw this.failure.error;
    if (this.options.signal?.aborted) throw aborted(this.options.signal);
  }

  private async count(block: Block, blocks: { recycle(block: Block): void }): Promise<void> {
    const bytes = block.offsets.at(-1)!;
    if (bytes === 0) return blocks.recycle(block);
    await this.run(async () => {
      if (this.path.toWords === null) await this.kernels.countTexts(this.counter, block.bytes, block.offsets);
      else await this.countGenerally(block, this.path.toWords);
      blocks.recycle(block);
    }, bytes);
  }

  /** Text by text, in turns of some milliseconds. */
  private async countGenerally({ bytes, offsets }: Block, toWords: NonNullable<TextPath['toWords']>): Promise<void> {
    let sliceStart = performance.now();
    for (let text = 0; text + 1 < offsets.length; text++) {
      const [start, end] = [offsets[text], offsets[text + 1]];
      const bounds = this.path.counter.lines ? lineBounds(bytes, start, end) : start < end ? [start, end] : [];
      for (let i = 0; i < bounds.length; i += 2) {
        this.kernels.addWords(this.counter, toWords(bytes.subarray(bounds[i], bounds[i + 1])));
        if (performance.now() - sliceStart < SLICE_MILLISECONDS) continue;
        await yieldToEventLoop();
        if (this.options.signal?.aborted) throw aborted(this.options.signal);
        sliceStart = performance.now();
      }
    }
  }
}
