/** Shows a page to Chromium without a window, and waits for what the page sends to /report as JSON. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { text as readText } from 'node:stream/consumers';

export const NO_CHROMIUM = 'there is no Chromium. Name one in the environment variable CHROMIUM, or put `chromium` into PATH.';

export interface ChromiumPage {
  readonly html: string;
  /** What the page may fetch, by path. */
  readonly answers: Readonly<Record<string, () => string | Uint8Array>>;
  /** Folders whose files it may fetch, by the path that stands for them (with slashes at both ends). */
  readonly folders: Readonly<Record<string, string>>;
  readonly timeLimitMs: number;
}

const TYPES: Readonly<Record<string, string>> = { '.mjs': 'text/javascript', '.js': 'text/javascript', '.bin': 'application/octet-stream' };

/** What the page reports; null where there is no Chromium. Fails if Chromium ends before, or time runs out. */
export async function reportOfPage<Report>(page: ChromiumPage): Promise<Report | null> {
  const program = chromium();
  if (program === null) return null;
  const profile = mkdtempSync(join(tmpdir(), 'merganser-browser-'));
  let browser: ChildProcess | undefined;
  let server: Server | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Report>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`Expected a report within ${page.timeLimitMs / 1000} s.`)), page.timeLimitMs);
      const listening = (server = serve(page, (report) => resolve(report as Report), reject));
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

function serve(page: ChromiumPage, onReport: (report: unknown) => void, onError: (error: unknown) => void): Server {
  return createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/') response.setHeader('content-type', 'text/html').end(page.html);
    else if (Object.hasOwn(page.answers, path)) response.end(page.answers[path]());
    else if (path === '/report')
      void readReport(request)
        .then(onReport, onError)
        .finally(() => response.end());
    else sendFile(page, path, response);
  });
}

function sendFile({ folders }: ChromiumPage, path: string, response: ServerResponse): void {
  const prefix = Object.keys(folders).find((start) => path.startsWith(start));
  const file = prefix === undefined ? null : join(folders[prefix], path.slice(prefix.length));
  const allowed = /^[\w./-]+$/.test(path) && !path.includes('..');
  if (file !== null && allowed && existsSync(file))
    response.setHeader('content-type', TYPES[extname(file)] ?? 'text/plain').end(readFileSync(file));
  else response.writeHead(404).end();
}

async function readReport(request: IncomingMessage): Promise<unknown> {
  return JSON.parse(await readText(request)) as unknown;
}

function chromium(): string | null {
  const program = process.env['CHROMIUM'] ?? 'chromium';
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0 ? program : null;
}

function open(program: string, url: string, profile: string): ChildProcess {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', `--user-data-dir=${profile}`];
  return spawn(program, [...flags, url], { stdio: 'ignore' });
}

async function stop(browser: ChildProcess | undefined): Promise<void> {
  if (browser?.exitCode !== null || browser.signalCode !== null) return;
  const gone = new Promise((resolve) => browser.once('exit', resolve));
  browser.kill();
  await gone;
}
