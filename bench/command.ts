/**
 * The command on whole files, each run a process of its own: seconds from its start to its end, by the wall clock.
 *
 *   npm run bench:command -- [--corpus FOLDER] [--files english,code] [--tokenizers cl100k,o200k,llama2] [--megabytes 8] [--runs 5] [--no-python] [--only NAMES]
 *
 * "start" is the same for a file of ten bytes. Megabytes per second are those of the time beyond that. Beside it one call of the library on one thread, in a
 * fresh process too (what comes before is not counted), and programs in Python that count the same file.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { readTiktokenRanks, tiktokenFile } from '../test/oracles/tiktoken';
import { isWanted, type Subject, SUBJECTS } from './contestants';
import { readCorpora } from './corpora';
import { machine, median, megabytesPerSecond } from './measure';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    files: { type: 'string' },
    tokenizers: { type: 'string', default: 'cl100k,o200k,llama3,llama2' },
    megabytes: { type: 'string', default: '8' },
    runs: { type: 'string', default: '5' },
    only: { type: 'string' },
    'no-python': { type: 'boolean', default: false },
  },
});

const COMMAND = join(process.cwd(), 'dist/cli.mjs');

/** One way to a file's tokens; a run gives the number of them (NaN: it does not tell) and milliseconds. */
interface Way {
  readonly name: string;
  /** Whether it is a whole process. */
  readonly starts: boolean;
  run(subject: Subject, text: string): { tokens: number; milliseconds: number };
}

function timedProcess(program: string, args: readonly string[], input: string | null = null): { output: string; milliseconds: number } {
  const start = performance.now();
  const stdin = input === null ? ('ignore' as const) : openSync(input, 'r');
  const output = execFileSync(program, args, { encoding: 'utf8', stdio: [stdin, 'pipe', 'inherit'], maxBuffer: 1 << 30 });
  return { output, milliseconds: performance.now() - start };
}

function command(name: string, args: readonly string[], how: 'file' | 'stdin' | 'pipe' = 'file'): Way {
  return {
    name,
    starts: true,
    run: ({ file }, text) => {
      const all = [COMMAND, ...args, '--tokenizer', file, '--special', 'none', '--no-add-special-tokens'];
      const { output, milliseconds } =
        how === 'pipe'
          ? timedProcess('sh', ['-c', 'file=$1; shift; cat "$file" | "$@"', 'sh', text, process.execPath, ...all])
          : timedProcess(process.execPath, how === 'file' ? [...all, text] : all, how === 'file' ? null : text);
      return { tokens: args[0] === 'count' ? parseInt(output, 10) : NaN, milliseconds };
    },
  };
}

function library(method: 'count' | 'encode'): Way {
  return {
    name: `library, one call of ${method}`,
    starts: false,
    run: ({ file }, text) => {
      const { output } = timedProcess(process.execPath, [join(process.cwd(), 'bench/encode-once.cjs'), file, text, method]);
      const [tokens, milliseconds] = output.trim().split(' ').map(Number);
      return { tokens, milliseconds };
    },
  };
}

function python(peer: string, program: string, folder: string): Way {
  return {
    name: `${peer} (Python)`,
    starts: true,
    run: ({ file, encoding }, text) => {
      const request = { peer, file, text, encoding: encoding === null ? null : rankFile(encoding, folder) };
      const { output, milliseconds } = timedProcess(program, [join(process.cwd(), 'bench/count-file.py'), JSON.stringify(request)]);
      return { tokens: parseInt(output, 10), milliseconds };
    },
  };
}

function rankFile(encoding: NonNullable<Subject['encoding']>, folder: string): object {
  const { ranks, pattern, specialTokens } = readTiktokenRanks(encoding);
  const path = join(folder, `${encoding}.tiktoken`);
  writeFileSync(path, tiktokenFile(ranks));
  return { path, pattern, specialTokens };
}

function waysOf(folder: string): Way[] {
  const program = options['no-python'] ? null : pythonPath();
  const output = join(folder, 'ids');
  return [
    command('merganser count FILE', ['count']),
    command('merganser count < FILE', ['count'], 'stdin'),
    command('cat FILE | merganser count', ['count'], 'pipe'),
    command('merganser encode --format u32', ['encode', '--format', 'u32', '--output', output]),
    command('merganser encode', ['encode', '--output', output]),
    library('count'),
    library('encode'),
    ...(program === null ? [] : ['gigatoken', 'tiktoken', 'tokenizers'].map((peer) => python(peer, program, folder))),
  ].filter(({ name }) => isWanted(name, options.only?.split(',')));
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-command-'));
  const [text, tiny] = [join(folder, 'text.txt'), join(folder, 'tiny.txt')];
  writeFileSync(tiny, 'ten bytes!');
  try {
    console.log(`${machine()}; medians of ${options.runs}\n`);
    console.log('| tokenizer | corpus | way | start, ms | whole, ms | MB/s beyond the start |\n|---|---|---|---:|---:|---:|');
    for (const subject of SUBJECTS.filter(({ name }) => options.tokenizers.split(',').includes(name))) {
      for (const { name, bytes } of readCorpora(options.corpus, Number(options.megabytes) * 1e6, options.files?.split(','))) {
        writeFileSync(text, bytes);
        const rows = waysOf(folder)
          .filter((way) => subject.encoding !== null || !way.name.startsWith('tiktoken'))
          .map((way) => ({ way, starts: [] as number[], times: [] as number[], tokens: NaN }));
        for (let run = 0; run < Number(options.runs); run++) {
          for (const row of rows) {
            if (row.way.starts) row.starts.push(row.way.run(subject, tiny).milliseconds);
            const { tokens, milliseconds } = row.way.run(subject, text);
            row.times.push(milliseconds);
            row.tokens = tokens;
          }
        }
        const counts = new Set(rows.map(({ tokens }) => tokens).filter((tokens) => !Number.isNaN(tokens)));
        if (counts.size > 1) console.log(`FAILED: numbers of tokens differ: ${[...counts].join(', ')}`);
        for (const { way, starts, times } of rows) {
          const start = way.starts ? median(starts) : 0;
          const speed = megabytesPerSecond(bytes.length, median(times) - start);
          console.log(
            `| ${subject.name} | ${name} | ${way.name} | ${way.starts ? start.toFixed(0) : ''} | ${median(times).toFixed(0)} | ${speed.toFixed(0)} |`,
          );
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main();
