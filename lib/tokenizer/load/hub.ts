/** Fetches files from the Hugging Face Hub, or a server that speaks its language, through the optional package @huggingface/hub. */
import type * as Hub from '@huggingface/hub';
import { aborted, invalidArgument, MerganserError } from '../../errors';
import type { HubOptions } from '../types';
import { openHubCache, type HubCache } from './hub-cache';

const REPOSITORY = /^[\w.-]+(?:\/[\w.-]+)?$/;
const COMMIT = /^[0-9a-f]{40}$/;
const MISSING = new Set(['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND']);

interface Request {
  readonly hub: typeof Hub;
  readonly id: string;
  readonly path: string;
  readonly revision: string;
  /** What the functions of @huggingface/hub take. */
  readonly common: { repo: { type: 'model'; name: string }; revision: string; hubUrl: string; fetch: typeof fetch; accessToken?: string };
}

/**
 * The bytes of one file of a model repository. It is kept in the cache that the Python library uses too, and read from there without asking the
 * server if the revision is a commit, if the environment variable HF_HUB_OFFLINE is set, or if the server cannot be reached.
 * Throws NOT_FOUND (no such repository, revision or file), DOWNLOAD_FAILED, ABORTED, or UNSUPPORTED if @huggingface/hub is not installed.
 */
export async function fetchFromHub(id: string, path: string, options: HubOptions = {}): Promise<Uint8Array> {
  if (typeof id !== 'string' || !REPOSITORY.test(id) || id.includes('..'))
    throw invalidArgument('id', 'a repository such as "org/model"', id);
  if (options.signal?.aborted) throw aborted(options.signal);
  const request = await prepare(id, path, options);
  const cache = openHubCache(request.hub, id, options.cacheDir);
  const offline = isSet(environment('HF_HUB_OFFLINE'));
  if (offline || COMMIT.test(request.revision)) {
    const cached = await cache?.read(request.revision, path);
    if (cached != null) return cached;
    if (offline)
      throw new MerganserError('NOT_FOUND', `HF_HUB_OFFLINE is set, and ${path} of ${id} (${request.revision}) is not in the cache.`);
  }
  try {
    return await download(request, cache);
  } catch (error) {
    if (options.signal?.aborted) throw aborted(options.signal);
    if (!isUnreachable(request, error)) throw explain(request, error);
    const cached = await cache?.read(request.revision, path);
    if (cached != null) return cached;
    throw explain(request, error);
  }
}

async function prepare(id: string, path: string, options: HubOptions): Promise<Request> {
  const { revision = 'main', signal } = options;
  const token = options.token ?? environment('HF_TOKEN');
  return {
    hub: await loadHub(),
    id,
    path,
    revision,
    common: {
      repo: { type: 'model', name: id },
      revision,
      hubUrl: (options.endpoint ?? environment('HF_ENDPOINT') ?? 'https://huggingface.co').replace(/\/+$/, ''),
      fetch: signal === undefined ? fetch : (input, init) => fetch(input, { ...init, signal }),
      ...(token === undefined || token === '' ? {} : { accessToken: token }),
    },
  };
}

async function loadHub(): Promise<typeof Hub> {
  try {
    return await import('@huggingface/hub');
  } catch (cause) {
    if (!MISSING.has((cause as { code?: string }).code ?? '')) throw cause;
    throw new MerganserError(
      'UNSUPPORTED',
      'fromHub needs the package @huggingface/hub, which is not installed: npm install @huggingface/hub',
      { cause },
    );
  }
}

async function download({ hub, id, path, revision, common }: Request, cache: HubCache | null): Promise<Uint8Array> {
  const [info] = await hub.pathsInfo({ ...common, paths: [path], expand: true });
  if (info === undefined) throw new MerganserError('NOT_FOUND', `The repository ${id} (${revision}) has no file ${path}.`);
  const commit = info.lastCommit?.id;
  const place =
    cache !== null && commit !== undefined
      ? { commit: COMMIT.test(revision) ? revision : commit, etag: info.lfs?.oid ?? info.xetHash ?? info.oid ?? commit }
      : null;
  const cached = place === null ? null : await cache!.read(place.commit, path);
  if (cached !== null) return cached;
  const blob = await hub.downloadFile({ ...common, path });
  if (blob === null) throw new MerganserError('NOT_FOUND', `The repository ${id} (${revision}) has no file ${path}.`);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (bytes.length !== info.size && info.size !== undefined) {
    throw new MerganserError('DOWNLOAD_FAILED', `Expected ${info.size} bytes of ${path} from ${id}, but got ${bytes.length}.`);
  }
  if (place !== null) await cache!.write(revision, place.commit, place.etag, path, bytes);
  return bytes;
}

/** No answer, or one that says that the server is not well. */
function isUnreachable({ hub }: Request, error: unknown): boolean {
  if (error instanceof MerganserError) return false;
  return !(error instanceof hub.HubApiError) || error.statusCode >= 500 || error.statusCode === 429;
}

function explain({ hub, id, path, revision, common }: Request, cause: unknown): MerganserError {
  if (cause instanceof MerganserError) return cause;
  if (!(cause instanceof hub.HubApiError)) {
    const { message, cause: reason } = cause as Error;
    const detail = reason instanceof Error ? `${message} (${reason.message || (reason as { code?: string }).code})` : message;
    return new MerganserError('DOWNLOAD_FAILED', `Expected ${path} of ${id} from ${common.hubUrl}, but the download failed: ${detail}`, {
      cause,
    });
  }
  switch (cause.statusCode) {
    case 401:
    case 403: {
      const hint =
        common.accessToken === undefined
          ? 'it may be private or gated, and no token was given (option "token" or HF_TOKEN)'
          : 'the token does not give access to it';
      return new MerganserError(
        'DOWNLOAD_FAILED',
        `${common.hubUrl} refused ${path} of ${id} (status ${cause.statusCode}): the repository does not exist, or ${hint}.`,
        { cause },
      );
    }
    case 404:
      return new MerganserError('NOT_FOUND', `${common.hubUrl} has no repository ${id} with revision ${revision}.`, { cause });
    default:
      return new MerganserError(
        'DOWNLOAD_FAILED',
        `${common.hubUrl} answered with status ${cause.statusCode} for ${path} of ${id}: ${cause.message}`,
        { cause },
      );
  }
}

function environment(name: string): string | undefined {
  return typeof process === 'undefined' ? undefined : process.env?.[name];
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.toLowerCase());
}
