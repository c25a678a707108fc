/** npm run bench:load: how long a tokenizer takes until it can encode, each time in a fresh process; medians, in turns so that all meet the same noise. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realTokenizerPath, tiktokenRanksPath } from '../test/oracles/real-tokenizers';
import { machine, median } from './measure';

const RUNS = Number(process.env['RUNS'] ?? 9);

interface Row {
  readonly subject: string;
  readonly who: string;
  readonly arguments: readonly string[];
  readonly milliseconds: number[];
}

function rowsOf(cache: string): Row[] {
  const row = (subject: string, who: string, ...rest: string[]): Row => ({ subject, who, arguments: rest, milliseconds: [] });
  const ours = (subject: string, source: string): Row[] => [
    row(subject, 'merganser', 'merganser', source, ''),
    row(subject, 'merganser, compiled', 'merganser', source, cache),
  ];
  const encodings = (['cl100k_base', 'o200k_base'] as const).flatMap((name) => [
    ...ours(name, name),
    row(name, 'tiktoken', 'tiktoken', tiktokenRanksPath(name), ''),
    row(name, 'gpt-tokenizer', 'gpt-tokenizer', name, ''),
  ]);
  const files = ['llama3', 'qwen3', 'llama2', 'gemma'].flatMap((name) => {
    const file = realTokenizerPath(name);
    return [...ours(`${name}, tokenizer.json`, file), row(`${name}, tokenizer.json`, 'tokenizers', 'tokenizers', file, '')];
  });
  return [...encodings, ...files];
}

function measure(row: Row): number {
  const script = join(process.cwd(), 'bench/load-once.cjs');
  return Number(execFileSync(process.execPath, [script, ...row.arguments], { encoding: 'utf8' }));
}

function main(): void {
  const cache = mkdtempSync(join(tmpdir(), 'merganser-bench-load-'));
  try {
    const rows = rowsOf(cache);
    // The first round fills the cache of compiled forms, and the system's cache of files.
    for (const row of rows) measure(row);
    for (let run = 0; run < RUNS; run++) for (const row of rows) row.milliseconds.push(measure(row));
    console.log(`${machine()}; medians of ${RUNS}\n`);
    console.log('| | | ms |\n|---|---|---:|');
    for (const { subject, who, milliseconds } of rows) console.log(`| ${subject} | ${who} | ${median(milliseconds).toFixed(1)} |`);
  } finally {
    rmSync(cache, { recursive: true });
  }
}

main();
