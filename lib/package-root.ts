import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MerganserError } from './errors';

/**
 * The package's own folder, where its binaries and encodings lie; found from this file, which may run from `lib` or, bundled, from `dist`.
 * Node only. Throws NOT_FOUND if merganser has been bundled into another program's file.
 */
export function packageRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === 'merganser') return folder;
    if (folder === dirname(folder)) break;
  }
  throw new MerganserError(
    'NOT_FOUND',
    `Expected ${__dirname} to lie in the package merganser, but no such package surrounds it. If a bundler put merganser there, mark it as external.`,
  );
}
