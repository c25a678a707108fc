/** Files, in Node. The build puts files.browser.ts in its place where there are none. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { invalidArgument, MerganserError } from '../../errors';

/** Contents of a file. Throws NOT_FOUND if it cannot be read. */
export async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(textOf(path)).catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

/** The same without a promise. */
export function readBytesSync(path: string): Uint8Array {
  textOf(path);
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Writes a file as a whole: whoever reads it sees the old contents or the new ones. Throws NOT_FOUND if it cannot be written. */
export async function writeTextAtomically(path: string, text: string): Promise<void> {
  await writeBytesAtomically(path, new TextEncoder().encode(text));
}

/** The same with bytes. */
export async function writeBytesAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw unwritable(path, cause);
  }
}

/** The same without a promise. */
export function writeBytesAtomicallySync(path: string, bytes: Uint8Array): void {
  const temporary = temporaryFor(path);
  try {
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw unwritable(path, cause);
  }
}

/** Where a file is written before it takes its name. Names are not asked of the system's source of randomness: waking that takes ten milliseconds. */
export function temporaryFor(path: string): string {
  return `${textOf(path)}.${process.pid}-${Math.random().toString(16).slice(2)}.tmp`;
}

/** A number would be a file that is open already. */
function textOf(path: string): string {
  if (typeof path !== 'string') throw invalidArgument('path', 'a string', path);
  return path;
}

function unwritable(path: string, cause: unknown): MerganserError {
  return new MerganserError('NOT_FOUND', `Expected to write ${path}, but that failed: ${messageOf(cause)}`, { cause });
}

function unreadable(path: string, cause: unknown): MerganserError {
  return new MerganserError('NOT_FOUND', `Expected a readable file at ${path}, but ${messageOf(cause)}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Makes a folder, and those it lies in, where they are missing. Throws the system's error. (Node's `recursive: true` never returns where a folder takes no entries but claims not to exist, as /proc does.) */
export async function makeFolder(path: string): Promise<void> {
  const parent = dirname(path);
  if (parent !== path && !isFolder(parent)) await makeFolder(parent);
  await mkdir(path).catch((error: unknown) => {
    if (!isFolder(path)) throw error;
  });
}

/** The same without a promise. */
export function makeFolderSync(path: string): void {
  const parent = dirname(path);
  if (parent !== path && !isFolder(parent)) makeFolderSync(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
