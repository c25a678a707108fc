/**
 * How fast and how large training is: merganser, Hugging Face and gigatoken, on the same files, one after the other in the same run, each in a process of
 * its own. Time is from files to a saved tokenizer.json (gigatoken: to its merges), without loading the library; memory is the process's peak, and how far
 * that is above what the process had when training began.
 *
 *   npm run bench:train -- [--corpus FOLDER] [--tasks english,code,mixed,code200,english128] [--runs 3] [--peer-runs 1] [--peers tokenizers,gigatoken] [--peers-from FILE] [--no-python]
 *     [--no-js] [--no-iterables] [--vocab N] [--json FILE]
 *
 * The merges are compared with Hugging Face's: a difference prints FAILED, and the exit status is 1. `--peers-from` takes the Python peers' figures, and the
 * checksum of the merges, from what `--json` wrote before on the same machine, for they take long.
 */
import { execFileSync } from 'node:child_process';
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { trainBpe } from '../lib/index';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { machine, median } from './measure';
import { demandsOf, type TrainingFigures } from './train-demands';

interface Task {
  readonly name: string;
  readonly vocabSize: number;
  readonly files: readonly string[];
  readonly maxBytes: number;
}

interface Run {
  readonly seconds: number;
  readonly peakBytes: number;
  /** The peak when training began. */
  readonly baseBytes: number;
}

interface Contestant {
  readonly name: string;
  readonly rounds: number;
  readonly run: (task: Task, files: readonly string[], output: string) => Run | null;
}

const LANGUAGES = ['en-US', 'de', 'fr', 'ru', 'zh-CN', 'ja', 'hi', 'tr'].map((name) => `${name}.txt`);
const TASKS: readonly Task[] = [
  { name: 'english', vocabSize: 32_000, files: ['english.txt'], maxBytes: Infinity },
  { name: 'english128', vocabSize: 128_000, files: ['english.txt'], maxBytes: Infinity },
  { name: 'code', vocabSize: 32_000, files: ['code.txt'], maxBytes: 50e6 },
  { name: 'mixed', vocabSize: 64_000, files: LANGUAGES, maxBytes: Infinity },
  { name: 'code200', vocabSize: 32_000, files: ['code.txt'], maxBytes: Infinity },
];
/** Bytes of a chunk of the stream. */
const CHUNK_BYTES = 1 << 16;

const { values: options, positionals } = parseArgs({
  allowNegative: true,
  allowPositionals: true,
  options: {
    child: { type: 'string' },
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    tasks: { type: 'string', default: TASKS.map(({ name }) => name).join() },
    vocab: { type: 'string' },
    runs: { type: 'string', default: '3' },
    'peer-runs': { type: 'string', default: '1' },
    peers: { type: 'string', default: 'tokenizers,gigatoken' },
    'peers-from': { type: 'string' },
    python: { type: 'boolean', default: true },
    js: { type: 'boolean', default: true },
    iterables: { type: 'boolean', default: true },
    json: { type: 'string' },
  },
});

/** What a child process does: `--child native|js|lines|chunks VOCAB OUTPUT FILE …`. */
async function child(kind: string): Promise<void> {
  const [vocabSize, output, ...files] = positionals;
  const lines = kind === 'lines' ? linesOf(files) : [];
  const chunks = kind === 'chunks' ? files.map((file) => readFileSync(file)) : [];
  const input = kind === 'lines' ? eachOf(lines) : kind === 'chunks' ? chunksOf(chunks) : { files };
  const baseBytes = peakBytes();
  const start = performance.now();
  const tokenizer = await trainBpe(input, { vocabSize: Number(vocabSize), backend: kind === 'js' ? 'js' : 'native' });
  await tokenizer.save(output);
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ seconds, peakBytes: peakBytes(), baseBytes, report: tokenizer.report }));
}

/** Every line with its newline, as a string of its own. */
function linesOf(files: readonly string[]): string[] {
  return files.flatMap((file) => readFileSync(file, 'utf8').match(/[^\n]*\n|[^\n]+/g) ?? []);
}

function* eachOf(texts: readonly string[]): Generator<string> {
  yield* texts;
}

function* chunksOf(files: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const file of files) for (let at = 0; at < file.length; at += CHUNK_BYTES) yield file.subarray(at, at + CHUNK_BYTES);
}

/** Of this process alone: what the system counts for a child includes its parent at the time of the fork. */
function peakBytes(): number {
  const [, kilobytes] = /VmHWM:\s*([0-9]+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
  return Number(kilobytes) * 1024;
}

function contestants(): Contestant[] {
  const run = (command: string, args: string[], env: NodeJS.ProcessEnv = {}): Run | null => {
    const lines = execFileSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 })
      .trim()
      .split('\n');
    const answer = JSON.parse(lines.at(-1)!) as Run & { missing?: string };
    if (answer.missing === undefined) return answer;
    console.warn(`${args[1]} left out: ${answer.missing}`);
    return null;
  };
  const ours = (name: string, kind: string, env: NodeJS.ProcessEnv = {}): Contestant => ({
    name,
    rounds: Number(options.runs),
    run: ({ vocabSize }, files, output) =>
      run(process.execPath, [__filename, '--child', kind, '--', String(vocabSize), output, ...files], env),
  });
  const python = options.python && options['peers-from'] === undefined ? pythonPath() : null;
  const peer = (name: string): Contestant => ({
    name,
    rounds: Number(options['peer-runs']),
    run: ({ vocabSize }, files, output) =>
      run(python!, [join(process.cwd(), 'bench/train-peers.py'), name, String(vocabSize), output, ...files]),
  });
  return [
    ours('merganser', 'native'),
    ours('merganser, 1 thread', 'native', { MERGANSER_THREADS: '1' }),
    ...(options.iterables ? [ours('merganser, iterable of lines', 'lines'), ours('merganser, iterable of chunks', 'chunks')] : []),
    ...(options.js ? [ours('merganser (js)', 'js')] : []),
    ...(python === null ? [] : options.peers.split(',').map(peer)),
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

/** A checksum of the merges in a tokenizer.json; null: there is none. */
function mergesOf(path: string): string | null {
  if (!existsSync(path)) return null;
  const { model } = JSON.parse(readFileSync(path, 'utf8')) as { model: { merges: unknown } };
  return createHash('sha256').update(JSON.stringify(model.merges)).digest('hex');
}

function main(): void {
  const { corpus } = options;
  if (corpus === undefined) throw new Error('No text to train on: name a folder with --corpus or MERGANSER_CORPUS; see bench/corpus.md.');
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  const known = options['peers-from'] === undefined ? [] : resultsIn(options['peers-from']);
  const results: TrainingFigures[] = [];
  console.log(`${machine()}\n`);
  for (const task of TASKS.filter(({ name }) => options.tasks.split(',').includes(name))) {
    const sized = options.vocab === undefined ? task : { ...task, vocabSize: Number(options.vocab) };
    const files = filesOf(sized, corpus, folder);
    const megabytes = files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6;
    const figures = [...measure(sized, files, folder), ...known.filter(({ task: { name } }) => name === task.name)];
    show(`${task.name}: ${megabytes.toFixed(0)} MB, ${sized.vocabSize} tokens`, figures);
    results.push(...figures);
  }
  rmSync(folder, { recursive: true });
  console.log(`| demanded | at least | got | |\n|---|---:|---:|---|\n${demandsOf(results).join('\n')}\n`);
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify({ machine: machine(), results }, null, 2));
  process.exitCode = results.some(({ equal }) => equal === false) ? 1 : 0;
}

/** The Python peers' figures of an earlier run. */
function resultsIn(path: string): TrainingFigures[] {
  const { machine: where, results } = JSON.parse(readFileSync(path, 'utf8')) as { machine: string; results: TrainingFigures[] };
  if (where !== machine()) throw new Error(`The figures of ${path} are of another machine: ${where}.`);
  return results.filter(({ name }) => name === 'tokenizers' || name === 'gigatoken');
}

/** All contestants in turns, so that whatever else the machine does hits all alike. */
function measure(task: Task, files: readonly string[], folder: string): TrainingFigures[] {
  const all = contestants();
  const runs = new Map<string, Run[]>();
  const output = (name: string): string => join(folder, `${task.name}-${name}.json`);
  for (let round = 0; round < Math.max(...all.map(({ rounds }) => rounds)); round++) {
    for (const { name, rounds, run } of all) {
      const result = round < rounds ? run(task, files, output(name)) : null;
      if (result !== null) runs.set(name, [...(runs.get(name) ?? []), result]);
    }
  }
  return [...runs].map(([name, list]) => ({
    task: { name: task.name, vocabSize: task.vocabSize },
    name,
    seconds: median(list.map(({ seconds }) => seconds)),
    peakBytes: median(list.map(({ peakBytes }) => peakBytes)),
    ownBytes: median(list.map(({ peakBytes, baseBytes }) => peakBytes - baseBytes)),
    merges: mergesOf(output(name)),
    equal: null,
  }));
}

function show(title: string, figures: TrainingFigures[]): void {
  const expected = (figures.find(({ name }) => name === 'tokenizers') ?? figures[0]).merges;
  const [first] = figures;
  console.log(`### ${title}\n\n| | s | × | peak MB | × | of it training's MB | × | merges |\n|---|---:|---:|---:|---:|---:|---:|---|`);
  for (const figure of figures) {
    const { name, seconds, peakBytes, ownBytes, merges } = figure;
    figure.equal = merges === null ? null : merges === expected;
    const verdict = figure.equal === null ? '–' : figure.equal ? 'equal' : '**FAILED**';
    const cells = [
      seconds.toFixed(2),
      (seconds / first.seconds).toFixed(1),
      (peakBytes / 1e6).toFixed(0),
      (peakBytes / first.peakBytes).toFixed(1),
      (ownBytes / 1e6).toFixed(0),
      (ownBytes / first.ownBytes).toFixed(1),
    ];
    console.log(`| ${name} | ${cells.join(' | ')} | ${verdict} |`);
  }
  console.log('');
}

if (options.child === undefined) main();
else void child(options.child);
