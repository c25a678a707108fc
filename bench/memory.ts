/**
 * Whether memory stays where it is while text that is new all the time is encoded: resident megabytes every `--every` seconds.
 *
 *   npm run bench:memory -- [--minutes 10] [--every 30] [--cache-megabytes 16] [--ways sync,async,batch,stream,js]
 *
 * Each way gets an equal share of the minutes, and a fresh tokenizer.
 */
import { parseArgs } from 'node:util';
import { Tokenizer } from '../lib/index';
import { machine } from './measure';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    every: { type: 'string', default: '30' },
    'cache-megabytes': { type: 'string', default: '16' },
    ways: { type: 'string', default: 'sync,async,batch,stream,js' },
  },
});

type Way = (tokenizer: Tokenizer, text: () => string) => unknown;

const WAYS: Record<string, Way> = {
  sync: (tokenizer, text) => tokenizer.encode(text()),
  async: (tokenizer, text) => tokenizer.encodeAsync(text()),
  batch: (tokenizer, text) => tokenizer.encodeBatch(Array.from({ length: 8 }, text)),
  stream: async (tokenizer, text) => {
    for await (const ids of tokenizer.encodeStream(Array.from({ length: 8 }, text))) void ids;
  },
  js: (tokenizer, text) => tokenizer.encode(text()),
};

const WORDS_A_TEXT = 5000;

/** Texts of words none of which comes twice; every twentieth is long. */
function distinctTexts(): () => string {
  let next = 0;
  const word = (): string => {
    const number = next++;
    const letters = ((number * 2_654_435_761) % 2 ** 47).toString(36).replace(/\d/g, (digit) => 'qzxjvkwygb'[Number(digit)]);
    return ` ${letters.repeat(number % 20 === 0 ? 6 : 1 + (number % 2))}`;
  };
  return () => Array.from({ length: WORDS_A_TEXT }, word).join('');
}

function residentMegabytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
}

async function watch(name: string, way: Way, minutes: number): Promise<void> {
  const cacheBytes = Number(options['cache-megabytes']) * 2 ** 20;
  const tokenizer = await Tokenizer.forEncoding('cl100k_base', { cacheBytes, ...(name === 'js' ? { backend: 'js' } : {}) });
  const text = distinctTexts();
  const start = performance.now();
  const end = start + minutes * 60_000;
  let due = start;
  for (let now = start, texts = 0; now < end; now = performance.now(), texts++) {
    if (now >= due) {
      console.log(
        `${name.padEnd(6)} ${((now - start) / 60_000).toFixed(1).padStart(5)} min ${String(texts).padStart(7)} calls ${residentMegabytes().toFixed(0).padStart(6)} MB`,
      );
      due += Number(options.every) * 1000;
    }
    await way(tokenizer, text);
    if (texts % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(`${name.padEnd(6)} at the end: ${residentMegabytes().toFixed(0)} MB`);
  tokenizer.dispose();
}

async function main(): Promise<void> {
  const ways = options.ways.split(',');
  console.log(`${machine()}; cacheBytes ${options['cache-megabytes']} MiB`);
  for (const name of ways) await watch(name, WAYS[name], Number(options.minutes) / ways.length);
}

void main();
