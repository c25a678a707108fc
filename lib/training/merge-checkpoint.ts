/**
 * Merges that survive an interruption of the training, in Node; merge-checkpoint.browser.ts stands in where there are no files.
 *
 *   8 bytes   "MERGMRG1"
 *   32 bytes  the key: a checksum of all that decides about merges
 *   u32       number of merges
 *   merges    u32 left id, right id, product id of each; then f64 how often each pair was there
 *   32 bytes  SHA-256 of everything before
 *
 * Numbers are little-endian.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainedMerges } from '../backend/training-kernels';
import { MerganserError } from '../errors';
import { makeFolder, readBytes, writeBytesAtomically } from '../tokenizer/load/files';
import { unwritable } from './count-files';
import { removeResumable } from './spill-folder';

const MAGIC = 'MERGMRG1';
const NAME = 'merges';
const HASH_BYTES = 32;
const HEAD_BYTES = MAGIC.length + HASH_BYTES + 4;
const MERGE_BYTES = 20;

/** Where the counts of a checkpoint are kept. */
export function countsFolder(folder: string): string {
  return join(folder, 'counts');
}

/** Removes what `trainBpe` left in the folder of its checkpoint, and the folder if nothing else is in it. */
export async function removeCheckpoint(folder: string): Promise<void> {
  await removeResumable(countsFolder(folder));
  await rm(join(folder, NAME), { force: true });
  await rmdir(folder).catch(() => undefined);
}

export class MergeCheckpoint {
  private kept = performance.now();
  private writing: Promise<void> | null = null;
  private failure: { readonly error: unknown } | null = null;

  private constructor(
    private readonly path: string,
    private readonly key: Buffer,
    private readonly everyMilliseconds: number,
    /** What an earlier training left. */
    readonly found: TrainedMerges | null,
  ) {}

  /**
   * `of`: all that decides about merges. Throws INVALID_ARGUMENT if the folder's merges are of something else, MALFORMED_FILE if they are damaged,
   * NOT_FOUND.
   */
  static async open(folder: string, everySeconds: number, of: readonly unknown[]): Promise<MergeCheckpoint> {
    await makeFolder(folder).catch((cause: unknown) => {
      throw unwritable(folder, cause);
    });
    const path = join(folder, NAME);
    const key = createHash('sha256').update(JSON.stringify(of)).digest();
    const found = existsSync(path) ? decode(await readBytes(path), key, path) : null;
    return new MergeCheckpoint(path, key, 1000 * everySeconds, found);
  }

  /** Writes the merges, if it is time to. Throws what an earlier writing threw. */
  offer(merges: () => TrainedMerges): void {
    this.check();
    if (this.writing !== null || performance.now() - this.kept < this.everyMilliseconds) return;
    this.write(merges());
  }

  /** The same at once, if nothing is being written. */
  offerLast(merges: TrainedMerges): void {
    if (this.writing === null && this.failure === null) this.write(merges);
  }

  /** Writes the merges when what is being written is done. */
  async keep(merges: TrainedMerges): Promise<void> {
    await this.writing;
    this.check();
    this.write(merges);
    await this.writing;
    this.check();
  }

  /** Waits until nothing is written. */
  async idle(): Promise<void> {
    await this.writing;
  }

  private write(merges: TrainedMerges): void {
    this.writing = writeBytesAtomically(this.path, encode(merges, this.key))
      .catch((error: unknown) => void (this.failure = { error }))
      .finally(() => {
        this.writing = null;
        this.kept = performance.now();
      });
  }

  private check(): void {
    if (this.failure !== null) throw this.failure.error;
  }
}

function encode({ triples, counts }: TrainedMerges, key: Buffer): Uint8Array {
  const bytes = Buffer.alloc(HEAD_BYTES + MERGE_BYTES * counts.length + HASH_BYTES);
  bytes.write(MAGIC, 'latin1');
  key.copy(bytes, MAGIC.length);
  let at = bytes.writeUInt32LE(counts.length, HEAD_BYTES - 4);
  for (const id of triples) at = bytes.writeUInt32LE(id, at);
  for (const count of counts) at = bytes.writeDoubleLE(count, at);
  createHash('sha256').update(bytes.subarray(0, at)).digest().copy(bytes, at);
  return bytes;
}

function decode(contents: Uint8Array, key: Buffer, path: string): TrainedMerges {
  const bytes = Buffer.from(contents.buffer, contents.byteOffset, contents.length);
  const end = bytes.length - HASH_BYTES;
  const whole = end >= HEAD_BYTES && createHash('sha256').update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end));
  if (!whole || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw new MerganserError(
      'MALFORMED_FILE',
      `Expected ${path} to be a whole checkpoint, but it is damaged. Remove it to begin merging anew.`,
    );
  if (!bytes.subarray(MAGIC.length, MAGIC.length + HASH_BYTES).equals(key))
    throw new MerganserError(
      'INVALID_ARGUMENT',
      `Expected ${path} to be a checkpoint of this training, but it is of other text or options. Remove it to begin merging anew.`,
    );
  const count = bytes.readUInt32LE(HEAD_BYTES - 4);
  const countsAt = HEAD_BYTES + 12 * count;
  return {
    triples: Uint32Array.from({ length: 3 * count }, (_, i) => bytes.readUInt32LE(HEAD_BYTES + 4 * i)),
    counts: Float64Array.from({ length: count }, (_, i) => bytes.readDoubleLE(countsAt + 8 * i)),
  };
}
