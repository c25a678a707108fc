/**
 * Encoding in Chromium: merganser (TypeScript, as browsers get it) and gpt-tokenizer, in one page on the same strings.
 *
 *   npm run bench:browser -- [--corpus FOLDER] [--files english,code] [--encodings cl100k_base] [--megabytes 4] [--runs 3]
 *
 * Chromium is what the environment variable CHROMIUM names, else `chromium` in PATH. Cold is the first text after loading (merganser) or after the cache was
 * emptied (gpt-tokenizer), warm the same text again; medians of the runs, and ids are compared. Before the first row both encode 200 KB of the first file, so
 * that no row is about a program that V8 has only just begun to compile.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../lib/package-root';
import { NO_CHROMIUM, reportOfPage } from '../scripts/chromium-page';
import { readCorpora } from './corpora';
import { machine, median, megabytesPerSecond } from './measure';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    files: { type: 'string' },
    encodings: { type: 'string', default: 'cl100k_base' },
    megabytes: { type: 'string', default: '4' },
    runs: { type: 'string', default: '3' },
  },
});

const TIME_LIMIT_MS = 30 * 60_000;
const GPT_TOKENIZER = join(packageRoot(), 'node_modules/gpt-tokenizer/esm');

interface Times {
  readonly cold: readonly number[];
  readonly warm: readonly number[];
}

interface Report {
  readonly error?: string;
  readonly browser: string;
  readonly rows: ReadonlyArray<{
    readonly encoding: string;
    readonly corpus: string;
    readonly merganser: Times;
    readonly gptTokenizer: Times;
    readonly equal: boolean;
  }>;
}

const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
const send = (report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) });
const timed = (work) => { const start = performance.now(); const result = work(); return [performance.now() - start, result]; };
try {
  const { Tokenizer } = await import('/dist/browser.mjs');
  const { encodings, corpora, runs } = await (await fetch('/cases')).json();
  const rows = [];
  for (const encoding of encodings) {
    const peer = await import('/gpt-tokenizer/encoding/' + encoding + '.js');
    const theirs = (text) => peer.encode(text, { disallowedSpecial: new Set() });
    const ours = (tokenizer, text) => tokenizer.encode(text, { allowedSpecial: 'none' });
    for (const [index, { name, text }] of corpora.entries()) {
      const row = { encoding, corpus: name, merganser: { cold: [], warm: [] }, gptTokenizer: { cold: [], warm: [] }, equal: true };
      if (index === 0) { ours(await Tokenizer.forEncoding(encoding), text.slice(0, 2e5)); theirs(text.slice(0, 2e5)); }
      for (let run = 0; run < runs; run++) {
        const tokenizer = await Tokenizer.forEncoding(encoding);
        const [cold, ids] = timed(() => ours(tokenizer, text));
        row.merganser.cold.push(cold);
        row.merganser.warm.push(timed(() => ours(tokenizer, text))[0]);
        tokenizer.dispose();
        peer.clearMergeCache();
        const [peerCold, peerIds] = timed(() => theirs(text));
        row.gptTokenizer.cold.push(peerCold);
        row.gptTokenizer.warm.push(timed(() => theirs(text))[0]);
        row.equal &&= ids.length === peerIds.length && ids.every((id, i) => id === peerIds[i]);
        await new Promise((resolve) => setTimeout(resolve));
      }
      rows.push(row);
    }
  }
  await send({ browser: navigator.userAgent.match(/Chrome\\/[0-9.]+/)[0], rows });
} catch (error) {
  await send({ error: String(error?.stack ?? error) });
}
</script>`;

async function main(): Promise<void> {
  const corpora = readCorpora(options.corpus, Number(options.megabytes) * 1e6, options.files?.split(','));
  const cases = JSON.stringify({
    encodings: options.encodings.split(','),
    corpora: corpora.map(({ name, text }) => ({ name, text })),
    runs: Number(options.runs),
  });
  const report = await reportOfPage<Report>({
    html: PAGE,
    answers: { '/cases': () => cases },
    folders: { '/dist/': join(packageRoot(), 'dist'), '/gpt-tokenizer/': GPT_TOKENIZER },
    timeLimitMs: TIME_LIMIT_MS,
  });
  if (report === null) throw new Error(`Nothing to measure: ${NO_CHROMIUM}`);
  if (report.error !== undefined) throw new Error(report.error);
  console.log(`${machine()}; ${report.browser}; medians of ${options.runs}\n`);
  console.log('| encoding | corpus | merganser, cold / warm MB/s | gpt-tokenizer | faster by, cold / warm |\n|---|---|---:|---:|---:|');
  for (const { encoding, corpus, merganser, gptTokenizer, equal } of report.rows) {
    const size = corpora.find(({ name }) => name === corpus)!.bytes.length;
    const speed = (times: readonly number[]): string => megabytesPerSecond(size, median(times)).toFixed(1);
    const ratio = (key: keyof Times): string => `${(median(gptTokenizer[key]) / median(merganser[key])).toFixed(1)} ×`;
    const cells = [
      encoding,
      corpus,
      `${speed(merganser.cold)} / ${speed(merganser.warm)}`,
      `${speed(gptTokenizer.cold)} / ${speed(gptTokenizer.warm)}`,
    ];
    console.log(`| ${[...cells, equal ? `${ratio('cold')} / ${ratio('warm')}` : 'FAILED'].join(' | ')} |`);
    if (!equal) process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
