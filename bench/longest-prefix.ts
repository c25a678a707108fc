/**
 * Longest-prefix encoding with a vocabulary of a million tokens, which our own trainer makes of the corpus: how long the encoder takes to build, what memory it takes, and
 * how fast it encodes, beside a straightforward loop over a Map of strings in the same run.
 *
 *   npm run bench:longest-prefix -- [--corpus FOLDER] [--tokens 1000000] [--megabytes 20] [--runs 5]
 *
 * The vocabulary is kept in build-bench. Ids are compared: a difference prints FAILED, and the exit status is 1.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LongestPrefixEncoder, Tokenizer, trainBpe } from '../lib/index';
import { readCorpora } from './corpora';
import { machine, median } from './measure';

const CORPORA = ['english', 'code', 'de', 'fr', 'ru', 'tr', 'hi', 'ja', 'zh-CN'];
/** As GPT-2's, but a piece may be two words: words alone do not make a million tokens of a corpus of this size. */
const TWO_WORDS = ' ?\\p{L}+(?: \\p{L}+)?| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+';
const MAP_MEGABYTES = 0.05;

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    tokens: { type: 'string', default: '1000000' },
    megabytes: { type: 'string', default: '20' },
    runs: { type: 'string', default: '5' },
  },
});
if (options.corpus === undefined) throw new Error('Name a folder with --corpus or MERGANSER_CORPUS. bench/corpus.md says how to make one.');
const runs = Number(options.runs);

async function vocabulary(): Promise<Tokenizer> {
  const path = join('build-bench', `longest-prefix-${options.tokens}.json`);
  if (existsSync(path)) return Tokenizer.fromFile(path);
  const start = performance.now();
  const trained = await trainBpe(
    { files: CORPORA.map((name) => join(options.corpus!, `${name}.txt`)) },
    {
      vocabSize: Number(options.tokens),
      preTokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: TWO_WORDS }, behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
        ],
      },
      decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      initialAlphabet: 'byteLevel',
      invalidUtf8: 'replace',
    },
  );
  console.log(`Training: ${((performance.now() - start) / 1e3).toFixed(1)} s.`);
  await trained.save(path);
  return trained;
}

/** Keys are strings with a unit for each byte. */
function mapLoop(ids: ReadonlyMap<string, number>, longest: number, text: string): number[] {
  const result: number[] = [];
  for (let at = 0; at < text.length;) {
    let size = Math.min(longest, text.length - at);
    let id: number | undefined;
    while (size > 0 && (id = ids.get(text.slice(at, at + size))) === undefined) size--;
    if (id === undefined) throw new Error(`no token begins at ${at}`);
    result.push(id);
    at += size;
  }
  return result;
}

function timed<Result>(times: number, run: () => Result): { milliseconds: number; result: Result } {
  let result = run();
  const all = Array.from({ length: times }, () => {
    const start = performance.now();
    result = run();
    return performance.now() - start;
  });
  return { milliseconds: median(all), result };
}

async function main(): Promise<void> {
  const tokenizer = await vocabulary();
  const texts = readCorpora(options.corpus, Number(options.megabytes) * 1e6, ['english', 'code', 'de', 'zh-CN']);
  console.log(`${machine()}; ${options.tokens} tokens, medians of ${runs} runs, one thread\n`);
  const mapStart = performance.now();
  const ids = new Map<string, number>();
  const { vocabSize } = tokenizer;
  for (let id = 0; id < vocabSize; id++) {
    const key = Buffer.from(tokenizer.decodeBytes([id])).toString('latin1');
    if (key !== '' && !ids.has(key)) ids.set(key, id);
  }
  const longest = [...ids.keys()].reduce((most, { length }) => Math.max(most, length), 0);
  const mapMilliseconds = performance.now() - mapStart;
  console.log('| | building, ms | memory, MB |\n|---|---:|---:|');
  console.log(`| Map of strings (longest token: ${longest} bytes) | ${mapMilliseconds.toFixed(0)} | |`);
  const encoders = (['native', 'js'] as const).map((backend) => {
    const start = performance.now();
    const encoder = LongestPrefixEncoder.createSync(tokenizer, { backend });
    const milliseconds = performance.now() - start;
    console.log(`| merganser (${backend}) | ${milliseconds.toFixed(0)} | ${(encoder.memory / 1e6).toFixed(1)} |`);
    return { backend, encoder };
  });
  console.log(
    '\n| corpus | MB | bytes a token | native, MB/s | js, MB/s | Map loop, MB/s | native / Map | ids |\n|---|---:|---:|---:|---:|---:|---:|---|',
  );
  for (const { name, text: whole } of texts) {
    const text = typeof whole === 'string' ? whole : Buffer.from(whole).toString('utf8');
    const bytes = Buffer.from(text);
    const part = bytes.subarray(0, MAP_MEGABYTES * 1e6).toString('latin1');
    const ours = encoders.map(({ encoder }) => timed(runs, () => encoder.encode(bytes)));
    const theirs = timed(1, () => mapLoop(ids, longest, part));
    const speeds = ours.map(({ milliseconds }) => bytes.length / 1e3 / milliseconds);
    const mapSpeed = part.length / 1e3 / theirs.milliseconds;
    // The part may end within a token.
    const same = theirs.result.slice(0, -longest).every((id, i) => ours.every(({ result }) => result[i] === id));
    const equal = same && ours.every(({ result }) => result.length === ours[0].result.length);
    if (!equal) process.exitCode = 1;
    console.log(
      `| ${name} | ${(bytes.length / 1e6).toFixed(1)} | ${(bytes.length / ours[0].result.length).toFixed(2)} | ${speeds[0].toFixed(0)} | ${speeds[1].toFixed(0)} | ${mapSpeed.toFixed(2)} | ${(speeds[0] / mapSpeed).toFixed(0)} × | ${equal ? 'equal' : '**FAILED**'} |`,
    );
  }
}

void main();
