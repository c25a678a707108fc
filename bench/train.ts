/**
 * How fast and how large training is: merganser, Hugging Face and gigatoken, on the same files, one after the other in the same run, each in a process of
 * its own. Time is from files to a saved tokenizer.json (gigatoken: to its merges), without loading the library; memory is the process's peak.
 *
 *   npm run bench:train -- [--corpus FOLDER] [--tasks english,code,mixed,code200] [--runs 3] [--no-python] [--no-js] [--vocab N] [--json FILE]
 *
 * The merges are compared with Hugging Face's: a difference prints FAILED, and the exit status is 1.
 */
import { execFileSync } from 'node:child_process';
import { isUtf8 } from 'node:buffer';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { trainBpe } from '../lib/index';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { machine, median } from './measure';

interface Task {
  readonly name: string;
  readonly vocabSize: number;
  readonly files: readonly string[];
  readonly maxBytes: number;
}

interface Run {
  readonly seconds: number;
  readonly peakBytes: number;
  readonly version?: string;
}

const LANGUAGES = ['en-US', 'de', 'fr', 'ru', 'zh-CN', 'ja', 'hi', 'tr'].map((name) => `${name}.txt`);
const TASKS: readonly Task[] = [
  { name: 'english', vocabSize: 32_000, files: ['english.txt'], maxBytes: Infinity },
  { name: 'code', vocabSize: 32_000, files: ['code.txt'], maxBytes: 50e6 },
  { name: 'mixed', vocabSize: 64_000, files: LANGUAGES, maxBytes: Infinity },
  { name: 'code200', vocabSize: 32_000, files: ['code.txt'], maxBytes: Infinity },
  { name: 'english128', vocabSize: 128_000, files: ['english.txt'], maxBytes: Infinity },
];

const { values: options, positionals } = parseArgs({
  allowNegative: true,
  allowPositionals: true,
  options: {
    child: { type: 'string' },
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    tasks: { type: 'string', default: 'english,code,mixed,code200' },
    vocab: { type: 'string' },
    runs: { type: 'string', default: '3' },
    python: { type: 'boolean', default: true },
    js: { type: 'boolean', default: true },
    json: { type: 'string' },
  },
});

/** What a child process does: `--child native VOCAB OUTPUT FILE …`. */
async function child(backend: string): Promise<void> {
  const [vocabSize, output, ...files] = positionals;
  const start = performance.now();
  const tokenizer = await trainBpe({ files }, { vocabSize: Number(vocabSize), backend: backend as 'native' | 'js' });
  await tokenizer.save(output);
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ seconds, peakBytes: peakBytes(), report: tokenizer.report }));
}

/** Of this process alone: what the system counts for a child includes its parent at the time of the fork. */
function peakBytes(): number {
  const [, kilobytes] = /VmHWM:\s*([0-9]+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
  return Number(kilobytes) * 1024;
}

function contestants(): Array<{ name: string; run: (task: Task, files: readonly string[], output: string) => Run | null }> {
  const run = (command: string, args: string[], env: NodeJS.ProcessEnv = {}): Run | null => {
    const lines = execFileSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 })
      .trim()
      .split('\n');
    const answer = JSON.parse(lines.at(-1)!) as Run & { missing?: string };
    if (answer.missing === undefined) return answer;
    console.warn(`${args[1]} left out: ${answer.missing}`);
    return null;
  };
  const ours = (name: string, backend: string, env: NodeJS.ProcessEnv = {}) => ({
    name,
    run: ({ vocabSize }: Task, files: readonly string[], output: string) =>
      run(process.execPath, [__filename, '--child', backend, '--', String(vocabSize), output, ...files], env),
  });
  const python = options.python ? pythonPath() : null;
  const peer = (name: string) => ({
    name,
    run: ({ vocabSize }: Task, files: readonly string[], output: string) =>
      run(python!, [join(process.cwd(), 'bench/train-peers.py'), name, String(vocabSize), output, ...files]),
  });
  return [
    ours('merganser', 'native'),
    ours('merganser, 1 thread', 'native', { MERGANSER_THREADS: '1' }),
    ...(options.js ? [ours('merganser (js)', 'js')] : []),
    ...(python === null ? [] : [peer('tokenizers'), peer('gigatoken')]),
  ];
}

/** The task's files, or copies: cut to its size at a line's end, and with U+FFFD for malformed bytes, which the peers do not take. */
function filesOf({ name, files, maxBytes }: Task, corpus: string, folder: string): string[] {
  return files.map((file) => {
    const path = join(corpus, file);
    const bytes = readFileSync(path);
    if (bytes.length <= maxBytes && isUtf8(bytes)) return path;
    const kept = bytes.length <= maxBytes ? bytes : bytes.subarray(0, bytes.lastIndexOf(0x0a, maxBytes - 1) + 1);
    const copy = join(folder, `${name}-${file}`);
    writeFileSync(copy, kept.toString());
    return copy;
  });
}

function mergesOf(path: string): string | null {
  return existsSync(path) ? JSON.stringify((JSON.parse(readFileSync(path, 'utf8')) as { model: { merges: unknown } }).model.merges) : null;
}

function main(): void {
  if (options.corpus === undefined)
    throw new Error('No text to train on: name a folder with --corpus or MERGANSER_CORPUS; see bench/corpus.md.');
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  const results: object[] = [];
  let failed = false;
  console.log(`${machine()}\n`);
  for (const task of TASKS.filter(({ name }) => options.tasks.split(',').includes(name))) {
    const sized = options.vocab === undefined ? task : { ...task, vocabSize: Number(options.vocab) };
    const files = filesOf(sized, options.corpus, folder);
    const megabytes = files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6;
    const runs = new Map<string, Run[]>();
    const outputs = new Map<string, string>();
    // In turns, so that whatever else the machine does hits all alike.
    for (let round = 0; round < Number(options.runs); round++) {
      for (const { name, run } of contestants()) {
        const output = join(folder, `${task.name}-${name}.json`);
        const result = run(sized, files, output);
        if (result === null) continue;
        runs.set(name, [...(runs.get(name) ?? []), result]);
        outputs.set(name, output);
      }
    }
    const expected = mergesOf(outputs.get('tokenizers') ?? outputs.get('merganser')!);
    const first = summary(runs.get('merganser')!);
    console.log(
      `### ${task.name}: ${megabytes.toFixed(0)} MB, ${sized.vocabSize} tokens\n\n| | s | × | peak MB | × | merges |\n|---|---:|---:|---:|---:|---|`,
    );
    for (const [name, list] of runs) {
      const { seconds, peakBytes } = summary(list);
      const merges = mergesOf(outputs.get(name)!);
      const verdict = merges === null ? '–' : merges === expected ? 'equal' : '**FAILED**';
      failed ||= verdict === '**FAILED**';
      results.push({ task: task.name, megabytes, vocabSize: sized.vocabSize, name, seconds, peakBytes, verdict });
      console.log(
        `| ${name} | ${seconds.toFixed(2)} | ${(seconds / first.seconds).toFixed(1)} | ${(peakBytes / 1e6).toFixed(0)} | ${(peakBytes / first.peakBytes).toFixed(1)} | ${verdict} |`,
      );
    }
    console.log('');
  }
  rmSync(folder, { recursive: true });
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify({ machine: machine(), results }, null, 2));
  process.exitCode = failed ? 1 : 0;
}

function summary(runs: readonly Run[]): { seconds: number; peakBytes: number } {
  return { seconds: median(runs.map(({ seconds }) => seconds)), peakBytes: median(runs.map(({ peakBytes }) => peakBytes)) };
}

if (options.child === undefined) main();
else void child(options.child);
