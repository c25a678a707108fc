/**
 * What dynamic tokenization does for languages: the mean length of sequences by the number of merges, and the cost of each language relative to English, on
 * the same text in eight languages (bench/corpus.md). Batches of 32 lines of parallel text, boundary 'pretokens'. Writes the tables of docs/dynamic.md.
 *
 *   npm run bench:dynamic-languages -- [--corpus FOLDER] [--encodings gpt2,cl100k_base,o200k_base] [--batches 32]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DynamicTokenizer, Tokenizer } from '../lib/index';

const LANGUAGES = ['en-US', 'de', 'fr', 'ru', 'tr', 'hi', 'ja', 'zh-CN'];
const MERGES = [0, 10, 20, 40, 100];
const LINES = 32;

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    encodings: { type: 'string', default: 'gpt2,cl100k_base,o200k_base' },
    batches: { type: 'string', default: '32' },
  },
});
if (options.corpus === undefined) throw new Error('Name a folder with --corpus or MERGANSER_CORPUS. bench/corpus.md says how to make one.');

/** Batches of lines at the same share of each language's text: the files have nearly the same lines in the same order. */
function batchesOf(language: string): string[][] {
  const lines = readFileSync(join(options.corpus!, `${language}.txt`), 'utf8')
    .split('\n')
    .filter((line) => line.length > 0);
  const count = Number(options.batches);
  return Array.from({ length: count }, (_, i) => {
    const start = Math.floor((lines.length * i) / count);
    return lines.slice(start, start + LINES);
  });
}

/** Mean number of tokens of a line after each number of merges, and when no pair is left. */
function meanLengths(dynamic: DynamicTokenizer, batches: readonly string[][]): number[] {
  const totals = new Array<number>(MERGES.length + 1).fill(0);
  let lines = 0;
  for (const batch of batches) {
    const lengths = dynamic.encodeBatchSync(batch, { allowedSpecial: 'none' }).lengths();
    MERGES.forEach((merges, i) => (totals[i] += lengths[Math.min(merges, lengths.length - 1)]));
    totals[MERGES.length] += lengths[lengths.length - 1];
    lines += batch.length;
  }
  return totals.map((total) => total / lines);
}

for (const encoding of options.encodings.split(',')) {
  const tokenizer = Tokenizer.forEncodingSync(encoding);
  const dynamic = new DynamicTokenizer(tokenizer);
  const rows = LANGUAGES.map((language) => ({ language, lengths: meanLengths(dynamic, batchesOf(language)) }));
  const english = rows[0].lengths;
  const steps = [...MERGES.map(String), 'all'];
  console.log(`\n### ${encoding}\n\n| tokens a line (cost, English = 1) | ${steps.map((step) => `m = ${step}`).join(' | ')} |`);
  console.log(`|---|${steps.map(() => '---:').join('|')}|`);
  for (const { language, lengths } of rows) {
    console.log(
      `| ${language} | ${lengths.map((length, i) => `${length.toFixed(1)} (${(length / english[i]).toFixed(2)})`).join(' | ')} |`,
    );
  }
}
