/** Compiled tokenizers in files, in Node. The build puts compiled-cache.browser.ts in its place where there are no files. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Kernels } from '../../backend/kernels';
import { invalidArgument } from '../../errors';
import { readAhead, type SourceStamp } from '../compiled/container';
import { BLOCK_BYTES, Stamper } from '../compiled/source-stamp';
import { encodeUtf8 } from '../utf8';
import { makeFolder, makeFolderSync, writeBytesAtomically, writeBytesAtomicallySync } from './files';

/** Where a tokenizer's compiled form is, or is to be. */
export interface CachePlace {
  readonly file: string;
  /** What the tokenizer is made from and how: two tokenizers with one key and the same source are the same. */
  readonly key: string;
}

/** null if no cache is wanted. `identify`: see `Origin`. Throws INVALID_ARGUMENT. */
export function cachePlace(
  cache: boolean | string | undefined,
  identify: () => { readonly name: string; readonly how: readonly unknown[] },
  kernels: Kernels,
): CachePlace | null {
  if (cache === undefined || cache === false) return null;
  if (cache !== true && (typeof cache !== 'string' || cache === '' || cache.includes('\0')))
    throw invalidArgument('cache', 'true, false or a directory', cache);
  const { name, how } = identify();
  const key = JSON.stringify([...how, kernels.backend]);
  const digest = kernels.checksum(encodeUtf8(key)).toString(16).padStart(16, '0');
  const label = name.replace(/[^\w.-]+/g, '_').slice(-60);
  return { file: join(cache === true ? userCacheDirectory() : cache, `${label}.${digest}.merganser`), key };
}

/** A path as part of a key. */
export function absolutePath(path: string): string {
  return resolve(path);
}

export function nameOfFile(path: string): string {
  return join(basename(dirname(resolve(path))), basename(path));
}

/** MERGANSER_CACHE, else a folder where the system keeps caches. */
function userCacheDirectory(): string {
  const { LOCALAPPDATA, MERGANSER_CACHE, XDG_CACHE_HOME } = process.env;
  if (MERGANSER_CACHE) return MERGANSER_CACHE;
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'merganser', 'cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'merganser');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'merganser');
}

function begun(file: Uint8Array, kernels: Kernels): Uint8Array {
  readAhead(file, kernels);
  return file;
}

/** Contents of a compiled file; null if there is none that can be read. */
export async function readCompiled({ file }: CachePlace, kernels: Kernels): Promise<Uint8Array | null> {
  const handle = await open(file).catch(() => null);
  if (handle === null) return null;
  try {
    // One read, and not readFile, which goes through the thread pool for every half megabyte.
    const bytes = kernels.allocate((await handle.stat()).size);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return begun(bytes.subarray(0, bytesRead), kernels);
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** The same without a promise. */
export function readCompiledSync({ file }: CachePlace, kernels: Kernels): Uint8Array | null {
  // There may be no memory for it.
  try {
    const bytes = kernels.readFile(file) ?? readFileIfThere(file);
    return bytes === null ? null : begun(bytes, kernels);
  } catch {
    return null;
  }
}

function readFileIfThere(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

/** A cache is there to save time: if it cannot be written, nothing else changes. */
export async function writeCompiled({ file }: CachePlace, bytes: Uint8Array): Promise<void> {
  try {
    await makeFolder(dirname(file));
    await writeBytesAtomically(file, bytes);
  } catch {
    return;
  }
}

/** The same without a promise. */
export function writeCompiledSync({ file }: CachePlace, bytes: Uint8Array): void {
  try {
    makeFolderSync(dirname(file));
    writeBytesAtomicallySync(file, bytes);
  } catch {
    return;
  }
}

/** The stamp of a file's contents; null if it cannot be read. */
export async function stampFile(path: string, kernels: Kernels): Promise<SourceStamp | null> {
  const handle = await open(path).catch(() => null);
  if (handle === null) return null;
  try {
    const stamper = new Stamper(kernels);
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    for (let filled = 0; ;) {
      const { bytesRead } = await handle.read(block, filled, BLOCK_BYTES - filled, null);
      filled += bytesRead;
      if (bytesRead > 0 && filled < BLOCK_BYTES) continue;
      stamper.add(block.subarray(0, filled));
      if (bytesRead === 0) return stamper.stamp();
      filled = 0;
    }
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** The same without a promise. */
export function stampFileSync(path: string, kernels: Kernels): SourceStamp | null {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const stamper = new Stamper(kernels);
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    for (let filled = 0; ;) {
      const bytesRead = readSync(file, block, filled, BLOCK_BYTES - filled, null);
      filled += bytesRead;
      if (bytesRead > 0 && filled < BLOCK_BYTES) continue;
      stamper.add(block.subarray(0, filled));
      if (bytesRead === 0) return stamper.stamp();
      filled = 0;
    }
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
