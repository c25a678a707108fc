/**
 * Runs dist/browser.mjs in Chromium, and compares what it encodes with `tiktoken`. Run after `npm run build`.
 * Chromium is what the environment variable CHROMIUM names, else `chromium` in PATH; without one there is nothing to test.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { get_encoding, type TiktokenEncoding } from 'tiktoken';
import { packageRoot } from '../lib/package-root';
import { NO_CHROMIUM, reportOfPage } from './chromium-page';

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

async function main(): Promise<void> {
  const report = await reportOfPage<Report>({
    html: PAGE,
    answers: { '/cases': () => JSON.stringify({ names: ENCODINGS, texts: TEXTS }) },
    folders: { '/dist/': join(root, 'dist') },
    timeLimitMs: TIME_LIMIT_MS,
  });
  if (report === null) console.log(`Skipped: ${NO_CHROMIUM}`);
  else check(report);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
