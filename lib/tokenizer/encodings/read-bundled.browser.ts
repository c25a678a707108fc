/** What the build puts in the place of read-bundled.ts for browsers and merganser/pure. */
import { MerganserError } from '../../errors';
import type { BundledFile } from './bundled-file';

/** Written out one by one, because this is the form in which bundlers recognise assets. */
function urlOf(file: BundledFile): URL {
  switch (file) {
    case 'p50k_base':
      return new URL('./encodings/p50k_base.bin', import.meta.url);
    case 'cl100k_base':
      return new URL('./encodings/cl100k_base.bin', import.meta.url);
    case 'o200k_base':
      return new URL('./encodings/o200k_base.bin', import.meta.url);
  }
}

/** Fetches a file of dist/encodings. merganser/pure in Node, where `fetch` knows no files, reads it. Throws DOWNLOAD_FAILED. */
export async function readBundledFile(file: BundledFile): Promise<Uint8Array> {
  const url = urlOf(file);
  const files = url.protocol === 'file:' && typeof process !== 'undefined' ? process.getBuiltinModule?.('fs') : undefined;
  try {
    if (files !== undefined) return files.readFileSync(url);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new MerganserError(
      'DOWNLOAD_FAILED',
      `Expected the vocabulary of a bundled encoding at ${url.href}, but it could not be fetched.`,
      {
        cause: error,
      },
    );
  }
}

export async function readBundledHead(file: BundledFile, size: number): Promise<Uint8Array> {
  return (await readBundledFile(file)).subarray(0, size);
}

export function readBundledFileSync(file: BundledFile): never {
  throw new MerganserError('UNSUPPORTED', `The vocabulary ${file} cannot be loaded synchronously in a browser; use the asynchronous form.`);
}

export const readBundledHeadSync = readBundledFileSync;
