/**
 * How fast tokenizers encode whose pattern has no scanner of its own, beside the same vocabulary behind a pattern that has one.
 *
 *   npm run bench:patterns -- [--corpus FOLDER] [--files english,code] [--megabytes 4] [--runs 5] [--backend native|js] [--only 'StarCoder;BLOOM']
 *
 * The vocabulary and merges are GPT-4's throughout, only `pre_tokenizer` is exchanged: for those that widespread tokenizer.json files carry, and for
 * patterns with look-ahead that people write. Cold: first text of a fresh tokenizer; warm: the best of `--runs` more. Processor time. Behind each speed stands how
 * many times faster the tokenizer with the scanner is.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { backendInfo, Tokenizer } from '../lib/index';
import { realTokenizerPath } from '../test/oracles/real-tokenizers';
import { type Corpus, readCorpora } from './corpora';
import { collectGarbage, machine, megabytesPerSecond, timeOf } from './measure';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    files: { type: 'string', default: 'english,code,ru,zh-CN' },
    megabytes: { type: 'string', default: '4' },
    runs: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'native' },
    only: { type: 'string' },
  },
});

type Part = Record<string, unknown>;

const BYTES: Part = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const GPT2: Part = { ...BYTES, use_regex: true };
const DIGITS: Part = { type: 'Digits', individual_digits: true };

function split(regex: string): Part {
  return { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false };
}

function sequence(...pretokenizers: Part[]): Part {
  return { type: 'Sequence', pretokenizers };
}

const HEAD = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const TAIL = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const ENDING = `(?i:'s|'t|'re|'ve|'m|'ll|'d)?`;
const REST = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const KIMI = [
  String.raw`[\p{Han}]+`,
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+${ENDING}`,
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*${ENDING}`,
  String.raw`\p{N}{1,3}`,
  REST,
].join('|');

/** The first has a scanner of its own. */
const PRE_TOKENIZERS: Readonly<Record<string, Part>> = {
  'GPT-4': sequence(
    split(String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`),
    BYTES,
  ),
  'StarCoder, SmolLM, Command R': sequence(DIGITS, GPT2),
  Falcon: sequence({ type: 'Punctuation', behavior: 'Contiguous' }, GPT2, DIGITS, split('[0-9][0-9][0-9]')),
  BLOOM: sequence(split(String.raw` ?[^(\s|[.,!?…。，、।۔،])]+`), BYTES),
  'DeepSeek Coder': sequence(
    split(String.raw`[\r\n]`),
    split(String.raw`\s?\p{L}+`),
    split(String.raw`\s?\p{P}+`),
    split('[一-龥ࠀ-一가-퟿]+'),
    DIGITS,
    BYTES,
  ),
  'Kimi K2': sequence(split(KIMI), BYTES),
  'Qwen 3.5': sequence(
    split(
      String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    ),
    BYTES,
  ),
  'o200k, digits one by one, no contractions, slashes': sequence(
    split(String.raw`[^\r\n\p{L}\p{N}]?${HEAD}*${TAIL}+|[^\r\n\p{L}\p{N}]?${HEAD}+${TAIL}*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]+|${REST}`),
    BYTES,
  ),
  'camel case, by look-ahead': sequence(split(String.raw` ?\p{Lu}?\p{Ll}+| ?\p{Lu}+(?!\p{Ll})| ?\p{L}+|\p{N}{1,3}|${REST}`), BYTES),
  'digits in threes from the right': sequence(
    split(String.raw`\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))|[^\r\n\p{L}\p{N}]?\p{L}+|${REST}`),
    BYTES,
  ),
  'words and what is between': sequence(split(String.raw`\w+|[^\w\s]+|\s+`), BYTES),
};

async function measure(json: string, { bytes }: Corpus): Promise<{ cold: number; warm: number }> {
  const tokenizer = Tokenizer.fromJSON(json, { backend: options.backend === 'js' ? 'js' : 'native' });
  tokenizer.encode('a', { addSpecialTokens: false });
  const encode = (): Uint32Array => tokenizer.encode(bytes, { addSpecialTokens: false, allowedSpecial: 'none' });
  const cold = await timeOf(encode, 'cpu');
  let warm = Infinity;
  for (let run = 0; run < Number(options.runs); run++) {
    await collectGarbage();
    warm = Math.min(warm, await timeOf(encode, 'cpu'));
  }
  tokenizer.dispose();
  return { cold: megabytesPerSecond(bytes.length, cold), warm: megabytesPerSecond(bytes.length, warm) };
}

async function main(): Promise<void> {
  const corpora = readCorpora(options.corpus, Number(options.megabytes) * 1e6, options.files.split(','));
  const definition = JSON.parse(readFileSync(realTokenizerPath('gpt4'), 'utf8')) as Record<string, unknown>;
  const only = options.only?.split(';');
  const { instructionSet, nativeError } = backendInfo();
  console.log(
    `${machine()}; ${options.backend} (${nativeError ?? instructionSet ?? 'there'}); ${options.megabytes} MB; MB/s cold, warm (times slower)\n`,
  );
  console.log(`| | ${corpora.map(({ name }) => name).join(' | ')} |\n|---|${corpora.map(() => '---:').join('|')}|`);
  const best: Array<{ cold: number; warm: number }> = [];
  for (const [name, preTokenizer] of Object.entries(PRE_TOKENIZERS)) {
    const json = JSON.stringify({ ...definition, pre_tokenizer: preTokenizer });
    if (only !== undefined && name !== 'GPT-4' && !only.some((start) => name.startsWith(start))) continue;
    const cells: string[] = [];
    for (const [i, corpus] of corpora.entries()) {
      const speeds = await measure(json, corpus);
      const { cold, warm } = (best[i] ??= speeds);
      cells.push(
        `${speeds.cold.toFixed(0)}, ${speeds.warm.toFixed(0)} (${(cold / speeds.cold).toFixed(1)}, ${(warm / speeds.warm).toFixed(1)})`,
      );
    }
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}

void main();
