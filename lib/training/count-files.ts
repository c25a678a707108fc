/** Count files on disk, in Node. The build puts count-files.browser.ts in its place where there are none. */
import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { CountedWords } from '../backend/training-kernels';
import { MerganserError } from '../errors';
import { isJsonObject } from '../tokenizer/load/json-fields';
import { BLOCK_WORDS, type CountHeader, damaged, decodeBlock, encodeBlock, HASH_BYTES, MAGIC } from './count-format';
import { unreadable } from './files';

/** Writes words, in the order of their bytes, to a file that appears when it is complete. */
export class CountFileWriter {
  private readonly hash = createHash('sha256');
  private distinct = 0n;
  private total = 0n;

  private constructor(
    private readonly file: FileHandle,
    private readonly temporary: string,
    private readonly path: string,
  ) {}

  /** Throws NOT_FOUND if the file cannot be written, as all that follows. */
  static async create(path: string, header: CountHeader): Promise<CountFileWriter> {
    const temporary = `${path}.${randomUUID()}.tmp`;
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
    const { length } = words.counts;
    for (let from = 0; from < length; from += BLOCK_WORDS) await this.put(encodeBlock(words, from, Math.min(from + BLOCK_WORDS, length)));
    this.distinct += BigInt(length);
    this.total += BigInt(words.counts.reduce((sum, count) => sum + count, 0));
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

/** An opened count file. */
export interface CountFile {
  readonly path: string;
  readonly header: CountHeader;
  readonly size: number;
  /** Of its words, in hexadecimal digits. */
  readonly checksum: string;
  /** The words in blocks; the last one comes only if the checksum is right. Throws MALFORMED_FILE. */
  blocks(): AsyncGenerator<CountedWords, void, undefined>;
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

async function* readBlocks(path: string): AsyncGenerator<CountedWords, void, undefined> {
  const reader = await HashedReader.open(path);
  try {
    await readHeader(reader);
    let waiting: CountedWords | null = null;
    for (let start = await reader.read(8); start.readUInt32LE(0) > 0; start = await reader.read(8)) {
      if (waiting !== null) yield waiting;
      waiting = decodeBlock(await reader.read(start.readUInt32LE(4)), start.readUInt32LE(0), path);
    }
    await reader.read(16);
    await reader.check();
    if (waiting !== null) yield waiting;
  } finally {
    await reader.close();
  }
}

/** Reads a file from its start, and knows the checksum of what was read. */
class HashedReader {
  private readonly hash = createHash('sha256');
  private buffer = Buffer.alloc(0);

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    readonly size: number,
    private left = size,
  ) {}

  static async open(path: string): Promise<HashedReader> {
    try {
      const file = await open(path, 'r');
      return new HashedReader(path, file, (await file.stat()).size);
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  async read(length: number): Promise<Buffer> {
    const bytes = await this.raw(length);
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
    if (!(await this.raw(HASH_BYTES)).equals(expected) || this.left + this.buffer.length > 0) throw damaged(this.path);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async raw(length: number): Promise<Buffer> {
    if (length > this.buffer.length + this.left) throw damaged(this.path);
    while (this.buffer.length < length) {
      const chunk = Buffer.alloc(Math.min(this.left, Math.max(1 << 18, length - this.buffer.length)));
      const { bytesRead } = await this.file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) throw damaged(this.path);
      this.left -= bytesRead;
      this.buffer = Buffer.concat([this.buffer, chunk.subarray(0, bytesRead)]);
    }
    const bytes = this.buffer.subarray(0, length);
    this.buffer = this.buffer.subarray(length);
    return bytes;
  }
}
