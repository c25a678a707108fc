/**
 * Counting against encoding, and decoding: one thread, called from Node, the median of `--runs`.
 *
 *   npm run bench:count-decode -- [--corpus FOLDER] [--files english,code] [--tokenizers cl100k,llama2] [--megabytes 16] [--runs 5]
 *
 * Decoding is given in gigabytes of text per second: to bytes (`decodeBytes`) and to a string (`decode`), the first time, with memory that may come from the system, and again.
 */
import { parseArgs } from 'node:util';
import { Tokenizer } from '../lib/index';
import { SUBJECTS } from './contestants';
import { readCorpora } from './corpora';
import { collectGarbage, machine, median, megabytesPerSecond, timeOf } from './measure';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    files: { type: 'string' },
    tokenizers: { type: 'string', default: 'cl100k,o200k,llama2' },
    megabytes: { type: 'string', default: '16' },
    runs: { type: 'string', default: '5' },
  },
});

const OPTIONS = { addSpecialTokens: false, allowedSpecial: 'none' } as const;

async function main(): Promise<void> {
  console.log(`${machine()}\n`);
  console.log(
    '| tokenizer | corpus | encode cold / warm MB/s | count / encode cold, warm | bytes GB/s, first / again | string GB/s, first / again |\n|---|---|---:|---:|---:|---:|',
  );
  for (const subject of SUBJECTS.filter(({ name }) => options.tokenizers.split(',').includes(name))) {
    for (const { name, bytes } of readCorpora(options.corpus, Number(options.megabytes) * 1e6, options.files?.split(','))) {
      const times: Record<string, number[]> = {
        encodeCold: [],
        encode: [],
        countCold: [],
        count: [],
        bytes: [],
        string: [],
        bytesAgain: [],
        stringAgain: [],
      };
      for (let run = 0; run < Number(options.runs); run++) {
        for (const method of ['encode', 'count'] as const) {
          const tokenizer = await Tokenizer.fromFile(subject.file);
          times[`${method}Cold`].push(await timeOf(() => tokenizer[method](bytes, OPTIONS)));
          times[method].push(await timeOf(() => tokenizer[method](bytes, OPTIONS)));
          if (method === 'encode') {
            const ids = tokenizer.encode(bytes, OPTIONS);
            tokenizer.decodeBytes(ids.subarray(0, 1));
            times.bytes.push(await timeOf(() => tokenizer.decodeBytes(ids)));
            times.string.push(await timeOf(() => tokenizer.decode(ids)));
            await collectGarbage();
            times.bytesAgain.push(await timeOf(() => tokenizer.decodeBytes(ids)));
            await collectGarbage();
            times.stringAgain.push(await timeOf(() => tokenizer.decode(ids)));
          }
          tokenizer.dispose();
        }
      }
      const speed = (key: string): number => megabytesPerSecond(bytes.length, median(times[key]));
      const gigabytes = (key: string): string => [key, `${key}Again`].map((times) => (speed(times) / 1e3).toFixed(2)).join(' / ');
      const ratio = (over: string, under: string): string => `${(median(times[under]) / median(times[over])).toFixed(2)} ×`;
      console.log(
        `| ${subject.name} | ${name} | ${speed('encodeCold').toFixed(0)} / ${speed('encode').toFixed(0)} | ` +
          `${ratio('countCold', 'encodeCold')}, ${ratio('count', 'encode')} | ${gigabytes('bytes')} | ${gigabytes('string')} |`,
      );
    }
  }
}

void main();
