/** The ids of text that comes from a source of chunks. */
import { type EncodeStreamer, MOST_RUNNING } from './encode-stream';
import type { TextInput } from './types';

/** Where chunks of text come from. */
export type TextSource = ReadableStream<TextInput> | AsyncIterable<TextInput> | Iterable<TextInput>;

/**
 * What a streamer gives for all chunks of a source. While other threads encode long parts the next chunk is asked for; otherwise one is asked for only when its
 * ids are wanted.
 */
export async function* encodeSource(streamer: EncodeStreamer, source: TextSource): AsyncGenerator<Uint32Array, void, undefined> {
  const chunks = new Chunks(source);
  const cancelling = new AbortController();
  const running: Array<Uint32Array | Promise<Uint32Array>> = [];
  try {
    for (;;) {
      while (running.length > 0 && (running.length === MOST_RUNNING || (await chunks.isLaterThan(running[0]))))
        yield await running.shift()!;
      let step: IteratorResult<TextInput>;
      try {
        step = await chunks.next();
      } catch (error) {
        while (running.length > 0) yield await running.shift()!;
        throw error;
      }
      if (step.done === true) break;
      const ids = streamer.pushAsync(step.value, cancelling.signal);
      if (ids === null) continue;
      if (running.length > 0 || ids instanceof Promise) running.push(ids);
      else if (ids.length > 0) yield ids;
    }
    while (running.length > 0) yield await running.shift()!;
    const rest = streamer.end();
    if (rest.length > 0) yield rest;
  } finally {
    cancelling.abort();
    await chunks.close();
  }
}

/** The chunks of a source, one of which may be asked for before it is taken. */
class Chunks {
  private readonly iterator: AsyncIterator<TextInput>;
  private asked: Promise<IteratorResult<TextInput>> | null = null;
  private ended = false;

  constructor(source: TextSource) {
    const asynchronous = (source as Partial<AsyncIterable<TextInput>>)[Symbol.asyncIterator];
    this.iterator = asynchronous === undefined ? inTurn(source as Iterable<TextInput>) : asynchronous.call(source);
  }

  async next(): Promise<IteratorResult<TextInput>> {
    const asked = this.ask();
    this.asked = null;
    try {
      const step = await asked;
      this.ended = step.done === true;
      return step;
    } catch (error) {
      this.ended = true;
      throw error;
    }
  }

  /** Whether something else comes before the next chunk, which is asked for. */
  async isLaterThan(other: unknown): Promise<boolean> {
    const answer = (value: boolean) => (): boolean => value;
    const first = Promise.resolve(other).then(answer(true), answer(true));
    return Promise.race([first, this.ask().then(answer(false), answer(false))]);
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    if (this.ended) return;
    const closed = this.iterator.return?.();
    // A chunk that was asked for may be long in coming.
    if (this.asked === null) await closed;
    else Promise.resolve(closed).catch(() => undefined);
  }

  private ask(): Promise<IteratorResult<TextInput>> {
    if (this.asked === null) {
      this.asked = this.iterator.next();
      this.asked.catch(() => undefined);
    }
    return this.asked;
  }
}

async function* inTurn(source: Iterable<TextInput>): AsyncGenerator<TextInput, void, undefined> {
  yield* source;
}
