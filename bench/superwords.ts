/**
 * What superwords gain and what they cost: bytes per token on the text that was trained on, the time of training, and how fast texts are encoded.
 *
 *   npm run bench:superwords -- [--corpus FOLDER] [--file english.txt] [--vocab 8000,32000,64000,128000,200000] [--megabytes N]
 *
 * SuperBPE begins at nine tenths of the vocabulary, as in the paper's best models.
 */
import { readFileSync, statSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type SuperwordOptions, trainBpe } from '../lib/index';
import { machine } from './measure';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    file: { type: 'string', default: 'english.txt' },
    vocab: { type: 'string', default: '8000,32000,64000,128000,200000' },
    megabytes: { type: 'string' },
  },
});

/** The file, or a copy of its beginning. */
function textFile(folder: string): string {
  if (options.corpus === undefined)
    throw new Error('No text to train on: name a folder with --corpus or MERGANSER_CORPUS; see bench/corpus.md.');
  const path = join(options.corpus, options.file);
  if (options.megabytes === undefined) return path;
  const bytes = readFileSync(path).subarray(0, Number(options.megabytes) * 1e6);
  const copy = join(folder, options.file);
  writeFileSync(copy, bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1));
  return copy;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  const file = textFile(folder);
  const { size } = statSync(file);
  const text = readFileSync(file);
  console.log(`${machine()}\n\n${options.file}, ${(size / 1e6).toFixed(0)} MB\n`);
  console.log(
    '| tokens | method | bytes per token | × BPE | training s | s/GB | encoding MB/s, one thread |\n|---:|---|---:|---:|---:|---:|---:|',
  );
  for (const vocabSize of options.vocab.split(',').map(Number)) {
    const methods: Array<readonly [string, SuperwordOptions | undefined]> = [
      ['BPE', undefined],
      ['SuperBPE', { method: 'superbpe', transition: Math.round(0.9 * vocabSize) }],
      ['BoundlessBPE', { method: 'boundless' }],
      ['BoundlessBPE from 0.9 on', { method: 'boundless', transition: Math.round(0.9 * vocabSize) }],
    ];
    let plain = 0;
    for (const [name, superwords] of methods) {
      const start = performance.now();
      const tokenizer = await trainBpe(
        { files: file },
        { vocabSize, invalidUtf8: 'replace', ...(superwords === undefined ? {} : { superwords }) },
      );
      const seconds = (performance.now() - start) / 1000;
      void tokenizer.encode('warm');
      const encodeStart = performance.now();
      const tokens = tokenizer.count(text, { invalidUtf8: 'replace' });
      const encodeSeconds = (performance.now() - encodeStart) / 1000;
      tokenizer.dispose();
      const density = size / tokens;
      if (superwords === undefined) plain = density;
      console.log(
        `| ${vocabSize} | ${name} | ${density.toFixed(3)} | ${(density / plain).toFixed(3)} | ${seconds.toFixed(2)} | ${((seconds / size) * 1e9).toFixed(1)} | ${(size / 1e6 / encodeSeconds).toFixed(0)} |`,
      );
    }
  }
  rmSync(folder, { recursive: true });
}

void main();
