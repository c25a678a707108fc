/**
 * How fast text becomes ids: merganser and its peers, one thread, the same bytes, the same run.
 *
 *   npm run bench:encode -- [--corpus FOLDER] [--files english,code] [--tokenizers cl100k,llama2] [--megabytes 4] [--runs 3] [--no-python]
 *                           [--no-short] [--adversarial] [--only 'merganser (native),gigatoken'] [--clock wall|cpu] [--json FILE]
 *
 * `--adversarial` takes text that is hard on tokenizers instead (adversarial-corpora.ts), beside the first file of the folder, and leaves out whoever
 * would need more than 20 seconds for one of them.
 *
 * The script runs from a bundle, as users run the package: unbundled, TypeScript's imports are property reads that cost the pure-TypeScript
 * backend most of its speed.
 *
 * Each contestant gets the text in the form it is fastest with: UTF-8 in memory where it takes that, else a string.
 *
 * `--clock cpu` measures processor time, for machines that have other work to do. Contestants with threads of their own look worse then.
 *
 * Cold is the first text that a freshly loaded tokenizer sees (loading is not counted), warm the same text once more; both are medians of
 * `--runs`. Each contestant's ids are compared with merganser's: a wrong answer prints FAILED, and the exit status is 1.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { backendInfo } from '../lib/index';
import { adversarialCorpora } from './adversarial-corpora';
import { type Contestant, contestants, type Subject, SUBJECTS } from './contestants';
import { type Corpus, readCorpora, shortStrings } from './corpora';
import { type Clock, collectGarbage, machine, median, megabytesPerSecond, timed, timeOf } from './measure';
import { type PeerResult, PythonPeers } from './python-peers';
import { markdown, type Row, shortMarkdown, type ShortRow } from './report';

const SHORT_LENGTHS = [100, 1000];
// So many bytes that it is not the first calls that count, which V8 interprets.
const SHORT_TOTAL = 2_000_000;

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    files: { type: 'string' },
    tokenizers: { type: 'string', default: 'cl100k,o200k,llama3,llama2' },
    megabytes: { type: 'string', default: '4' },
    runs: { type: 'string', default: '3' },
    python: { type: 'boolean', default: true },
    short: { type: 'boolean', default: true },
    adversarial: { type: 'boolean', default: false },
    only: { type: 'string' },
    clock: { type: 'string', default: 'wall' },
    json: { type: 'string' },
  },
});

const runs = Number(options.runs);
const clock: Clock = options.clock === 'cpu' ? 'cpu' : 'wall';
const wanted = options.only?.split(',');

async function measureContestant(contestant: Contestant, corpus: Corpus): Promise<PeerResult> {
  const cold: number[] = [];
  const warm: number[] = [];
  let ids: Uint32Array = new Uint32Array(0);
  for (let run = 0; run < runs; run++) {
    const tokenizer = await contestant.load();
    const encode = (): ArrayLike<number> | Promise<ArrayLike<number>> =>
      tokenizer.encodeBytes?.(corpus.bytes) ?? tokenizer.encode(corpus.text);
    cold.push(await timeOf(encode, clock));
    await collectGarbage();
    const second = await timed(encode, clock);
    warm.push(second.milliseconds);
    ids = Uint32Array.from(second.result);
    tokenizer.dispose?.();
    await collectGarbage();
  }
  return { name: contestant.name, cold, warm, ids };
}

/** The start of a text, one part in so many, that tells whether the whole would take too long. */
const PROBE = 64;
const TOO_LONG_MS = 20_000;

/** Whether a contestant gets through within reason: growing starts of the text show it, even if it needs quadratic time. */
async function finishes(contestant: Contestant, corpus: Corpus): Promise<boolean> {
  for (let part = PROBE; part >= 2; part /= 4) {
    const text = corpus.text.slice(0, Math.ceil(corpus.text.length / part));
    const tokenizer = await contestant.load();
    const { milliseconds } = await timed(() => tokenizer.encode(text));
    tokenizer.dispose?.();
    // A loaded tokenizer prepares itself on its first text, hence the second condition.
    if (milliseconds * part > TOO_LONG_MS && milliseconds > 200) {
      console.log(`${contestant.name} left out of ${corpus.name}: ${milliseconds.toFixed(0)} ms for ${text.length} characters`);
      return false;
    }
  }
  return true;
}

async function encodeRows(subject: Subject, corpus: Corpus, python: PythonPeers | null): Promise<Row[]> {
  const results: Array<PeerResult & { ours: boolean }> = [];
  for (const contestant of contestants(subject, wanted)) {
    if (options.adversarial && !contestant.ours && !(await finishes(contestant, corpus))) continue;
    results.push({ ...(await measureContestant(contestant, corpus)), ours: contestant.ours });
  }
  for (const result of (await python?.measure(subject, corpus, { runs, clock }, wanted)) ?? []) results.push({ ...result, ours: false });
  return results.map(({ name, cold, warm, ids, ours }) => ({
    tokenizer: subject.name,
    corpus: `${corpus.name} (${(corpus.bytes.length / 1e6).toFixed(1)} MB)`,
    contestant: name,
    ours,
    cold: megabytesPerSecond(corpus.bytes.length, median(cold)),
    warm: megabytesPerSecond(corpus.bytes.length, median(warm)),
    idsEqual: equal(ids, results[0].ids),
  }));
}

async function shortRow(
  contestant: Contestant,
  strings: readonly string[],
): Promise<{ single: number; batched: number | null; count: number; counts: boolean }> {
  const tokenizer = await contestant.load();
  const single: number[] = [];
  const batched: number[] = [];
  let count = 0;
  let batchCount: number | null = null;
  for (let run = 0; run < runs; run++) {
    const oneByOne = await timed(async () => {
      let ids = 0;
      for (const text of strings) {
        const encoded = tokenizer.encode(text);
        ids += (encoded instanceof Promise ? await encoded : encoded).length;
      }
      return ids;
    });
    single.push(oneByOne.milliseconds);
    count = oneByOne.result;
    if (!tokenizer.encodeBatch) continue;
    const all = await timed(() => tokenizer.encodeBatch!(strings));
    batched.push(all.milliseconds);
    batchCount = all.result;
  }
  tokenizer.dispose?.();
  return {
    single: median(single),
    batched: batched.length > 0 ? median(batched) : null,
    count,
    counts: batchCount === null || batchCount === count,
  };
}

async function shortRows(subject: Subject, corpus: Corpus): Promise<ShortRow[]> {
  const rows: ShortRow[] = [];
  for (const length of SHORT_LENGTHS) {
    const strings = shortStrings(corpus, length, SHORT_TOTAL);
    const bytes = Math.min(SHORT_TOTAL, corpus.bytes.length);
    let expected: number | undefined;
    for (const contestant of contestants(subject, wanted)) {
      const { single, batched, count, counts } = await shortRow(contestant, strings);
      expected ??= count;
      rows.push({
        tokenizer: subject.name,
        corpus: corpus.name,
        length,
        contestant: contestant.name,
        single: megabytesPerSecond(bytes, single),
        batched: batched === null ? null : megabytesPerSecond(bytes, batched),
        idsEqual: counts && count === expected,
      });
    }
  }
  return rows;
}

function equal(left: Uint32Array, right: Uint32Array): boolean {
  return left.length === right.length && left.every((id, i) => id === right[i]);
}

async function main(): Promise<void> {
  const bytes = Number(options.megabytes) * 1e6;
  const files = readCorpora(options.corpus, bytes, options.files?.split(','));
  const corpora = options.adversarial ? [...files.slice(0, 1), ...adversarialCorpora(bytes)] : files;
  const names = options.tokenizers.split(',');
  const subjects = SUBJECTS.filter((subject) => names.includes(subject.name));
  const python = options.python && !options.adversarial ? PythonPeers.start() : null;
  const { instructionSet, nativeError } = backendInfo();
  const head = `${machine()}; merganser native: ${nativeError ?? instructionSet ?? 'there'}; one thread, median of ${runs}, ${clock} time`;
  console.log(`${head}\n`);

  const rows: Row[] = [];
  const short: ShortRow[] = [];
  for (const subject of subjects) {
    for (const corpus of corpora) {
      const table = await encodeRows(subject, corpus, python);
      rows.push(...table);
      console.log(`${markdown(table)}\n`);
    }
    if (options.short && !options.adversarial && corpora.length > 0) short.push(...(await shortRows(subject, corpora[0])));
  }
  if (short.length > 0) console.log(`### Short strings\n\n${shortMarkdown(short)}\n`);
  python?.stop();
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ machine: head, rows, short }, null, 2)}\n`);
  if ([...rows, ...short].some((row) => !row.idsEqual)) {
    console.error('FAILED: some ids differ.');
    process.exitCode = 1;
  }
}

void main();
