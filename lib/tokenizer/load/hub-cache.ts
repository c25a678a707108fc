/**
 * The file cache that Hugging Face's libraries share, in Node. The build puts hub-cache.browser.ts in its place where there are no files.
 * Layout: models--org--name/{blobs/<etag>, snapshots/<commit>/<path> → blob, refs/<branch> holding a commit}.
 */
import type * as Hub from '@huggingface/hub';
import { randomUUID } from 'node:crypto';
import { copyFile, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { makeFolder } from './files';

export interface HubCache {
  /** A file of a commit, or of the commit that a branch last stood for; null if it is not there. */
  read(revision: string, path: string): Promise<Uint8Array | null>;
  write(revision: string, commit: string, etag: string, path: string, bytes: Uint8Array): Promise<void>;
}

const NAME = /^[\w.-]+$/;

/** The cache of one repository; `cacheDir` defaults to that of the Python library (HF_HUB_CACHE, HF_HOME, ~/.cache/huggingface/hub). */
export function openHubCache(hub: typeof Hub, id: string, cacheDir: string | undefined): HubCache | null {
  const folder = join(cacheDir ?? hub.getHFHubCachePath(), hub.getRepoFolderName({ type: 'model', name: id }));
  return {
    async read(revision, path) {
      const commit = (await readOrNull(join(folder, 'refs', ...safeParts(revision))))?.toString('utf8').trim() ?? revision;
      return NAME.test(commit) ? readOrNull(join(folder, 'snapshots', commit, path)) : null;
    },
    async write(revision, commit, etag, path, bytes) {
      if (!NAME.test(commit) || !NAME.test(etag)) return;
      const blob = join(folder, 'blobs', etag);
      const pointer = join(folder, 'snapshots', commit, path);
      await writeWhole(blob, bytes);
      await makeFolder(dirname(pointer));
      await link(blob, pointer);
      if (revision !== commit) await writeWhole(join(folder, 'refs', ...safeParts(revision)), commit);
    },
  };
}

/** A branch may be called `a/b`; what would lead out of the folder is written differently. */
function safeParts(revision: string): string[] {
  return revision.split('/').map((part) => (part === '..' || part === '.' ? encodeURIComponent(`%${part}`) : part));
}

async function readOrNull(path: string): Promise<Buffer | null> {
  return readFile(path).catch(() => null);
}

async function writeWhole(path: string, contents: Uint8Array | string): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = `${path}.${randomUUID()}.incomplete`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}

/** A copy where links are not allowed (Windows without developer mode). */
async function link(blob: string, pointer: string): Promise<void> {
  await symlink(relative(dirname(pointer), blob), pointer).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') await copyFile(blob, pointer);
  });
}
