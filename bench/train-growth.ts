/**
 * How training time grows with the corpus: texts of rising size, made by putting random stretches of a corpus together (so that words repeat as in more text
 * of the same kind, but there are no new ones), each trained on in a process of its own.
 *
 *   npm run bench:train-growth -- [--corpus FOLDER] [--gigabytes 0.1,1,10] [--vocab 32000] [--memory-limit BYTES] [--folder FOLDER]
 *
 * With --memory-limit each is trained on a second time with that limit, and the merges must be the same. The text is written to --folder (default: the
 * system's temporary folder), and removed.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { trainBpe, type TrainingReport } from '../lib/index';
import { machine } from './measure';

const STRETCH_BYTES = 1 << 16;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    child: { type: 'string' },
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    gigabytes: { type: 'string', default: '0.1,1,10' },
    vocab: { type: 'string', default: '32000' },
    'memory-limit': { type: 'string' },
    folder: { type: 'string', default: tmpdir() },
  },
});

interface Outcome {
  readonly report: TrainingReport;
  readonly merges: string;
  readonly peakBytes: number;
}

/** What a child process does: `--child VOCAB MEMORY_LIMIT|none FILE`. */
async function child(): Promise<void> {
  const [memoryLimit, file] = positionals;
  const tokenizer = await trainBpe(
    { files: file },
    {
      vocabSize: Number(options.child),
      invalidUtf8: 'replace',
      ...(memoryLimit === 'none' ? {} : { memoryLimit: Number(memoryLimit), spillFolder: options.folder }),
    },
  );
  const { model } = tokenizer.toJSON() as { model: { merges: unknown } };
  const [, kilobytes] = /VmHWM:\s*([0-9]+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
  const merges = createHash('sha256').update(JSON.stringify(model.merges)).digest('hex');
  console.log(JSON.stringify({ report: tokenizer.report, merges, peakBytes: Number(kilobytes) * 1024 } satisfies Outcome));
}

/** Lines of the corpus's files, in stretches chosen at random. */
function writeText(corpus: string, bytes: number, path: string): void {
  const texts = readdirSync(corpus)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => readFileSync(join(corpus, name)));
  const total = texts.reduce((sum, { length }) => sum + length, 0);
  const file = openSync(path, 'w');
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let left = bytes; left > 0;) {
    let at = random(total);
    const text = texts.find(({ length }) => (at < length ? true : ((at -= length), false)))!;
    const from = text.indexOf(0x0a, at) + 1;
    const to = text.indexOf(0x0a, Math.min(from + STRETCH_BYTES, text.length - 1)) + 1;
    if (to > from) left -= writeSync(file, text, from, to - from);
  }
  closeSync(file);
}

function main(): void {
  const { corpus } = options;
  if (corpus === undefined) throw new Error('No text to train on: name a folder with --corpus or MERGANSER_CORPUS; see bench/corpus.md.');
  const folder = mkdtempSync(join(options.folder, 'merganser-bench-'));
  const train = (limit: string, file: string): Outcome => {
    const args = [__filename, '--child', options.vocab, '--folder', folder, '--', limit, file];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Outcome;
  };
  console.log(
    `${machine()}\n\n| GB | memory limit | s | counting, s | merging, s | s for 1 GB | MB/s | different words | peak MB | merges |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|`,
  );
  try {
    for (const gigabytes of options.gigabytes.split(',').map(Number)) {
      const file = join(folder, 'text.txt');
      writeText(corpus, gigabytes * 1e9, file);
      const limits = ['none', ...(options['memory-limit'] === undefined ? [] : [options['memory-limit']])];
      const outcomes = limits.map((limit) => train(limit, file));
      outcomes.forEach(({ report, merges, peakBytes }, i) => {
        const { pretokenize, merge, total } = report.seconds;
        const equal = merges === outcomes[0].merges;
        const size = statSync(file).size / 1e9;
        const times = [total, pretokenize, merge, total / size].map((seconds) => seconds.toFixed(2)).join(' | ');
        const speed = (report.bytes / 1e6 / total).toFixed(0);
        console.log(
          `| ${size.toFixed(1)} | ${limits[i]} | ${times} | ${speed} | ${report.distinctWords} | ${(peakBytes / 1e6).toFixed(0)} | ${i === 0 ? '' : equal ? 'equal' : '**FAILED**'} |`,
        );
        if (!equal) process.exitCode = 1;
      });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (options.child === undefined) main();
else void child();
