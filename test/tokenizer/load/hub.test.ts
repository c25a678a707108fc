/** Loading from the Hub, against a local server that answers as the Hub does. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer } from '../../../lib/index';

const COMMIT = 'a'.repeat(40);
const TOKEN = 'hf_secret';
const TOKENIZER = JSON.stringify({
  version: '1.0',
  added_tokens: [],
  model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] },
});
const OTHER = JSON.stringify({ version: '1.0', added_tokens: [], model: { type: 'BPE', vocab: { a: 0, b: 7 }, merges: [] } });

/** Files by "repository@revision". */
const FILES: Record<string, string | null> = {
  'org/model@main': TOKENIZER,
  [`org/model@${COMMIT}`]: TOKENIZER,
  'org/model@feature/b': OTHER,
  'org/private@main': TOKENIZER,
  'org/empty@main': null,
};

let server: Server;
let endpoint: string;
let cacheDir: string;
let requests: string[];
let failWith: number | 'hang' | null;

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  cacheDir = realpathSync(mkdtempSync(join(tmpdir(), 'merganser-hub-')));
  requests = [];
  failWith = null;
});
afterEach(() => rmSync(cacheDir, { recursive: true }));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  requests.push(`${request.method} ${request.url}`);
  for await (const chunk of request) void chunk;
  if (failWith === 'hang') return;
  if (failWith !== null) return send(response, failWith, { error: 'made to fail' });
  const [, api, resolve] = /^\/api\/models\/(.+)$|^\/(.+)$/.exec(request.url!)!;
  const [, repository, revision] =
    (api === undefined ? /^(.+)\/resolve\/([^/]+)\/tokenizer\.json$/.exec(resolve) : /^(.+)\/paths-info\/([^/]+)$/.exec(api)) ?? [];
  const file = FILES[`${repository}@${decodeURIComponent(revision ?? '')}`];
  if (repository === 'org/private' && request.headers.authorization !== `Bearer ${TOKEN}`)
    return send(response, 401, { error: 'Invalid credentials' });
  if (file === undefined) return send(response, 404, { error: 'Repository not found' });
  if (api !== undefined) return send(response, 200, file === null ? [] : [pathInfo(file)]);
  if (request.headers.range === 'bytes=0-0') {
    response.writeHead(206, { 'Content-Range': `bytes 0-0/${file!.length}`, ETag: `"${oid(file!)}"` });
    response.end(file![0]);
  } else {
    response.writeHead(200, { 'Content-Length': file!.length });
    response.end(file);
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

function oid(file: string): string {
  return createHash('sha1').update(file).digest('hex');
}

function pathInfo(file: string): object {
  return {
    path: 'tokenizer.json',
    type: 'file',
    oid: oid(file),
    size: file.length,
    lastCommit: { id: file === OTHER ? 'b'.repeat(40) : COMMIT, title: '', date: '2024-01-01T00:00:00Z' },
  };
}

test('downloads, and keeps the file in the layout that the Python library reads', async () => {
  const tokenizer = await Tokenizer.fromHub('org/model', { endpoint, cacheDir });
  expect(Array.from(tokenizer.encode('aba'))).toEqual([2, 0]);
  const repository = join(cacheDir, 'models--org--model');
  expect(readFileSync(join(repository, 'refs', 'main'), 'utf8')).toBe(COMMIT);
  const pointer = join(repository, 'snapshots', COMMIT, 'tokenizer.json');
  expect(readFileSync(pointer, 'utf8')).toBe(TOKENIZER);
  expect(realpathSync(pointer)).toBe(join(repository, 'blobs', oid(TOKENIZER)));
});

test('what is in the cache is not downloaded again, but the server is asked whether it is current', async () => {
  await Tokenizer.fromHub('org/model', { endpoint, cacheDir });
  requests = [];
  await Tokenizer.fromHub('org/model', { endpoint, cacheDir });
  expect(requests).toEqual(['POST /api/models/org/model/paths-info/main']);
});

test('a commit in the cache needs no server', async () => {
  await Tokenizer.fromHub('org/model', { endpoint, cacheDir, revision: COMMIT });
  requests = [];
  await Tokenizer.fromHub('org/model', { endpoint, cacheDir, revision: COMMIT });
  expect(requests).toEqual([]);
});

test('revisions', async () => {
  const tokenizer = await Tokenizer.fromHub('org/model', { endpoint, cacheDir, revision: 'feature/b' });
  expect(Array.from(tokenizer.encode('ab'))).toEqual([0, 7]);
  expect(readFileSync(join(cacheDir, 'models--org--model', 'refs', 'feature', 'b'), 'utf8')).toBe('b'.repeat(40));
});

test.each([500, 503, 429])('the cache serves when the server answers with status %p', async (status) => {
  await Tokenizer.fromHub('org/model', { endpoint, cacheDir });
  failWith = status;
  expect(Array.from((await Tokenizer.fromHub('org/model', { endpoint, cacheDir })).encode('ab'))).toEqual([2]);
});

test('the cache serves when there is no server', async () => {
  await Tokenizer.fromHub('org/model', { endpoint, cacheDir });
  expect(Array.from((await Tokenizer.fromHub('org/model', { endpoint: 'http://127.0.0.1:9', cacheDir })).encode('ab'))).toEqual([2]);
});

test('HF_HUB_OFFLINE asks nobody', async () => {
  await Tokenizer.fromHub('org/model', { endpoint, cacheDir });
  requests = [];
  process.env['HF_HUB_OFFLINE'] = '1';
  try {
    await Tokenizer.fromHub('org/model', { endpoint, cacheDir });
    await expect(Tokenizer.fromHub('org/other', { endpoint, cacheDir })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('HF_HUB_OFFLINE'),
    });
  } finally {
    delete process.env['HF_HUB_OFFLINE'];
  }
  expect(requests).toEqual([]);
});

test('tokens', async () => {
  await expect(Tokenizer.fromHub('org/private', { endpoint, cacheDir })).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
    message: expect.stringContaining('no token was given'),
  });
  await expect(Tokenizer.fromHub('org/private', { endpoint, cacheDir, token: 'hf_wrong' })).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
    message: expect.stringContaining('does not give access'),
  });
  expect((await Tokenizer.fromHub('org/private', { endpoint, cacheDir, token: TOKEN })).vocabSize).toBe(3);
});

test.each([
  ['a repository that is not there', 'org/nothing', {}, 'NOT_FOUND'],
  ['a revision that is not there', 'org/model', { revision: 'nothing' }, 'NOT_FOUND'],
  ['a repository without tokenizer.json', 'org/empty', {}, 'NOT_FOUND'],
  ['no server and no cache', 'org/model', { endpoint: 'http://127.0.0.1:9' }, 'DOWNLOAD_FAILED'],
  ['a path for a name', '../../etc', {}, 'INVALID_ARGUMENT'],
  ['a name with too many parts', 'a/b/c', {}, 'INVALID_ARGUMENT'],
  ['no name', undefined, {}, 'INVALID_ARGUMENT'],
])('refused: %s', async (_, id, options, code) => {
  await expect(Tokenizer.fromHub(id as string, { endpoint, cacheDir, ...options })).rejects.toMatchObject({ name: 'MerganserError', code });
});

test('a server error without a cache', async () => {
  failWith = 500;
  await expect(Tokenizer.fromHub('org/model', { endpoint, cacheDir })).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
    message: expect.stringContaining('500'),
  });
});

test('an AbortSignal stops a download', async () => {
  failWith = 'hang';
  const controller = new AbortController();
  const loading = Tokenizer.fromHub('org/model', { endpoint, cacheDir, signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await expect(loading).rejects.toMatchObject({ name: 'MerganserError', code: 'ABORTED' });
  await expect(Tokenizer.fromHub('org/model', { endpoint, cacheDir, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'ABORTED',
  });
});
