/** `merganser count-pretokens`: text in, a count file out that training takes. */
import { countPretokens } from '../index';
import { defineCommand, ExitCode } from './command';
import { usageError } from './options';
import { COUNTING_OPTIONS, countingOptions, trainingInput } from './training-options';

export const countPretokensCommand = defineCommand({
  usage: 'merganser count-pretokens --output FILE [options] [FILE …]',
  notes: [
    'Files may be folders and patterns, and compressed (.gz, .zst). Without files, or for -, standard input is read. With --from-counts, count files are',
    'added up. Training from count files gives the same tokenizer as training on all their texts: merganser train --from-counts.',
  ],
  options: {
    ...COUNTING_OPTIONS,
    resume: { help: 'keep what was counted beside the output, and carry on from there after an interruption' },
  },
  async run({ values, positionals }, terminal) {
    const { output } = values;
    if (output === undefined) throw usageError('Expected --output, where the counts go.');
    const { options, progress } = countingOptions(values, terminal);
    try {
      await countPretokens(trainingInput(values, positionals, terminal), output, { ...options, resume: values.resume });
    } finally {
      progress.clear();
    }
    return ExitCode.Done;
  },
});
