import { aborted } from '../../errors';
import { joinBytes } from '../../tokenizer/join-bytes';
import type { AsyncControl, ChunkedTexts, EncodeControl, EncoderSpec, RaggedIds } from '../kernels';
import { AddedTokens } from './added-tokens';
import type { BpeModel } from './bpe-model';
import { type EncoderParts, EncodeRun } from './encode-run';
import { yieldToEventLoop } from './event-loop';
import { IdBuffer } from './id-buffer';
import { PieceEncoder } from './piece-encoder';
import { Splitter } from './splitter';
import { TextSource } from './text-source';
import { viewText } from './text-view';

/** How long the asynchronous form keeps the thread at a time. */
const SLICE_MILLISECONDS = 5;
/** How often progress is told. */
const PROGRESS_MILLISECONDS = 250;

/** The whole path from text to ids. */
export class Encoder {
  private readonly parts: EncoderParts;
  private readonly run: EncodeRun;
  private readonly source = new TextSource();
  private readonly out = new IdBuffer();

  /** `model`: made from `spec.model`. */
  constructor(spec: EncoderSpec, model: BpeModel) {
    this.parts = {
      spec,
      added: spec.added.length === 0 ? null : new AddedTokens(spec.added),
      splitter: new Splitter(spec.steps, spec.scanner),
      pieces: new PieceEncoder(model, spec.cacheBytes),
    };
    this.run = new EncodeRun(this.parts);
  }

  encode(text: string | Uint8Array, { actions, continues }: EncodeControl): Uint32Array {
    const { run, out, source } = this;
    out.clear();
    source.read(text);
    try {
      run.begin(source.text, 0, source.length, actions, continues);
      while (run.advance(out));
      return out.take();
    } finally {
      this.release();
    }
  }

  count(text: string | Uint8Array, { actions }: EncodeControl, limit: number): number {
    const { run, out, source } = this;
    out.clear();
    source.read(text);
    try {
      run.begin(source.text, 0, source.length, actions);
      let count = 0;
      while (count <= limit && run.advance(out)) {
        count += out.length;
        out.clear();
      }
      return count;
    } finally {
      this.release();
    }
  }

  encodeBatch(text: Uint8Array, textOffsets: Uint32Array, { actions }: EncodeControl): RaggedIds {
    const { run, out } = this;
    const view = viewText(text);
    const offsets = new Uint32Array(textOffsets.length);
    out.clear();
    try {
      for (let i = 0; i + 1 < textOffsets.length; i++) {
        run.begin(view, textOffsets[i], textOffsets[i + 1], actions);
        while (run.advance(out));
        offsets[i + 1] = out.length;
      }
      return { values: out.take(), offsets };
    } finally {
      this.release();
    }
  }

  /** Lets go of the user's text. */
  private release(): void {
    this.run.release();
    this.source.release();
  }

  /** The same in slices of a few milliseconds, between which the thread does other things. */
  async encodeBatchAsync({ chunks, offsets: textOffsets }: ChunkedTexts, control: AsyncControl): Promise<RaggedIds> {
    const text = joinBytes(chunks);
    const run = new EncodeRun(this.parts);
    const out = new IdBuffer();
    const view = viewText(text);
    const offsets = new Uint32Array(textOffsets.length);
    const slices = new Slices(control);
    await slices.begin();
    for (let i = 0; i + 1 < textOffsets.length; i++) {
      run.begin(view, textOffsets[i], textOffsets[i + 1], control.actions, i === 0 && control.continues);
      while (run.advance(out)) if (slices.isOver()) await slices.next(textOffsets[i] - textOffsets[0] + run.bytesDone);
      offsets[i + 1] = out.length;
    }
    slices.finish(textOffsets[textOffsets.length - 1] - textOffsets[0]);
    return { values: out.take(), offsets };
  }
}

/** Time slices of an asynchronous run. */
class Slices {
  private readonly signal: AbortSignal | undefined;
  private readonly onProgress: AsyncControl['onProgress'];
  private sliceStart = 0;
  private lastProgress = performance.now();

  constructor({ signal, onProgress }: AsyncControl) {
    this.signal = signal;
    this.onProgress = onProgress;
  }

  isOver(): boolean {
    return performance.now() - this.sliceStart > SLICE_MILLISECONDS;
  }

  /** Ends a slice; rejects with ABORTED. */
  async next(bytesDone: number): Promise<void> {
    const now = performance.now();
    if (now - this.lastProgress >= PROGRESS_MILLISECONDS) {
      this.lastProgress = now;
      this.onProgress?.(bytesDone);
    }
    await this.begin();
  }

  /** The work is done. */
  finish(bytesDone: number): void {
    this.onProgress?.(bytesDone);
  }

  /** Begins a slice after other work of the thread; rejects with ABORTED. */
  async begin(): Promise<void> {
    if (this.signal?.aborted !== true) await yieldToEventLoop();
    if (this.signal?.aborted === true) throw aborted(this.signal);
    this.sliceStart = performance.now();
  }
}
