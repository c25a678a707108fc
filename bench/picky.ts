/**
 * What PickyBPE costs and does: the time of training beside ordinary BPE of the same size, how many tokens are taken back, and how many tokens a text that
 * no training saw then has.
 *
 *   npm run bench:picky -- [--corpus FOLDER] [--file english.txt] [--vocab 32000] [--thresholds 0.9,0.8,0.7,0.6] [--authors CHECKOUT] [--megabytes 4]
 *
 * The file's last fortieth is the unseen text; the rest is trained on. With --authors only the time of the authors' program (github.com/pchizhov/picky_bpe) is
 * measured beside ours, on the file's first megabytes and with its words, which are what stands between white space.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { trainBpe } from '../lib/index';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { machine } from './measure';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    file: { type: 'string', default: 'english.txt' },
    vocab: { type: 'string', default: '32000' },
    thresholds: { type: 'string', default: '0.9,0.8,0.7,0.6' },
    authors: { type: 'string' },
    megabytes: { type: 'string', default: '4' },
  },
});

async function main(): Promise<void> {
  if (options.corpus === undefined)
    throw new Error('No text to train on: name a folder with --corpus or MERGANSER_CORPUS; see bench/corpus.md.');
  const all = readFileSync(join(options.corpus, options.file));
  const from = all.indexOf(0x0a, 0.975 * all.length) + 1;
  const unseen = all.subarray(from);
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  const training = join(folder, 'training.txt');
  writeFileSync(training, all.subarray(0, from));
  console.log(`${machine()}\n\n${options.file}: ${from} bytes trained on, ${unseen.length} unseen, ${options.vocab} tokens\n`);
  console.log('| threshold | s | × BPE | taken back | bytes per token, unseen | tokens, × BPE |\n|---|---:|---:|---:|---:|---:|');
  const plain = { seconds: 0, tokens: 0 };
  for (const threshold of ['none', ...options.thresholds.split(',')]) {
    const picky = threshold === 'none' ? {} : { picky: { threshold: Number(threshold) } };
    using tokenizer = await trainBpe({ files: training }, { vocabSize: Number(options.vocab), invalidUtf8: 'replace', ...picky });
    const tokens = tokenizer.encode(unseen, { invalidUtf8: 'replace' }).length;
    const { seconds, removals } = tokenizer.report;
    if (threshold === 'none') Object.assign(plain, { seconds: seconds.total, tokens });
    const cells = [
      seconds.total.toFixed(2),
      (seconds.total / plain.seconds).toFixed(1),
      removals,
      (unseen.length / tokens).toFixed(3),
      (tokens / plain.tokens).toFixed(4),
    ];
    console.log(`| ${threshold} | ${cells.join(' | ')} |`);
  }
  rmSync(folder, { recursive: true });
}

const WORDS_OF_THE_AUTHORS = {
  type: 'Sequence',
  pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: false }],
};

interface Figures {
  readonly seconds: number;
  readonly merges: number;
  readonly removals: number;
}

async function besideTheAuthors(checkout: string): Promise<void> {
  const python = pythonPath();
  if (python === null) throw new Error('No Python: name one in MERGANSER_PYTHON.');
  const text = readFileSync(join(options.corpus!, options.file));
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  const file = join(folder, 'text.txt');
  const part = text.subarray(0, text.lastIndexOf(0x0a, Number(options.megabytes) * 1e6) + 1);
  writeFileSync(file, part);
  console.log(`${machine()}\n\n${options.file}: ${part.length} bytes, ${options.vocab} tokens\n`);
  console.log('| threshold | merganser, s | authors, s | × | merges | taken back |\n|---|---:|---:|---:|---|---|');
  for (const threshold of options.thresholds.split(',')) {
    using tokenizer = await trainBpe(
      { files: file },
      { vocabSize: Number(options.vocab), preTokenizer: WORDS_OF_THE_AUTHORS, picky: { threshold: Number(threshold) } },
    );
    const { seconds, merges, removals } = tokenizer.report;
    const args = [join(process.cwd(), 'bench/picky-authors.py'), checkout, file, options.vocab, threshold];
    const theirs = JSON.parse(execFileSync(python, args, { encoding: 'utf8' })) as Figures;
    const cells = [seconds.total.toFixed(2), theirs.seconds.toFixed(1), (theirs.seconds / seconds.total).toFixed(0)];
    console.log(`| ${threshold} | ${cells.join(' | ')} | ${merges}, ${theirs.merges} | ${removals}, ${theirs.removals} |`);
  }
  rmSync(folder, { recursive: true });
}

if (options.authors === undefined) void main();
else void besideTheAuthors(options.authors);
