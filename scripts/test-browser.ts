/**
 * Runs dist/browser.mjs in Chromium, and compares what it encodes with `tiktoken`. Run after `npm run build`.
 * Chromium is what the environment variable CHROMIUM names, else `chromium` in PATH; without one there is nothing to test.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { get_encoding, type TiktokenEncoding } from 'tiktoken';
import { packageRoot } from '../lib/package-root';

const root = packageRoot();
const TIME_LIMIT_MS = 120_000;
const ENCODINGS: readonly TiktokenEncoding[] = ['gpt2', 'p50k_base', 'cl100k_base', 'o200k_base'];
const TEXTS = [
  '',
  'hello world',
  "They'll say it's   DON'T\r\n\r\n\t  3.14159 1234567",
  'Größe, naïve, Привет, мир! 你好，世界 こんにちは नमस्ते 🏳️‍🌈👩‍👩‍👧',
  '<|endoftext|> is ordinary text here',
  'const answer = (a, b) => a ** b; // '.repeat(500),
  readFileSync(join(root, 'README.md'), 'utf8'),
];

/** What a page sends back. */
interface Report {
  readonly error?: string;
  readonly backend: string;
  readonly encodings: ReadonlyArray<{
    readonly name: string;
    readonly ids: ReadonlyArray<readonly number[]>;
    readonly texts: readonly string[];
  }>;
}

const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
const send = (report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) });
try {
  const { Tokenizer, backendInfo } = await import('/dist/browser.mjs');
  const { names, texts } = await (await fetch('/cases')).json();
  const encodings = [];
  for (const name of names) {
    const tokenizer = await Tokenizer.forEncoding(name);
    const ids = texts.map((text) => Array.from(tokenizer.encode(text, { allowedSpecial: 'none' })));
    encodings.push({ name, ids, texts: ids.map((list) => tokenizer.decode(list)) });
  }
  await send({ backend: backendInfo().backend, encodings });
} catch (error) {
  await send({ error: String(error?.stack ?? error) });
}
</script>`;

const TYPES: Readonly<Record<string, string>> = { '.mjs': 'text/javascript', '.bin': 'application/octet-stream' };

/** Serves the page, the cases and dist; `onReport` gets what the page sends. */
function serve(onReport: (report: Report) => void, onError: (error: unknown) => void): Server {
  return createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/') response.setHeader('content-type', 'text/html').end(PAGE);
    else if (path === '/cases') response.end(JSON.stringify({ names: ENCODINGS, texts: TEXTS }));
    else if (path === '/report')
      void readReport(request)
        .then(onReport, onError)
        .finally(() => response.end());
    else if (/^\/dist\/[\w./-]+$/.test(path) && !path.includes('..') && existsSync(join(root, path)))
      response.setHeader('content-type', TYPES[extname(path)] ?? 'text/plain').end(readFileSync(join(root, path)));
    else response.writeHead(404).end();
  });
}

async function readReport(request: IncomingMessage): Promise<Report> {
  return JSON.parse(await readText(request)) as Report;
}

function chromium(): string | null {
  const program = process.env['CHROMIUM'] ?? 'chromium';
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0 ? program : null;
}

function open(program: string, url: string, profile: string): ChildProcess {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', `--user-data-dir=${profile}`];
  return spawn(program, [...flags, url], { stdio: 'ignore' });
}

function check({ error, backend, encodings }: Report): void {
  assert.equal(error, undefined);
  assert.equal(backend, 'js');
  assert.deepEqual(
    encodings.map(({ name }) => name),
    ENCODINGS,
  );
  for (const { name, ids, texts } of encodings) {
    const oracle = get_encoding(name as TiktokenEncoding);
    TEXTS.forEach((text, i) => assert.deepEqual(ids[i], Array.from(oracle.encode(text, [], [])), `${name}: ${text.slice(0, 40)}`));
    oracle.free();
    assert.deepEqual(texts, TEXTS);
    console.log(`${name}: ${TEXTS.length} texts, ${ids.flat().length} ids as tiktoken's`);
  }
}

/** What the page reports; fails if Chromium ends before, or time runs out. */
async function reportOf(program: string): Promise<Report> {
  const profile = mkdtempSync(join(tmpdir(), 'merganser-browser-'));
  let browser: ChildProcess | undefined;
  let server: Server | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Report>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`Expected a report within ${TIME_LIMIT_MS / 1000} s.`)), TIME_LIMIT_MS);
      const listening = (server = serve(resolve, reject));
      listening.listen(0, '127.0.0.1', () => {
        browser = open(program, `http://127.0.0.1:${(listening.address() as AddressInfo).port}/`, profile);
        browser.on('error', reject).on('exit', (code) => reject(new Error(`Expected a report, but ${program} exited with ${code}.`)));
      });
    });
  } finally {
    clearTimeout(timer);
    server?.close();
    server?.closeAllConnections();
    await stop(browser);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function stop(browser: ChildProcess | undefined): Promise<void> {
  if (browser?.exitCode !== null || browser.signalCode !== null) return;
  const gone = new Promise((resolve) => browser.once('exit', resolve));
  browser.kill();
  await gone;
}

async function main(): Promise<void> {
  const program = chromium();
  if (program === null) {
    console.log('Skipped: there is no Chromium. Name one in the environment variable CHROMIUM, or put `chromium` into PATH.');
    return;
  }
  check(await reportOf(program));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
