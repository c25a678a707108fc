/** Count files on disk, in Node. The build puts count-files.browser.ts in its place where there are none. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { readWords, writeWords } from '../backend/js/training/written-words';
import type { Kernels } from '../backend/kernels';
import type { CountedWords, WordCounterHandle, WrittenWords } from '../backend/training-kernels';
import { MerganserError } from '../errors';
import { temporaryFor } from '../tokenizer/load/files';
import { isJsonObject } from '../tokenizer/load/json-fields';
import { BLOCK_START, BLOCK_WORDS, type CountHeader, damaged, HASH_BYTES, MAGIC, writeBlockStart } from './count-format';
import { unreadable } from './files';

/** Bytes of a block as it is written, unless a word is longer. */
const BLOCK_BYTES = 1 << 18;
/** Bytes that are read at once. */
const CHUNK_BYTES = 1 << 18;

/** Writes words, in the order of their bytes, to a file that appears when it is complete. */
export class CountFileWriter {
  private readonly hash = createHash('sha256');
  private distinct = 0n;
  private total = 0n;
  /** The one block, so that nothing is left for the collector of garbage: it would let hundreds of megabytes pile up. */
  private block = new Uint8Array(BLOCK_START + BLOCK_BYTES);

  private constructor(
    private readonly file: FileHandle,
    private readonly temporary: string,
    private readonly path: string,
  ) {}

  /** Throws NOT_FOUND if the file cannot be written, as all that follows. */
  static async create(path: string, header: CountHeader): Promise<CountFileWriter> {
    const temporary = temporaryFor(path);
    const file = await open(temporary, 'w').catch((cause: unknown) => {
      throw unwritable(path, cause);
    });
    const writer = new CountFileWriter(file, temporary, path);
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(json.length);
    await writer.put(Buffer.concat([Buffer.from(MAGIC), length, json]));
    return writer;
  }

  async write(words: CountedWords): Promise<void> {
    let from = 0;
    await this.writeBlocks((out) => {
      const written = writeWords(words, from, out, BLOCK_WORDS);
      from += written.words;
      return written;
    });
  }

  /** All words of a counter, which is empty then. */
  async writeSorted(kernels: Kernels, counter: WordCounterHandle): Promise<void> {
    await kernels.sortWords(counter);
    await this.writeBlocks((out) => kernels.takeSortedWords(counter, out, BLOCK_WORDS));
  }

  /** `lasts`: the file is meant to survive a power cut, which takes a wait for the disk. */
  async finish(lasts = true): Promise<void> {
    const end = Buffer.alloc(24);
    end.writeBigUInt64LE(this.distinct, 8);
    end.writeBigUInt64LE(this.total, 16);
    await this.put(end);
    try {
      await this.file.writeFile(this.hash.digest());
      if (lasts) await this.file.sync();
      await this.file.close();
      await rename(this.temporary, this.path);
    } catch (cause) {
      await this.discard();
      throw unwritable(this.path, cause);
    }
  }

  /** Nothing of the file is left. */
  async discard(): Promise<void> {
    await this.file.close().catch(() => undefined);
    await rm(this.temporary, { force: true });
  }

  private async writeBlocks(next: (out: Uint8Array) => WrittenWords): Promise<void> {
    for (;;) {
      const { words, bytes, total } = next(this.block.subarray(BLOCK_START));
      if (words > 0) {
        writeBlockStart(this.block, words, bytes);
        await this.put(this.block.subarray(0, BLOCK_START + bytes));
        this.distinct += BigInt(words);
        this.total += BigInt(total);
      } else if (bytes > 0) {
        this.block = new Uint8Array(BLOCK_START + bytes);
      } else {
        return;
      }
    }
  }

  private async put(bytes: Uint8Array): Promise<void> {
    this.hash.update(bytes);
    try {
      await this.file.writeFile(bytes);
    } catch (cause) {
      await this.discard();
      throw unwritable(this.path, cause);
    }
  }
}

/** The error for what cannot be written. */
export function unwritable(path: string, cause: unknown): MerganserError {
  return new MerganserError('NOT_FOUND', `Expected to write ${path}, but that failed: ${(cause as Error).message}`, { cause });
}

/** Words as they are written. */
export interface WrittenBlock {
  readonly bytes: Uint8Array;
  readonly words: number;
  /** Where it stands. */
  readonly path: string;
}

/** Throws MALFORMED_FILE. */
export function readBlock({ bytes, words, path }: WrittenBlock): CountedWords {
  const found = readWords(bytes, words);
  if (found === null) throw damaged(path);
  return found;
}

/** An opened count file. */
export interface CountFile {
  readonly path: string;
  readonly header: CountHeader;
  readonly size: number;
  /** Of its words, in hexadecimal digits. */
  readonly checksum: string;
  /** The words in blocks as they stand there, each for as long as the next one was not asked for. The last one comes only if the checksum is right. Throws MALFORMED_FILE. */
  blocks(): AsyncGenerator<WrittenBlock, void, undefined>;
}

/** Throws NOT_FOUND, MALFORMED_FILE. */
export async function openCountFile(path: string): Promise<CountFile> {
  const reader = await HashedReader.open(path);
  try {
    const header = await readHeader(reader);
    return { path, header, size: reader.size, checksum: await reader.lastBytes(HASH_BYTES), blocks: () => readBlocks(path) };
  } finally {
    await reader.close();
  }
}

async function readHeader(reader: HashedReader): Promise<CountHeader> {
  const start = await reader.read(MAGIC.length + 4);
  if (start.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw new MerganserError('MALFORMED_FILE', `Expected ${reader.path} to be a count file of merganser, but it does not begin as one.`);
  const json = await reader.read(start.readUInt32LE(MAGIC.length));
  let header: unknown;
  try {
    header = JSON.parse(json.toString());
  } catch {
    throw damaged(reader.path);
  }
  if (!isJsonObject(header) || header['version'] !== 1) throw damaged(reader.path);
  return header as unknown as CountHeader;
}

async function* readBlocks(path: string): AsyncGenerator<WrittenBlock, void, undefined> {
  const reader = await HashedReader.open(path);
  try {
    await readHeader(reader);
    let waiting: WrittenBlock | null = null;
    // Two that take turns: while one waits the other is read.
    const buffers = [new GrowingBuffer(), new GrowingBuffer()];
    for (let start = await reader.read(BLOCK_START); start.readUInt32LE(0) > 0; start = await reader.read(BLOCK_START)) {
      if (waiting !== null) yield waiting;
      buffers.reverse();
      waiting = { bytes: await reader.read(start.readUInt32LE(4), buffers[0]), words: start.readUInt32LE(0), path };
    }
    await reader.read(16);
    await reader.check();
    if (waiting !== null) yield waiting;
  } finally {
    await reader.close();
  }
}

/** Memory that is used again and again. */
class GrowingBuffer {
  private memory = Buffer.alloc(0);

  of(length: number): Buffer {
    if (this.memory.length < length) this.memory = Buffer.alloc(Math.max(length, 2 * this.memory.length));
    return this.memory.subarray(0, length);
  }
}

/** Reads a file from its start, and knows the checksum of what was read. */
class HashedReader {
  private readonly hash = createHash('sha256');
  private readonly chunk: Buffer;
  /** What was read of the file and not asked for: chunk[from, to). */
  private from = 0;
  private to = 0;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    readonly size: number,
    private left = size,
  ) {
    this.chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size));
  }

  static async open(path: string): Promise<HashedReader> {
    try {
      const file = await open(path, 'r');
      return new HashedReader(path, file, (await file.stat()).size);
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  /** `into`: where the bytes go. */
  async read(length: number, into = new GrowingBuffer()): Promise<Buffer> {
    const bytes = await this.raw(length, into);
    this.hash.update(bytes);
    return bytes;
  }

  /** What stands at the end of the file, in hexadecimal digits. */
  async lastBytes(count: number): Promise<string> {
    const { buffer } = await this.file.read(Buffer.alloc(count), 0, count, Math.max(0, this.size - count));
    return buffer.toString('hex');
  }

  /** What follows must be the checksum, and then nothing. */
  async check(): Promise<void> {
    const expected = this.hash.digest();
    if (!(await this.raw(HASH_BYTES, new GrowingBuffer())).equals(expected) || this.left + this.to - this.from > 0)
      throw damaged(this.path);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async raw(length: number, into: GrowingBuffer): Promise<Buffer> {
    if (length > this.to - this.from + this.left) throw damaged(this.path);
    const bytes = into.of(length);
    for (let filled = 0; filled < length;) {
      if (this.from === this.to) await this.fill();
      const end = Math.min(this.to, this.from + length - filled);
      filled += this.chunk.copy(bytes, filled, this.from, end);
      this.from = end;
    }
    return bytes;
  }

  private async fill(): Promise<void> {
    const { bytesRead } = await this.file.read(this.chunk, 0, Math.min(this.left, this.chunk.length), null).catch((cause: unknown) => {
      throw unreadable(this.path, cause);
    });
    if (bytesRead === 0) throw damaged(this.path);
    this.left -= bytesRead;
    [this.from, this.to] = [0, bytesRead];
  }
}
