/** Encoding a text that comes in chunks. */
import type { EncodeControl } from '../backend/kernels';
import { invalidArgument } from '../errors';
import type { EncodeSettings } from './encode-options';
import type { Engine } from './engine';
import { joinBytes } from './join-bytes';
import { SpareMemory } from './spare-memory';
import { StreamCuts } from './stream-cuts';
import type { TextInput } from './types';
import { Utf8Assembler } from './utf8-assembler';

/** Less than this waits for more: short calls cost more than they give. */
const LEAST_PENDING = 1024;
/** From here on other threads give more than it costs to ask them. */
const LEAST_FOR_THREADS = 1 << 18;
/** Parts that are encoded by other threads side by side: so many, and their ids, are in memory. */
export const MOST_RUNNING = 2;
const NO_IDS = new Uint32Array(0);

/** A part of the text that can be encoded by itself. */
interface Part {
  readonly text: Uint8Array;
  /** Bytes of the text that come before it. */
  readonly before: number;
}

export class EncodeStreamer {
  private readonly assembler: Utf8Assembler;
  /** For parts, which are encoded when they are given back: one is put together while others are encoded. */
  private readonly memory = new SpareMemory(MOST_RUNNING + 1);
  private readonly cuts: StreamCuts | null;
  /** Ids that come before the text, until they have been given out. */
  private prefix: Uint32Array;
  private readonly suffix: Uint32Array;
  /** Text that has not been encoded, in order. */
  private pending: Uint8Array[] = [];
  private pendingLength = 0;
  /** Length at which the next search for a cut is worth its cost: twice what the last one searched in vain. */
  private nextSearch: number;
  /** Bytes that were taken to be encoded. */
  private taken = 0;

  constructor(
    private readonly engine: Engine,
    private readonly settings: EncodeSettings,
    /** Less text than this is not searched for a place to cut. */
    private readonly leastPending = LEAST_PENDING,
  ) {
    if (settings.dropout !== null) throw invalidArgument('dropout', 'left out of streams', settings.dropout.probability);
    const { pieces } = engine.layouts.get(false, settings.addSpecialTokens);
    const place = pieces.indexOf(0);
    if (place < 0 || pieces.lastIndexOf(0) !== place) {
      throw invalidArgument(
        'addSpecialTokens',
        'false: the post-processor does not put the text in exactly once, and so cannot be streamed',
        true,
      );
    }
    this.prefix = joinIds(pieces.slice(0, place) as Uint32Array[]);
    this.suffix = joinIds(pieces.slice(place + 1) as Uint32Array[]);
    this.assembler = new Utf8Assembler(settings.invalidUtf8, (bytes) => this.memory.take(bytes));
    this.cuts = StreamCuts.of(engine);
    this.nextSearch = leastPending;
  }

  /** Takes a chunk; returns the ids that are certain now, possibly none. */
  push(chunk: TextInput): Uint32Array {
    const part = this.take(chunk);
    return part === null ? NO_IDS : this.encode(part);
  }

  /** The ids of what was held back. To be called once. */
  end(): Uint32Array {
    this.engine.checkAlive();
    this.append(this.assembler.end());
    const ids = this.encode(this.partOf(joinBytes(this.takePending())));
    return joinIds([ids, this.suffix]);
  }

  /**
   * Takes a chunk; what can be encoded now. The ids of long parts come from other threads, as a promise that does not reject before it is waited for: parts may be
   * encoded side by side. null: nothing can be encoded yet.
   */
  pushAsync(chunk: TextInput, signal: AbortSignal): Uint32Array | Promise<Uint32Array> | null {
    const part = this.take(chunk);
    if (part === null) return null;
    if (part.text.length < LEAST_FOR_THREADS) return this.encode(part);
    const ids = this.encodeOnThreads(part, signal);
    ids.catch(() => undefined);
    return ids;
  }

  private take(chunk: TextInput): Part | null {
    this.engine.checkAlive();
    const text = this.withChunk(chunk);
    if (text === null) return null;
    const cut = this.engine.explainingRefusal(() => this.cuts!.find(text, this.settings.control), this.taken);
    // A copy, so that the chunk it came from can go.
    this.append(cut === 0 ? text : text.slice(cut));
    this.nextSearch = Math.max(this.leastPending, 2 * this.pendingLength);
    return cut === 0 ? null : this.partOf(text.subarray(0, cut));
  }

  /** All that is pending, if that is worth a search; it is pending no more. */
  private withChunk(chunk: TextInput): Uint8Array | null {
    // Long chunks are copied once.
    if (this.cuts !== null && this.pendingLength + chunk.length >= this.nextSearch)
      return this.assembler.push(chunk, joinBytes(this.takePending()));
    this.append(this.assembler.push(chunk));
    return this.cuts === null || this.pendingLength < this.nextSearch ? null : joinBytes(this.takePending());
  }

  private partOf(text: Uint8Array): Part {
    const before = this.taken;
    this.taken += text.length;
    return { text, before };
  }

  private control(before: number): EncodeControl {
    return { ...this.settings.control, continues: before > 0 };
  }

  private encode({ text, before }: Part): Uint32Array {
    const ids = this.withPrefix(this.engine.textIds(text, this.control(before), null, before));
    this.memory.give(text);
    return ids;
  }

  private async encodeOnThreads({ text, before }: Part, signal: AbortSignal): Promise<Uint32Array> {
    const prefix = this.takePrefix();
    const ids = await this.engine.partIds(text, { ...this.control(before), signal }, before);
    this.memory.give(text);
    this.engine.checkAlive();
    return joinIds([prefix, ids]);
  }

  private append(text: Uint8Array): void {
    if (text.length === 0) return;
    this.pending.push(text);
    this.pendingLength += text.length;
  }

  private takePending(): Uint8Array[] {
    const { pending } = this;
    this.pending = [];
    this.pendingLength = 0;
    return pending;
  }

  private withPrefix(ids: Uint32Array): Uint32Array {
    return joinIds([this.takePrefix(), ids]);
  }

  private takePrefix(): Uint32Array {
    const { prefix } = this;
    this.prefix = NO_IDS;
    return prefix;
  }
}

function joinIds(parts: readonly Uint32Array[]): Uint32Array {
  const filled = parts.filter((ids) => ids.length > 0);
  if (filled.length === 1) return filled[0];
  const joined = new Uint32Array(filled.reduce((sum, ids) => sum + ids.length, 0));
  filled.reduce((at, ids) => (joined.set(ids, at), at + ids.length), 0);
  return joined;
}
