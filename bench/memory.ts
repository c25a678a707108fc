/**
 * Whether memory stays where it is while text that is new all the time is encoded: resident megabytes every `--every` seconds.
 *
 *   npm run bench:memory -- [--minutes 10] [--every 30] [--cache-megabytes 16] [--ways sync,async,batch,stream,js] [--together] [--duty 1]
 *
 * Each way gets a fresh tokenizer and an equal share of the minutes; with `--together` all have the whole time and take turns. `--duty` is the part of the time
 * that is spent encoding, and making texts: the rest is slept, so that an hour's run leaves the machine to other work.
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
    together: { type: 'boolean', default: false },
    duty: { type: 'string', default: '1' },
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

/** Texts of words none of which comes twice in the first 2^32; every twentieth is long. */
function distinctTexts(): () => string {
  let next = 0;
  const word = (): string => {
    const number = next++;
    const letters = (Math.imul(number, 2_654_435_761) >>> 0).toString(36).replace(/\d/g, (digit) => 'qzxjvkwygb'[Number(digit)]);
    return ` ${letters.repeat(number % 20 === 0 ? 6 : 1 + (number % 2))}`;
  };
  return () => Array.from({ length: WORDS_A_TEXT }, word).join('');
}

function residentMegabytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
}

interface Contender {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly texts: () => string;
}

async function contender(name: string): Promise<Contender> {
  const cacheBytes = Number(options['cache-megabytes']) * 2 ** 20;
  const tokenizer = await Tokenizer.forEncoding('cl100k_base', { cacheBytes, ...(name === 'js' ? { backend: 'js' } : {}) });
  return { name, tokenizer, texts: distinctTexts() };
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function watch(contenders: readonly Contender[], minutes: number): Promise<void> {
  const label = contenders.map(({ name }) => name).join('+');
  const start = performance.now();
  const end = start + minutes * 60_000;
  let due = start;
  let characters = 0;
  const report = (now: number, rounds: number): void => {
    const facts = [
      ((now - start) / 60_000).toFixed(1).padStart(5),
      'min',
      String(rounds).padStart(7),
      'rounds',
      (characters / 1e6).toFixed(0).padStart(7),
      'MB of text',
    ];
    console.log(`${label} ${facts.join(' ')}: ${residentMegabytes().toFixed(0)} MB resident`);
  };
  let rounds = 0;
  for (let now = start; now < end; now = performance.now(), rounds++) {
    if (now >= due) {
      report(now, rounds);
      due += Number(options.every) * 1000;
    }
    for (const { name, tokenizer, texts } of contenders) {
      const counted = (): string => {
        const text = texts();
        characters += text.length;
        return text;
      };
      await WAYS[name](tokenizer, counted);
    }
    const busy = performance.now() - now;
    if (Number(options.duty) < 1) await sleep(busy / Number(options.duty) - busy);
    else if (rounds % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  report(end, rounds);
  for (const { tokenizer } of contenders) tokenizer.dispose();
}

async function main(): Promise<void> {
  const ways = options.ways.split(',');
  console.log(`${machine()}; cacheBytes ${options['cache-megabytes']} MiB, duty ${options.duty}`);
  if (options.together) await watch(await Promise.all(ways.map(contender)), Number(options.minutes));
  else for (const name of ways) await watch([await contender(name)], Number(options.minutes) / ways.length);
}

void main();
