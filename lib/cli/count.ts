/** `merganser count`: how many tokens files have. */
import type { EncodeOptions, Tokenizer } from '../index';
import { defineCommand, ExitCode } from './command';
import { type Input, openInputs, withChunks } from './input';
import { usageError } from './options';
import { Progress } from './progress';
import { type Terminal, write } from './terminal';
import { chooseTokenizer, ENCODE_OPTIONS, encodeOptions, TOKENIZER_OPTIONS } from './tokenizer-options';

const OPTIONS = {
  ...TOKENIZER_OPTIONS,
  ...ENCODE_OPTIONS,
  limit: { short: 'n', argument: 'N', help: 'stop, with exit status 1, as soon as there are more than N tokens in all' },
  json: { help: 'print JSON' },
} as const;

interface FileCount {
  readonly name: string;
  readonly tokens: number;
}

export const count = defineCommand({
  usage: 'merganser count [options] [FILE …]',
  notes: ['Without files, or for -, standard input is read.'],
  options: OPTIONS,
  async run({ values, positionals }, terminal) {
    const limit = parseLimit(values.limit);
    const options = encodeOptions(values);
    const inputs = await openInputs(positionals, terminal);
    using tokenizer = (await chooseTokenizer(values, terminal.signal)).tokenizer;
    const files = await countInputs(tokenizer, inputs, options, limit, terminal);
    const total = files.reduce((sum, { tokens }) => sum + tokens, 0);
    const overLimit = total > limit;
    await write(
      terminal.stdout,
      values.json
        ? describeAsJson(files, total, values.limit === undefined ? null : { limit, overLimit })
        : describe(files, total, overLimit),
    );
    if (!overLimit) return ExitCode.Done;
    await write(terminal.stderr, `merganser: There are more than ${limit} tokens.\n`);
    return ExitCode.Usage;
  },
});

function parseLimit(value: string | undefined): number {
  if (value === undefined) return Infinity;
  if (/^[0-9]{1,15}$/.test(value)) return Number(value);
  throw usageError(`Expected --limit to be a number of tokens, but got ${JSON.stringify(value)}.`);
}

/** Counts one input after the other, until there are more than `limit` tokens; the last count is then a part of the truth. */
async function countInputs(
  tokenizer: Tokenizer,
  inputs: readonly Input[],
  options: EncodeOptions,
  limit: number,
  terminal: Terminal,
): Promise<FileCount[]> {
  const progress = new Progress(terminal, inputs);
  const files: FileCount[] = [];
  let left = limit;
  try {
    for (const input of inputs) {
      const tokens = await withChunks(input, terminal.signal, (chunks) => countInput(tokenizer, progress.watch(chunks), options, left));
      files.push({ name: input.name, tokens });
      left -= tokens;
      if (left < 0) break;
    }
  } finally {
    progress.clear();
  }
  return files;
}

async function countInput(tokenizer: Tokenizer, source: AsyncIterable<Uint8Array>, options: EncodeOptions, limit: number): Promise<number> {
  let tokens = 0;
  for await (const ids of tokenizer.encodeStream(source, options)) {
    tokens += ids.length;
    if (tokens > limit) break;
  }
  return tokens;
}

/** As wc does it: numbers in a column, and their sum where there are several. What was cut short is marked. */
function describe(files: readonly FileCount[], total: number, cutShort: boolean): string {
  const rows = files.map(({ name, tokens }, index) => ({ number: `${cutShort && index === files.length - 1 ? '≥' : ''}${tokens}`, name }));
  if (files.length > 1) rows.push({ number: `${cutShort ? '≥' : ''}${total}`, name: 'total' });
  const width = Math.max(...rows.map(({ number }) => number.length));
  return rows.map(({ number, name }) => `${number.padStart(width)}${name === '-' ? '' : ` ${name}`}\n`).join('');
}

function describeAsJson(files: readonly FileCount[], total: number, limit: { limit: number; overLimit: boolean } | null): string {
  return `${JSON.stringify({ files, total, ...limit })}\n`;
}
