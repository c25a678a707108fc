/** Adds up count files: their words in order, each once. */
import type { CountedWords } from '../backend/training-kernels';
import { type CountFile, readBlock, type WrittenBlock } from './count-files';
import { BLOCK_WORDS } from './count-format';

/** The words of all files in the order of their bytes, in blocks. */
export async function* mergeCounts(files: readonly CountFile[]): AsyncGenerator<CountedWords, void, undefined> {
  const cursors = (await Promise.all(files.map((file) => Cursor.open(file)))).filter((cursor) => !cursor.done);
  const out = new BlockBuilder();
  try {
    while (cursors.length > 0) {
      let least = cursors[0];
      for (const cursor of cursors) if (cursor.compare(least) < 0) least = cursor;
      const word = least.word.slice();
      let count = 0;
      for (const cursor of [...cursors]) {
        if (!cursor.holds(word)) continue;
        count += cursor.count;
        if (cursor.atBlockEnd) await cursor.nextBlock();
        else cursor.next();
        if (cursor.done) cursors.splice(cursors.indexOf(cursor), 1);
      }
      if (out.push(word, count)) yield out.take();
    }
    yield out.take();
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

/** A place in a count file. */
class Cursor {
  private index = 0;

  private constructor(
    private readonly blocks: AsyncGenerator<WrittenBlock, void, undefined>,
    private block: CountedWords | null,
  ) {}

  static async open(file: CountFile): Promise<Cursor> {
    const cursor = new Cursor(file.blocks(), null);
    await cursor.nextBlock();
    return cursor;
  }

  get done(): boolean {
    return this.block === null;
  }

  get word(): Uint8Array {
    const { bytes, offsets } = this.block!;
    return bytes.subarray(offsets[this.index], offsets[this.index + 1]);
  }

  get count(): number {
    return this.block!.counts[this.index];
  }

  get atBlockEnd(): boolean {
    return this.index + 1 === this.block!.counts.length;
  }

  next(): void {
    this.index++;
  }

  async nextBlock(): Promise<void> {
    const { value, done } = await this.blocks.next();
    this.block = done === true ? null : readBlock(value);
    this.index = 0;
  }

  compare(other: Cursor): number {
    return compareBytes(this.word, other.word);
  }

  holds(word: Uint8Array): boolean {
    return compareBytes(this.word, word) === 0;
  }

  async close(): Promise<void> {
    await this.blocks.return();
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

/** Collects words to a block. */
class BlockBuilder {
  private words: Uint8Array[] = [];
  private counts: number[] = [];

  /** true: the block is full. */
  push(word: Uint8Array, count: number): boolean {
    this.words.push(word);
    return this.counts.push(count) === BLOCK_WORDS;
  }

  take(): CountedWords {
    const { words } = this;
    const offsets = new Uint32Array(words.length + 1);
    words.forEach((word, i) => (offsets[i + 1] = offsets[i] + word.length));
    const bytes = new Uint8Array(offsets[words.length]);
    words.forEach((word, i) => bytes.set(word, offsets[i]));
    const block = { bytes, offsets, counts: Float64Array.from(this.counts) };
    this.words = [];
    this.counts = [];
    return block;
  }
}
