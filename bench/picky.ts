/**
 * What PickyBPE costs and does: the time of training beside ordinary BPE of the same size, how many tokens are taken back, and how many tokens a text that
 * no training saw then has.
 *
 *   npm run bench:picky -- [--corpus FOLDER] [--file english.txt] [--vocab 32000] [--thresholds 0.9,0.8,0.7,0.6]
 *
 * The file's last fortieth is the unseen text; the rest is trained on.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { trainBpe } from '../lib/index';
import { machine } from './measure';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    file: { type: 'string', default: 'english.txt' },
    vocab: { type: 'string', default: '32000' },
    thresholds: { type: 'string', default: '0.9,0.8,0.7,0.6' },
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

void main();
