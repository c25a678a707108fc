/**
 * What compression-aware training gains: the size of a text's tokens as varints after DEFLATE, on text that was the validation text and on text that no
 * training saw, against ordinary BPE of the same size.
 *
 *   npm run bench:compression -- [--corpus FOLDER] [--file english.txt] [--vocab 4000,32000] [--candidates 16,256]
 *
 * The file's last twentieth is the validation text and the unseen text, half each; the rest is trained on.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { type Tokenizer, trainBpe } from '../lib/index';
import { machine } from './measure';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    file: { type: 'string', default: 'english.txt' },
    vocab: { type: 'string', default: '4000,32000' },
    candidates: { type: 'string', default: '16,256' },
  },
});

function varints(ids: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(5 * ids.length);
  let size = 0;
  for (let id of ids) {
    for (; id >= 128; id >>>= 7) bytes[size++] = (id & 127) | 128;
    bytes[size++] = id;
  }
  return bytes.subarray(0, size);
}

function deflated(tokenizer: Tokenizer, text: Uint8Array): { tokens: number; bytes: number } {
  const ids = tokenizer.encode(text, { invalidUtf8: 'replace' });
  return { tokens: ids.length, bytes: deflateRawSync(varints(ids), { level: 9 }).length };
}

async function main(): Promise<void> {
  if (options.corpus === undefined)
    throw new Error('No text to train on: name a folder with --corpus or MERGANSER_CORPUS; see bench/corpus.md.');
  const all = readFileSync(join(options.corpus, options.file));
  const lineFrom = (part: number): number => all.indexOf(0x0a, part * all.length) + 1;
  const [from, middle] = [lineFrom(0.95), lineFrom(0.975)];
  const [seen, unseen] = [all.subarray(from, middle), all.subarray(middle)];
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  const [training, validation] = [join(folder, 'training.txt'), join(folder, 'validation.txt')];
  writeFileSync(training, all.subarray(0, from));
  writeFileSync(validation, seen);
  console.log(`${machine()}\n\n${options.file}: ${from} bytes trained on, ${seen.length} to make small, ${unseen.length} unseen\n`);
  console.log('| tokens | candidates | s | tokens of seen | DEFLATE | × BPE | tokens of unseen | DEFLATE | × BPE |');
  console.log('|---:|---:|---:|---:|---:|---:|---:|---:|---:|');
  for (const vocabSize of options.vocab.split(',').map(Number)) {
    let plain: readonly number[] = [];
    for (const candidates of [1, ...options.candidates.split(',').map(Number)]) {
      const compression = candidates === 1 ? {} : { compression: { validation: { files: validation }, candidates } };
      using tokenizer = await trainBpe({ files: training }, { vocabSize, invalidUtf8: 'replace', ...compression });
      const [first, second] = [deflated(tokenizer, seen), deflated(tokenizer, unseen)];
      if (candidates === 1) plain = [first.bytes, second.bytes];
      const ratios = [first.bytes / plain[0], second.bytes / plain[1]].map((ratio) => ratio.toFixed(4));
      const seconds = tokenizer.report.seconds.total.toFixed(1);
      console.log(
        `| ${vocabSize} | ${candidates} | ${seconds} | ${first.tokens} | ${first.bytes} | ${ratios[0]} | ${second.tokens} | ${second.bytes} | ${ratios[1]} |`,
      );
    }
  }
  rmSync(folder, { recursive: true });
}

void main();
