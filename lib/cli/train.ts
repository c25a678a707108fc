/** `merganser train`: text in, tokenizer.json out. */
import {
  type CompressionOptions,
  type PickyOptions,
  type RandomSpans,
  removeCheckpoint,
  type SuperwordOptions,
  trainBpe,
  type TrainingOptions,
  type TrainingReport,
} from '../index';
import { defineCommand, ExitCode } from './command';
import { oneOf, type OptionValues, usageError } from './options';
import { describeBytes } from './progress';
import { write } from './terminal';
import { COUNTING_OPTIONS, countingOptions, given, parseInteger, tokenizerParts, trainingInput } from './training-options';

const OPTIONS = {
  ...COUNTING_OPTIONS,
  'vocab-size': { short: 'v', argument: 'N', help: 'number of tokens (needed)' },
  'min-frequency': { argument: 'N', help: 'merge only pairs that occur so often (default: 1)' },
  'special-tokens': { short: 's', argument: 'NAMES', help: 'tokens that get the first ids, with commas between' },
  'initial-alphabet': { argument: 'CHARACTERS', help: 'characters that get a token in any case, or byte-level for the 256 of ByteLevel' },
  'limit-alphabet': { argument: 'N', help: 'keep only the N most frequent characters' },
  'max-token-length': { argument: 'N', help: 'tokens have fewer characters than this' },
  'byte-fallback': { help: 'add the tokens <0x00> … <0xFF>' },
  superwords: { argument: 'METHOD', help: 'tokens over the boundaries of words too: superbpe or boundless; the files are read twice' },
  transition: { argument: 'N', help: 'number of tokens when superwords begin (needed for superbpe)' },
  'max-words': { argument: 'N', help: 'words in a token at most (default: 4 for superbpe, no limit for boundless)' },
  picky: { argument: 'THRESHOLD', help: 'take tokens back that hardly stand alone: a number from 0 to 1, such as 0.9 (PickyBPE)' },
  'compress-for': { argument: 'FILE', help: 'choose merges by how small they make this text (compression-aware BPE)' },
  candidates: { argument: 'N', help: 'from so many frequent pairs (default: 16)' },
  'random-spans': { argument: 'SEED', help: 'cut text into spans of random lengths before training, in place of a pre-tokenizer' },
  checkpoint: {
    argument: 'FOLDER',
    help: 'keep counts and merges there, and carry on from there after an interruption; removed at the end',
  },
  'unk-token': { argument: 'TOKEN', help: 'token for what is not in the vocabulary' },
  pretty: { help: 'indent the output' },
} as const;

export const train = defineCommand({
  usage: 'merganser train --vocab-size N --output tokenizer.json [options] [FILE …]',
  notes: [
    'Files may be folders and patterns, and compressed (.gz, .zst). Without files, or for -, standard input is read.',
    'The tokenizer is the one that Hugging Face’s BpeTrainer gives for the same text and options.',
  ],
  options: OPTIONS,
  async run({ values, positionals }, terminal) {
    const { output } = values;
    if (output === undefined) throw usageError('Expected --output, where the tokenizer goes.');
    const vocabSize = parseInteger('vocab-size', values['vocab-size']);
    if (vocabSize === undefined) throw usageError('Expected --vocab-size, the number of tokens.');
    const { options, progress } = countingOptions(values, terminal);
    const parts = tokenizerParts(values['tokenizer-parts']);
    const training: TrainingOptions = {
      ...options,
      vocabSize,
      byteFallback: values['byte-fallback'],
      ...given({
        minFrequency: parseInteger('min-frequency', values['min-frequency']),
        limitAlphabet: parseInteger('limit-alphabet', values['limit-alphabet']),
        maxTokenLength: parseInteger('max-token-length', values['max-token-length']),
        specialTokens: values['special-tokens']?.split(','),
        initialAlphabet: initialAlphabet(values['initial-alphabet']),
        unkToken: values['unk-token'],
        checkpoint: values.checkpoint,
        superwords: superwordOptions(values),
        picky: pickyOptions(values.picky),
        compression: compressionOptions(values),
        randomSpans: randomSpans(values['random-spans']),
      }),
      ...(parts === null ? {} : { postProcessor: parts['post_processor'] ?? null, decoder: parts['decoder'] ?? null }),
    };
    try {
      using tokenizer = await trainBpe(trainingInput(values, positionals, terminal), training);
      await tokenizer.save(output, { pretty: values.pretty });
      if (values.checkpoint !== undefined) await removeCheckpoint(values.checkpoint);
      progress.clear();
      await write(terminal.stderr, describeReport(tokenizer.report, tokenizer.vocabSize, output));
    } finally {
      progress.clear();
    }
    return ExitCode.Done;
  },
});

function superwordOptions(values: OptionValues<typeof OPTIONS>): SuperwordOptions | undefined {
  const method = oneOf('superwords', values.superwords, ['superbpe', 'boundless']);
  const rest = given({
    transition: parseInteger('transition', values.transition),
    maxWords: parseInteger('max-words', values['max-words']),
  });
  if (method !== undefined) return { method, ...rest };
  if (Object.keys(rest).length > 0) throw usageError('--transition and --max-words go with --superwords.');
  return undefined;
}

function pickyOptions(value: string | undefined): PickyOptions | undefined {
  if (value === undefined) return undefined;
  if (/^(0?\.[0-9]+|[01](\.0*)?)$/.test(value)) return { threshold: Number(value) };
  throw usageError(`Expected --picky to be a number from 0 to 1, but got ${JSON.stringify(value)}.`);
}

function compressionOptions(values: OptionValues<typeof OPTIONS>): CompressionOptions | undefined {
  const file = values['compress-for'];
  const candidates = parseInteger('candidates', values.candidates);
  if (file !== undefined) return { validation: { files: file }, ...given({ candidates }) };
  if (candidates !== undefined) throw usageError('--candidates goes with --compress-for.');
  return undefined;
}

function randomSpans(value: string | undefined): RandomSpans | undefined {
  const seed = parseInteger('random-spans', value);
  return seed === undefined ? undefined : { seed };
}

function initialAlphabet(value: string | undefined): 'byteLevel' | string[] | undefined {
  return value === 'byte-level' ? 'byteLevel' : value === undefined ? undefined : Array.from(value);
}

function describeReport(report: TrainingReport, tokens: number, output: string): string {
  const { bytes, words, distinctWords, merges, removals, seconds } = report;
  const text = bytes > 0 ? `${describeBytes(bytes)} of text, ` : '';
  const time = `${seconds.total.toFixed(2)} s (counting ${seconds.pretokenize.toFixed(2)}, merging ${seconds.merge.toFixed(2)})`;
  const taken = removals > 0 ? `, ${removals} removals` : '';
  return `${output}: ${tokens} tokens, ${merges} merges${taken}; ${text}${words} words, ${distinctWords} of them different; ${time}\n`;
}
