/** Memory of long texts that serves again: what comes fresh from the system costs as much as a tenth of encoding what is put into it. */

/** Shorter texts get memory of their own. */
const LEAST = 1 << 16;
/** Sizes are multiples of this, with one to spare, as texts of nearly one length follow each other. */
const STEP = 1 << 16;

export class SpareMemory {
  private spare: ArrayBufferLike[] = [];

  /** `most`: so many pieces are kept. */
  constructor(private readonly most: number) {}

  /** So many bytes, whatever is in them. */
  take(bytes: number): Uint8Array {
    if (bytes < LEAST) return new Uint8Array(bytes);
    const place = this.spare.findIndex(({ byteLength }) => byteLength >= bytes);
    const [memory] = place < 0 ? [new ArrayBuffer((Math.floor(bytes / STEP) + 2) * STEP)] : this.spare.splice(place, 1);
    return new Uint8Array(memory, 0, bytes);
  }

  /** Takes back the whole memory that an array lies in. Nobody may use it any more. */
  give({ buffer }: Uint8Array): void {
    if (buffer.byteLength < LEAST) return;
    // The latest are of the size that is wanted.
    this.spare = [buffer, ...this.spare].slice(0, this.most);
  }
}
