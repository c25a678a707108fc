/** What the build puts in the place of hub-cache.ts for browsers, whose own cache serves. */
export interface HubCache {
  read(revision: string, path: string): Promise<Uint8Array | null>;
  write(revision: string, commit: string, etag: string, path: string, bytes: Uint8Array): Promise<void>;
}

export function openHubCache(_hub: unknown, _id: string, _cacheDir: string | undefined): HubCache | null {
  return null;
}
