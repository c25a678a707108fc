/** Training files, in Node. The build puts files.browser.ts in its place where there are none. */
import { createReadStream, type Dirent, readdir } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { isAbsolute, sep } from 'node:path';
import { pipeline, Transform, type TransformCallback } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import type { FileSystemAdapter } from 'tinyglobby';
import { invalidArgument, MerganserError } from '../errors';

const CHUNK_BYTES = 1 << 20;
/** Bytes that fzstd takes at once, on the calling thread. */
const STEP_BYTES = 1 << 14;

/** As folders are searched with it. */
type Readdir = (
  path: string,
  options: { withFileTypes: true },
  callback: (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void,
) => void;

export interface TrainingFile {
  readonly path: string;
  /** As it lies on disk; null for what has no size and can be read only once, such as a pipe. */
  readonly size: number | null;
  /** When it was changed, in milliseconds. */
  readonly modified: number;
  readonly compression: 'gzip' | 'zstd' | null;
}

/** The files that paths, folders and patterns name, each once, in the order of the list and within an entry by name. Throws NOT_FOUND. */
export async function findFiles(names: string | readonly string[]): Promise<TrainingFile[]> {
  const list: unknown = typeof names === 'string' ? [names] : names;
  if (!Array.isArray(list) || list.some((name) => typeof name !== 'string')) throw invalidArgument('files', 'paths or patterns', names);
  const found = new Map<string, TrainingFile>();
  for (const name of list as string[]) {
    for (const path of await pathsOf(name)) if (!found.has(path)) found.set(path, await describeFile(path));
  }
  return [...found.values()];
}

async function pathsOf(name: string): Promise<string[]> {
  const at = await stat(name).catch(() => null);
  if (at !== null && !at.isDirectory()) return [name];
  // Loaded here: it takes a sixth of the time that the whole package takes to load, and few need it.
  const { glob } = await import('tinyglobby');
  const unread: UnreadFolder[] = [];
  const fs = tellingOf(unread);
  // Patterns have slashes on every system; where paths have backslashes these are no escapes.
  const pattern = sep === '\\' ? name.replaceAll(sep, '/') : name;
  const paths =
    at === null
      ? await glob(pattern, { dot: false, expandDirectories: false, absolute: isAbsolute(name), fs })
      : await glob('**', { cwd: name, absolute: true, fs });
  if (unread.length > 0) throw unreadable(unread[0].path, unread[0].error);
  if (paths.length > 0) return paths.sort();
  const expected = at === null ? 'to be a file, a folder, or a pattern that matches files' : 'to hold files';
  throw new MerganserError('NOT_FOUND', `Expected ${name} ${expected}, but there are none.`);
}

interface UnreadFolder {
  readonly path: string;
  readonly error: Error;
}

/** Notes folders that are there and cannot be read: what they hold would be missing from the training without a word. */
function tellingOf(unread: UnreadFolder[]): FileSystemAdapter {
  const telling = (...[path, options, callback]: Parameters<Readdir>): void =>
    readdir(path, options, (error, entries) => {
      if (error !== null && error.code !== 'ENOENT' && error.code !== 'ENOTDIR') unread.push({ path: String(path), error });
      callback(error, entries);
    });
  return { readdir: telling as Required<FileSystemAdapter>['readdir'] };
}

async function describeFile(path: string): Promise<TrainingFile> {
  try {
    await access(path, constants.R_OK);
    const about = await stat(path);
    const size = about.isFile() ? about.size : null;
    return { path, size, modified: about.mtimeMs, compression: path.endsWith('.gz') ? 'gzip' : path.endsWith('.zst') ? 'zstd' : null };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Contents of a file, decompressed. Throws NOT_FOUND if it cannot be read, MALFORMED_FILE if it cannot be decompressed. */
export async function* readFileChunks({ path, size, compression }: TrainingFile): AsyncGenerator<Uint8Array, void, undefined> {
  // What grows is read as far as it went; but files of /proc say that they are empty.
  const expected = size ?? 0;
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES, ...(expected > 0 ? { end: expected - 1 } : {}) });
  let failed: unknown;
  file.on('error', (error) => (failed = error));
  try {
    if (compression === null) yield* file;
    else yield* pipeline(file, decompressor(compression), () => undefined);
    if (file.bytesRead < expected) throw unreadable(path, new Error('it became shorter while it was read'));
  } catch (cause) {
    if (failed !== undefined) throw unreadable(path, failed);
    if (cause instanceof MerganserError) throw cause;
    throw new MerganserError('MALFORMED_FILE', `Expected ${path} to be a whole ${compression} file, but ${(cause as Error).message}.`, {
      cause,
    });
  } finally {
    file.destroy();
  }
}

function decompressor(compression: 'gzip' | 'zstd'): Transform {
  if (compression === 'gzip') return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: object) => Transform };
  if (createZstdDecompress !== undefined) return createZstdDecompress({ chunkSize: CHUNK_BYTES });
  return zstdDecompressor();
}

/** Zstandard for a Node that has none of its own (before 22.15). Frames, one after another. A file that is cut off is an error; checksums are not looked at. */
export function zstdDecompressor(): Transform {
  const decompress = new Decompress((chunk) => void stream.push(chunk));
  let fed = false;
  const stream: Transform = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      fed = true;
      finishing(done, () => {
        for (let at = 0; at < chunk.length; at += STEP_BYTES) decompress.push(chunk.subarray(at, at + STEP_BYTES));
      });
    },
    flush(done) {
      finishing(done, () => {
        if (fed) decompress.push(new Uint8Array(0), true);
      });
    },
  });
  return stream;
}

function finishing(done: TransformCallback, work: () => void): void {
  try {
    work();
  } catch (error) {
    done(error as Error);
    return;
  }
  done();
}

/** The error for a file that cannot be read. */
export function unreadable(path: string, cause: unknown): MerganserError {
  return new MerganserError('NOT_FOUND', `Expected to read ${path}, but that failed: ${(cause as Error).message}`, { cause });
}
