/**
 * How fast tokens of a batch are merged: merganser on one thread, beside straightforward recounts in TypeScript and Python on the same ids in the same run;
 * and how that changes with the number of merges and the size of the batch. Times are of merging alone, for a tokenizer that has seen a batch before.
 *
 *   npm run bench:dynamic -- [--corpus FOLDER] [--text english] [--runs 9] [--no-python] [--no-recount]
 *
 * The first merge of a process, which has yet to ask for all verdicts and to get its memory, is timed in a process of its own (--first).
 *
 * Final lengths are compared: a difference prints FAILED, and the exit status is 1.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DynamicTokenizer, type RaggedTokens, Tokenizer } from '../lib/index';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { readCorpora } from './corpora';
import { recount } from './dynamic-recount';
import { machine, median } from './measure';

const MOST_BYTES = 60e6;
const GPT2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    text: { type: 'string', default: 'english' },
    runs: { type: 'string', default: '9' },
    python: { type: 'boolean', default: true },
    recount: { type: 'boolean', default: true },
    first: { type: 'boolean', default: false },
  },
});
const runs = Number(options.runs);

const tokenizer = Tokenizer.forEncodingSync('gpt2');
const [corpus] = readCorpora(options.corpus, MOST_BYTES, [options.text]);
if (corpus === undefined) throw new Error(`There is no ${options.text}.txt in ${options.corpus}.`);
const ids = tokenizer.encode(corpus.text);
let failed = false;

function batchOf(sequences: number, length: number): RaggedTokens | null {
  if (ids.length < sequences * length) return null;
  return { values: ids.slice(0, sequences * length), offsets: Uint32Array.from({ length: sequences + 1 }, (_, i) => i * length) };
}

/** Milliseconds of the first merge of 4,096 × 2,048 tokens in this process. */
function firstMerge(): number {
  const dynamic = new DynamicTokenizer(tokenizer);
  const batch = batchOf(4096, 2048)!;
  const start = performance.now();
  dynamic.mergeSync(batch, { merges: 100 });
  return performance.now() - start;
}

function firstMerges(): number[] {
  const again = [...process.argv.slice(1), '--first'];
  return Array.from({ length: Math.min(runs, 5) }, () => Number(execFileSync(process.execPath, again, { encoding: 'utf8' })));
}

/** Median milliseconds, and the number of tokens left. */
function measure(dynamic: DynamicTokenizer, batch: RaggedTokens, merges: number, times = runs): { milliseconds: number; length: number } {
  let length = dynamic.mergeSync(batch, { merges }).values.length;
  const all = Array.from({ length: times }, () => {
    const start = performance.now();
    length = dynamic.mergeSync(batch, { merges }).values.length;
    return performance.now() - start;
  });
  return { milliseconds: median(all), length };
}

function recountInput(batch: RaggedTokens): { sequences: number[][]; strings: string[] } {
  const strings = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.idToToken(id)!);
  const sequences = Array.from({ length: batch.offsets.length - 1 }, (_, i) =>
    Array.from(batch.values.subarray(batch.offsets[i], batch.offsets[i + 1])),
  );
  return { sequences, strings };
}

function isValid(text: string): boolean {
  const marks = [...text].filter((character) => 'ĠĊĉ'.includes(character)).length;
  if (text.split('Ċ').length > 2 || (/[ĠĊĉ]/u.test(text.slice(1)) && marks < text.length)) return false;
  const bytes = tokenizer.decodeBytes(Array.from(text, (character) => tokenizer.tokenToId(character)!));
  const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return decoded.includes('\ufffd') || decoded.match(GPT2)!.length === 1;
}

function compareWithRecounts(batch: RaggedTokens, merges: number, ours: { milliseconds: number; length: number }): void {
  const input = { ...recountInput(batch), merges };
  const rows: Array<[string, number, number]> = [];
  const few = Math.min(runs, 3);
  let length = 0;
  const times = Array.from({ length: few }, () => {
    const start = performance.now();
    length = recount({ ...input, isValid });
    return performance.now() - start;
  });
  rows.push(['recount in TypeScript', median(times), length]);
  const python = options.python ? pythonPath() : null;
  if (python !== null) {
    const answer = JSON.parse(
      execFileSync(python, [join(process.cwd(), 'bench/dynamic-recount.py')], {
        input: JSON.stringify({ ...input, runs: few }),
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      }),
    ) as { seconds: number[]; length: number; version: string };
    rows.push([`recount in Python ${answer.version}`, 1e3 * median(answer.seconds), answer.length]);
  }
  for (const [name, milliseconds, theirs] of rows) {
    if (theirs !== ours.length) failed = true;
    const same = theirs === ours.length ? 'equal' : '**FAILED**';
    console.log(`| ${name} | ${milliseconds.toFixed(1)} | ${(milliseconds / ours.milliseconds).toFixed(0)} × | ${same} |`);
  }
}

function main(): void {
  console.log(`${machine()}; GPT-2 on ${options.text}.txt, medians of ${runs} runs\n`);
  for (const backend of ['native', 'js'] as const) {
    const own = Tokenizer.forEncodingSync('gpt2', { backend });
    const dynamic = new DynamicTokenizer(own);
    const small = batchOf(32, 512)!;
    const ours = measure(dynamic, small, 100, Math.max(runs, 50));
    console.log(`### 32 × 512 tokens, 100 merges (${backend})\n\n| | ms | merganser is faster by | length |\n|---|---:|---:|---|`);
    console.log(`| merganser (${backend}) | ${ours.milliseconds.toFixed(2)} | | ${ours.length} |`);
    if (options.recount) compareWithRecounts(small, 100, ours);
    console.log(`\n| sequences | length | merges | ms (${backend}) | million tokens/s | tokens left |\n|---:|---:|---:|---:|---:|---:|`);
    const sizes: Array<[number, number, number]> = [
      [32, 512, 10],
      [32, 512, 100],
      [32, 512, 1000],
      [256, 512, 100],
      [1024, 1024, 100],
      [4096, 2048, 10],
      [4096, 2048, 100],
      [4096, 2048, 1000],
      [4096, 2048, 10_000],
    ];
    for (const [sequences, length, merges] of sizes) {
      const batch = batchOf(sequences, length);
      if (batch === null) continue;
      const { milliseconds, length: left } = measure(dynamic, batch, merges);
      const speed = batch.values.length / 1e3 / milliseconds;
      console.log(`| ${sequences} | ${length} | ${merges} | ${milliseconds.toFixed(1)} | ${speed.toFixed(1)} | ${left} |`);
    }
    console.log();
  }
  if (batchOf(4096, 2048) !== null)
    console.log(
      `The first merge of a process, 4096 × 2048 tokens, 100 merges: ${firstMerges()
        .map((milliseconds) => milliseconds.toFixed(0))
        .join(', ')} ms.`,
    );
}

if (options.first) console.log(firstMerge());
else main();
if (failed) process.exitCode = 1;
