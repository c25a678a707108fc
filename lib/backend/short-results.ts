/**
 * Ids of short texts, as views of memory that several results share: V8 takes a typed array's own memory from malloc and registers it for the garbage
 * collector, which costs more than encoding a hundred bytes. Node's small Buffers are made in the same way.
 */

/** Ids in one piece of memory. It lives as long as one of the results in it. */
const BLOCK = 4096;
/** Larger results get memory of their own, so that none holds much more than it needs. */
const SHARED_AT_MOST = 512;

/** An ArrayBuffer that others see, too, must not be detached by transferring it. */
type Pin = (buffer: ArrayBuffer) => void;

function pinning(): Pin {
  const pin = process.getBuiltinModule?.('node:worker_threads')?.markAsUntransferable;
  return pin ?? (() => undefined);
}

export class ShortResults {
  /** Where the next result may be written: `block` from `place` on, with room for at least {@link SHARED_AT_MOST}. */
  block!: Uint32Array;
  place = 0;
  readonly #pin = pinning();

  constructor() {
    this.#renew();
  }

  /** Whether `count` ids fit behind `place`. */
  fits(count: number): boolean {
    return this.place + count <= BLOCK;
  }

  /** The result of `count` ids that was written there. */
  take(count: number): Uint32Array {
    const { block, place } = this;
    if (count > SHARED_AT_MOST) return block.slice(place, place + count);
    this.place = place + count;
    if (this.place > BLOCK - SHARED_AT_MOST) this.#renew();
    return new Uint32Array(block.buffer, place * Uint32Array.BYTES_PER_ELEMENT, count);
  }

  #renew(): void {
    this.block = new Uint32Array(BLOCK);
    this.#pin(this.block.buffer as ArrayBuffer);
    this.place = 0;
  }
}
