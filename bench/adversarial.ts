/**
 * How much slower merganser is on text that is hard on tokenizers than on plain text, for each kind of tokenizer.
 *
 *   npm run bench:adversarial -- [--corpus FOLDER] [--file english] [--tokenizers cl100k,llama2] [--megabytes 1] [--runs 3] [--backend native|js] [--limit 5]
 *
 * Each text is what a fresh tokenizer sees first ("cold", what it prepares for such text included) and then once more ("warm"); the factors are those of plain
 * text of the same size, best of `--runs`, in processor time. Factors beyond `--limit` are printed bold.
 */
import { parseArgs } from 'node:util';
import { backendInfo, Tokenizer } from '../lib/index';
import { adversarialCorpora } from './adversarial-corpora';
import { SUBJECTS } from './contestants';
import { type Corpus, readCorpora } from './corpora';
import { collectGarbage, machine, megabytesPerSecond, timed } from './measure';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    file: { type: 'string', default: 'english' },
    tokenizers: { type: 'string' },
    texts: { type: 'string' },
    megabytes: { type: 'string', default: '1' },
    runs: { type: 'string', default: '3' },
    backend: { type: 'string', default: 'native' },
    limit: { type: 'string', default: '5' },
  },
});

interface Speeds {
  readonly cold: number;
  readonly warm: number;
}

/** The best of all runs, each with a fresh tokenizer. */
async function measure(file: string, { bytes }: Corpus): Promise<Speeds> {
  let cold = 0;
  let warm = 0;
  for (let run = 0; run < Number(options.runs); run++) {
    const tokenizer = await Tokenizer.fromFile(file, { backend: options.backend === 'js' ? 'js' : 'native' });
    // What every tokenizer prepares at its first call, whatever the text.
    tokenizer.encode('a', { addSpecialTokens: false });
    const encode = (): Uint32Array => tokenizer.encode(bytes, { addSpecialTokens: false, allowedSpecial: 'none' });
    const first = await timed(encode, 'cpu');
    const second = await timed(encode, 'cpu');
    cold = Math.max(cold, megabytesPerSecond(bytes.length, first.milliseconds));
    warm = Math.max(warm, megabytesPerSecond(bytes.length, second.milliseconds));
    tokenizer.dispose();
    await collectGarbage();
  }
  return { cold, warm };
}

function factor(plain: number, speed: number): string {
  const times = plain / speed;
  const text = times < 10 ? times.toFixed(1) : times.toFixed(0);
  return times > Number(options.limit) ? `**${text}**` : text;
}

async function main(): Promise<void> {
  const bytes = Number(options.megabytes) * 1e6;
  const [plain] = readCorpora(options.corpus, bytes, [options.file]);
  const names = options.texts?.split(',');
  const texts = adversarialCorpora(bytes).filter(({ name }) => names === undefined || names.includes(name));
  const wanted = options.tokenizers?.split(',');
  const subjects = SUBJECTS.filter(({ name }) => wanted === undefined || wanted.includes(name));
  const { instructionSet, nativeError } = backendInfo();
  console.log(
    `${machine()}; ${options.backend} (${nativeError ?? instructionSet ?? 'there'}); ${options.megabytes} MB, best of ${options.runs}\n`,
  );
  console.log(`Plain text (${plain.name}): MB/s cold, warm; below: how many times slower, cold / warm.\n`);
  console.log(`| | ${subjects.map(({ name }) => name).join(' | ')} |`);
  console.log(`|---|${subjects.map(() => '---:').join('|')}|`);
  const limits: Speeds[] = [];
  for (const { file } of subjects) limits.push(await measure(file, plain));
  console.log(`| plain text, MB/s | ${limits.map(({ cold, warm }) => `${cold.toFixed(0)}, ${warm.toFixed(0)}`).join(' | ')} |`);
  for (const text of texts) {
    const cells: string[] = [];
    for (const [i, { file }] of subjects.entries()) {
      const { cold, warm } = await measure(file, text);
      cells.push(`${factor(limits[i].cold, cold)} / ${factor(limits[i].warm, warm)}`);
    }
    console.log(`| ${text.name} | ${cells.join(' | ')} |`);
  }
}

void main();
