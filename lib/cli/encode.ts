/** `merganser encode`: text in, ids out. */
import type { EncodeOptions, Tokenizer } from '../index';
import { defineCommand, ExitCode } from './command';
import { lineGroups, openInputs, withChunks } from './input';
import { oneOf, usageError } from './options';
import { withOutput } from './output';
import { Progress } from './progress';
import { chooseTokenizer, ENCODE_OPTIONS, encodeOptions, TOKENIZER_OPTIONS } from './tokenizer-options';
import { ID_FORMATS, IdWriter } from './write-ids';

const OPTIONS = {
  ...TOKENIZER_OPTIONS,
  ...ENCODE_OPTIONS,
  output: { short: 'o', argument: 'FILE', help: 'where ids go (default: standard output)' },
  format: { short: 'f', argument: 'FORMAT', help: 'text (default), json, u16 or u32' },
  lines: { short: 'l', help: 'every line is a text' },
} as const;

export const encode = defineCommand({
  usage: 'merganser encode [options] [FILE …]',
  notes: [
    'Every file is a text; without files, or for -, standard input is read. text and json have a line for each text, u16 and u32 (little-endian) no ends.',
  ],
  options: OPTIONS,
  async run({ values, positionals }, terminal) {
    const format = oneOf('format', values.format, ID_FORMATS) ?? 'text';
    const toScreen = (values.output ?? '-') === '-' && terminal.stdout.isTTY === true;
    if (toScreen && (format === 'u16' || format === 'u32'))
      throw usageError(`Ids in the format ${format} do not go to a terminal: use --output.`);
    const options = encodeOptions(values);
    const inputs = await openInputs(positionals, terminal);
    using tokenizer = (await chooseTokenizer(values, terminal.signal)).tokenizer;
    const encodeInput = values.lines ? encodeLines : encodeWhole;
    const progress = new Progress(terminal, inputs);
    try {
      await withOutput(values.output, terminal, async (output) => {
        const writer = new IdWriter(output, format);
        for (const input of inputs) {
          await withChunks(input, terminal.signal, (chunks) => encodeInput(tokenizer, progress.watch(chunks), options, writer));
        }
        await writer.finish();
      });
    } finally {
      progress.clear();
    }
    return ExitCode.Done;
  },
});

type EncodeInput = (tokenizer: Tokenizer, source: AsyncIterable<Uint8Array>, options: EncodeOptions, writer: IdWriter) => Promise<void>;

const encodeWhole: EncodeInput = async (tokenizer, source, options, writer) => {
  for await (const ids of tokenizer.encodeStream(source, options)) await writer.write(ids);
  await writer.endText();
};

const encodeLines: EncodeInput = async (tokenizer, source, options, writer) => {
  for await (const lines of lineGroups(source)) {
    const { values, offsets } = await tokenizer.encodeBatch(lines, options);
    await writer.writeTexts(lines.map((_, index) => values.subarray(offsets[index], offsets[index + 1])));
  }
};
