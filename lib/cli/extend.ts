/** `merganser extend`: new tokens for a tokenizer, from text of a domain. */
import { extendTokenizer } from '../index';
import { defineCommand, ExitCode } from './command';
import { usageError } from './options';
import { write } from './terminal';
import { chooseTokenizer, TOKENIZER_OPTIONS } from './tokenizer-options';
import { COUNTING_OPTIONS, countingOptions, given, parseInteger, trainingInput } from './training-options';

const { output, field, feeding, 'invalid-utf8': invalidUtf8, 'memory-limit': memoryLimit, 'spill-folder': spillFolder } = COUNTING_OPTIONS;

export const extend = defineCommand({
  usage: 'merganser extend --tokenizer FILE --new-tokens N --output tokenizer.json [options] [FILE …]',
  notes: [
    'Text is encoded by the tokenizer, and the most frequent pairs of its tokens are merged. All tokens keep their ids.',
    'Files may be folders and patterns, and compressed (.gz, .zst). Without files, or for -, standard input is read.',
  ],
  options: {
    ...TOKENIZER_OPTIONS,
    output,
    'new-tokens': { short: 'n', argument: 'N', help: 'how many tokens to add (needed)' },
    'min-frequency': { argument: 'N', help: 'merge only pairs that occur so often (default: 1)' },
    field,
    feeding,
    'invalid-utf8': invalidUtf8,
    'memory-limit': memoryLimit,
    'spill-folder': spillFolder,
    pretty: { help: 'indent the output' },
  },
  async run({ values, positionals }, terminal) {
    if (values.output === undefined) throw usageError('Expected --output, where the tokenizer goes.');
    const newTokens = parseInteger('new-tokens', values['new-tokens']);
    if (newTokens === undefined) throw usageError('Expected --new-tokens, the number of tokens to add.');
    const counting = { ...values, 'from-counts': false, 'tokenizer-parts': undefined, 'continuing-subword-prefix': undefined };
    const all = { ...counting, 'end-of-word-suffix': undefined };
    const { options, progress } = countingOptions(all, terminal);
    const { tokenizer } = await chooseTokenizer(values, terminal.signal);
    try {
      const input = trainingInput(all, positionals, terminal);
      if ('counts' in input) throw usageError('Expected text.');
      const minFrequency = parseInteger('min-frequency', values['min-frequency']);
      const extended = await extendTokenizer(tokenizer, input, { ...options, newTokens, ...given({ minFrequency }) });
      await extended.save(values.output, { pretty: values.pretty });
      progress.clear();
      await write(
        terminal.stderr,
        `${values.output}: ${extended.vocabSize} tokens, ${extended.vocabSize - tokenizer.vocabSize} of them new\n`,
      );
    } finally {
      progress.clear();
    }
    return ExitCode.Done;
  },
});
