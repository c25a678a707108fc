/**
 * Encoding off the event loop: how long the loop is held up while a gigabyte is encoded, and what a second thread gives: like beside like, one thread and all with a
 * tokenizer that is fresh ("cold"), and with one that has seen the text ("warm"). Cold comes twice: the first large result of a process has memory that comes from the system,
 * which on a virtual machine may take longer than the work; the second has the same again.
 *
 *   npm run bench:async -- [--corpus FOLDER] [--file code] [--megabytes 1000] [--tokenizer cl100k]
 *
 * Strings are converted on JavaScript's thread, in turns of the event loop, before threads begin: by how much that is slower, and whether the loop goes on.
 *
 * What threads give that only compute is printed beside it: on a virtual machine they may have less than a processor each.
 *
 * The delay is what `perf_hooks.monitorEventLoopDelay` measures beyond its own interval.
 */
import { parseArgs } from 'node:util';
import { backendInfo, Tokenizer } from '../lib/index';
import { SUBJECTS } from './contestants';
import { readCorpora } from './corpora';
import { collectGarbage, loopDelay, machine, megabytesPerSecond, timed, timeOf } from './measure';
import { arithmeticScaling } from './thread-scaling';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    file: { type: 'string', default: 'code' },
    megabytes: { type: 'string', default: '1000' },
    tokenizer: { type: 'string', default: 'cl100k' },
  },
});

const OPTIONS = { addSpecialTokens: false, allowedSpecial: 'none' } as const;
const CACHE_BYTES = 64 << 20;

/** The work's speed, and percentiles of the delay in milliseconds. */
async function watched(name: string, bytes: number, work: () => Promise<unknown>): Promise<number> {
  const { milliseconds, delay } = await loopDelay(work);
  const speed = megabytesPerSecond(bytes, milliseconds);
  const [middle, late, longest] = [50, 99, 100].map((percentile) => delay(percentile).toFixed(1));
  console.log(`${name}: ${speed.toFixed(0)} MB/s; event loop held up p50 ${middle} ms, p99 ${late} ms, longest ${longest} ms`);
  return speed;
}

async function main(): Promise<void> {
  const { file } = SUBJECTS.find(({ name }) => name === options.tokenizer)!;
  const wanted = Number(options.megabytes) * 1e6;
  const [{ bytes: part }] = readCorpora(options.corpus, Math.min(wanted, 200e6), [options.file]);
  const whole = new Uint8Array(Math.floor(wanted / part.length) * part.length);
  for (let at = 0; at < whole.length; at += part.length) whole.set(part, at);
  const texts: Uint8Array[] = [];
  for (let at = 0; at < whole.length;) {
    const end = whole.indexOf(0x0a, Math.min(at + 1_000_000, whole.length - 1)) + 1;
    texts.push(whole.subarray(at, end === 0 ? whole.length : end));
    at = end === 0 ? whole.length : end;
  }
  console.log(
    `${machine()}; ${options.tokenizer}, ${(whole.length / 1e6).toFixed(0)} MB of ${options.file}, ${backendInfo().threads ?? 1} threads`,
  );
  let made = 0;
  // Equal tokenizers of a process share what they remember: no two are equal.
  const fresh = (): Promise<Tokenizer> => Tokenizer.fromFile(file, { cacheBytes: CACHE_BYTES + ++made });
  let [one, all] = [await fresh(), await fresh()];
  const threads = backendInfo().threads ?? 1;
  const encodeTexts = async (): Promise<number> => {
    // Results that nobody holds are given back when the loop turns, as those of a batch are.
    const { milliseconds } = await timed(async () => {
      for (const [i, text] of texts.entries()) {
        one.encode(text, OPTIONS);
        if (i % 16 === 15) await new Promise((resolve) => setImmediate(resolve));
      }
    });
    return megabytesPerSecond(whole.length, milliseconds);
  };
  for (const state of ['cold', 'cold', 'warm', 'warm']) {
    if (state === 'cold') [one, all] = [await fresh(), await fresh()];
    await collectGarbage();
    const alone = await encodeTexts();
    console.log(`${state}: one thread, texts of 1 MB: ${alone.toFixed(0)} MB/s`);
    await collectGarbage();
    const together = await watched(`  a batch of ${texts.length}`, whole.length, () => all.encodeBatch(texts, OPTIONS));
    const scaling = await arithmeticScaling(threads);
    console.log(`    ${(together / alone).toFixed(2)} × one thread; arithmetic alone ${scaling.toFixed(2)} ×`);
    if (state === 'cold') continue;
    await collectGarbage();
    const text = await watched('  one text', whole.length, () => all.encodeAsync(whole, OPTIONS));
    await collectGarbage();
    const inOneCall = megabytesPerSecond(whole.length, await timeOf(() => one.encode(whole, OPTIONS)));
    console.log(
      `    ${(text / alone).toFixed(2)} × one thread, ${(text / inOneCall).toFixed(2)} × one thread in one call (${inOneCall.toFixed(0)} MB/s)`,
    );
  }
  const strings = texts.slice(0, 400).map((text) => new TextDecoder().decode(text));
  const bytes = texts.slice(0, 400).reduce((sum, { length }) => sum + length, 0);
  for (let run = 0; run < 2; run++) {
    await collectGarbage();
    await watched(`a batch of ${strings.length} strings`, bytes, () => all.encodeBatch(strings, OPTIONS));
  }
  const { milliseconds } = await timed(() => texts.forEach((text) => one.count(text, OPTIONS)));
  console.log(`one thread, counting, warm: ${megabytesPerSecond(whole.length, milliseconds).toFixed(0)} MB/s`);
}

void main();
