/** `merganser decode`: ids in, text out. */
import type { DecodeOptions, Tokenizer } from '../index';
import { defineCommand, ExitCode } from './command';
import { type Input, openInputs } from './input';
import { oneOf, usageError } from './options';
import { type Output, withOutput } from './output';
import { Progress } from './progress';
import { readIds } from './read-ids';
import { chooseTokenizer, TOKENIZER_OPTIONS } from './tokenizer-options';
import { ID_FORMATS, type IdFormat } from './write-ids';

const OPTIONS = {
  ...TOKENIZER_OPTIONS,
  output: { short: 'o', argument: 'FILE', help: 'where text goes (default: standard output)' },
  format: { short: 'f', argument: 'FORMAT', help: 'of the ids: text (default), json, u16 or u32' },
  lines: { short: 'l', help: 'end every text with a line feed' },
  'skip-special-tokens': { help: 'leave special tokens out (default for tokenizer.json)' },
  'keep-special-tokens': { help: 'write special tokens (default for tiktoken)' },
} as const;

export const decode = defineCommand({
  usage: 'merganser decode [options] [FILE …]',
  notes: ['Every line of ids (text), array (json) or file (u16, u32) is a text. Without files, or for -, standard input is read.'],
  options: OPTIONS,
  async run({ values, positionals }, terminal) {
    const format = oneOf('format', values.format, ID_FORMATS) ?? 'text';
    if (values['skip-special-tokens'] && values['keep-special-tokens']) throw usageError('Special tokens are either skipped or kept.');
    const options: DecodeOptions = values['skip-special-tokens']
      ? { skipSpecialTokens: true }
      : values['keep-special-tokens']
        ? { skipSpecialTokens: false }
        : {};
    const inputs = await openInputs(positionals, terminal);
    using tokenizer = (await chooseTokenizer(values, terminal.signal)).tokenizer;
    const progress = new Progress(terminal, inputs);
    const textEnd = values.lines ? '\n' : '';
    try {
      await withOutput(values.output, terminal, async (output) => {
        for (const input of inputs) await decodeInput(tokenizer, input, { format, options, textEnd }, progress, output);
      });
    } finally {
      progress.clear();
    }
    return ExitCode.Done;
  },
});

interface DecodeSettings {
  readonly format: IdFormat;
  readonly options: DecodeOptions;
  /** Written after each text. */
  readonly textEnd: string;
}

async function decodeInput(
  tokenizer: Tokenizer,
  input: Input,
  settings: DecodeSettings,
  progress: Progress,
  output: Output,
): Promise<void> {
  let decoder = tokenizer.decodeStream(settings.options);
  for await (const event of readIds(progress.watch(input.open()), settings.format, input.name)) {
    if (event !== 'end of text') await output.write(decoder.push(event));
    else {
      await output.write(decoder.flush() + settings.textEnd);
      decoder = tokenizer.decodeStream(settings.options);
    }
  }
}
