/** What the build puts in the place of compiled-cache.ts for browsers, where `compile` and `fromCompiled` serve. */
import type { Kernels } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import type { SourceStamp } from '../compiled/container';

export interface CachePlace {
  readonly file: string;
  readonly key: string;
}

export function cachePlace(cache: boolean | string | undefined, _identify: unknown, _kernels: Kernels): CachePlace | null {
  if (cache === undefined || cache === false) return null;
  throw new MerganserError(
    'UNSUPPORTED',
    'There are no files here to keep compiled tokenizers in: keep what compile() gives, and use fromCompiled.',
  );
}

export function absolutePath(path: string): string {
  return path;
}

export function nameOfFile(path: string): string {
  return path;
}

export async function readCompiled(_place: CachePlace, _kernels: Kernels): Promise<Uint8Array | null> {
  return null;
}

export function readCompiledSync(_place: CachePlace, _kernels: Kernels): Uint8Array | null {
  return null;
}

export async function writeCompiled(_place: CachePlace, _bytes: Uint8Array): Promise<void> {}

export function writeCompiledSync(_place: CachePlace, _bytes: Uint8Array): void {}

export async function stampFile(_path: string, _kernels: Kernels): Promise<SourceStamp | null> {
  return null;
}

export function stampFileSync(_path: string, _kernels: Kernels): SourceStamp | null {
  return null;
}
