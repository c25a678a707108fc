/** Encoding a text that comes in chunks. */
import { invalidArgument } from '../errors';
import type { EncodeSettings } from './encode-options';
import type { Engine } from './engine';
import { StreamCuts } from './stream-cuts';
import type { TextInput } from './types';
import { Utf8Assembler } from './utf8-assembler';

/** Where chunks of text come from. */
export type TextSource = ReadableStream<TextInput> | AsyncIterable<TextInput> | Iterable<TextInput>;

/** Less than this waits for more: short calls cost more than they give. */
const LEAST_PENDING = 1024;
const NO_IDS = new Uint32Array(0);

export class EncodeStreamer {
  private readonly assembler: Utf8Assembler;
  private readonly cuts: StreamCuts | null;
  /** Ids that come before the text, until they have been given out. */
  private prefix: Uint32Array;
  private readonly suffix: Uint32Array;
  /** Text that has not been encoded, in order. */
  private pending: Uint8Array[] = [];
  private pendingLength = 0;
  /** Length at which the next search for a cut is worth its cost: twice what the last one searched in vain. */
  private nextSearch: number;

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
    this.assembler = new Utf8Assembler(settings.invalidUtf8);
    this.cuts = StreamCuts.of(engine);
    this.nextSearch = leastPending;
  }

  /** Takes a chunk; returns the ids that are certain now, possibly none. */
  push(chunk: TextInput): Uint32Array {
    this.engine.checkAlive();
    this.append(this.assembler.push(chunk));
    if (this.cuts === null || this.pendingLength < this.nextSearch) return NO_IDS;
    const text = this.takePending();
    const cut = this.cuts.find(text, this.settings.control);
    // A copy, so that the chunk it came from can go.
    this.append(cut === null ? text : text.slice(cut.next));
    this.nextSearch = Math.max(this.leastPending, 2 * this.pendingLength);
    return cut === null ? NO_IDS : this.withPrefix(this.engine.textIds(text.subarray(0, cut.end), this.settings.control));
  }

  /** The ids of what was held back. To be called once. */
  end(): Uint32Array {
    this.engine.checkAlive();
    this.append(this.assembler.end());
    const text = this.takePending();
    return joinIds([this.withPrefix(this.engine.textIds(text, this.settings.control)), this.suffix]);
  }

  private append(text: Uint8Array): void {
    if (text.length === 0) return;
    this.pending.push(text);
    this.pendingLength += text.length;
  }

  private takePending(): Uint8Array {
    const { pending } = this;
    this.pending = [];
    const text = new Uint8Array(pending.length > 1 ? this.pendingLength : 0);
    this.pendingLength = 0;
    if (pending.length <= 1) return pending[0] ?? text;
    pending.reduce((at, part) => (text.set(part, at), at + part.length), 0);
    return text;
  }

  private withPrefix(ids: Uint32Array): Uint32Array {
    const { prefix } = this;
    this.prefix = NO_IDS;
    return joinIds([prefix, ids]);
  }
}

function joinIds(parts: readonly Uint32Array[]): Uint32Array {
  const filled = parts.filter((ids) => ids.length > 0);
  if (filled.length === 1) return filled[0];
  const joined = new Uint32Array(filled.reduce((sum, ids) => sum + ids.length, 0));
  filled.reduce((at, ids) => (joined.set(ids, at), at + ids.length), 0);
  return joined;
}
