/** Options of the commands that count words and train. */
import { readFileSync } from 'node:fs';
import type { CountingOptions, TrainingInput } from '../index';
import { oneOf, type OptionValues, usageError } from './options';
import type { Terminal } from './terminal';
import { TrainingProgressLine } from './training-progress';

export const COUNTING_OPTIONS = {
  output: { short: 'o', argument: 'FILE', help: 'where the result goes' },
  field: { argument: 'NAME', help: 'the files are JSON Lines, and this field of each line is a text' },
  'from-counts': { help: 'the files are count files, of merganser count-pretokens' },
  feeding: { argument: 'HOW', help: 'what is a text of its own: lines (default for files), or items (whole files; default for fields)' },
  'tokenizer-parts': {
    argument: 'FILE',
    help: 'tokenizer.json whose normalizer, pre-tokenizer, post-processor and decoder to take (default: GPT-2’s ByteLevel)',
  },
  'invalid-utf8': { argument: 'HOW', help: 'malformed UTF-8: error (default) or replace (by U+FFFD)' },
  'memory-limit': { argument: 'SIZE', help: 'memory for counted words, such as 500M or 2G; beyond, they are written to disk' },
  'spill-folder': { argument: 'FOLDER', help: 'where they are written to (default: the system’s temporary folder)' },
  'continuing-subword-prefix': { argument: 'TEXT', help: 'put before every character of a word but the first' },
  'end-of-word-suffix': { argument: 'TEXT', help: 'put behind the last character of a word' },
  backend: { argument: 'NAME', help: 'native or js (default: native where it loads)' },
} as const;

type CountingValues = OptionValues<typeof COUNTING_OPTIONS>;

/** The files that were named, as training takes them; standard input if there are none, or for -. Throws INVALID_ARGUMENT. */
export function trainingInput(values: CountingValues, names: readonly string[], { stdin }: Terminal): TrainingInput {
  if (values['from-counts']) {
    if (names.length === 0) throw usageError('Expected count files.');
    return { counts: names };
  }
  if (names.length === 0 || (names.length === 1 && names[0] === '-')) {
    if (values.field !== undefined) throw usageError('--field goes with files.');
    return stdin;
  }
  return { files: names, ...(values.field === undefined ? {} : { field: values.field }) };
}

/** Throws INVALID_ARGUMENT. */
export function countingOptions(values: CountingValues, terminal: Terminal): { options: CountingOptions; progress: TrainingProgressLine } {
  const progress = new TrainingProgressLine(terminal);
  const feeding = oneOf('feeding', values.feeding, ['lines', 'items']);
  const invalidUtf8 = oneOf('invalid-utf8', values['invalid-utf8'], ['error', 'replace']);
  const backend = oneOf('backend', values.backend, ['native', 'js']);
  const parts = tokenizerParts(values['tokenizer-parts']);
  const options: CountingOptions = {
    signal: terminal.signal,
    onProgress: (state) => progress.show(state),
    ...given({ feeding, invalidUtf8, backend, memoryLimit: parseSize(values['memory-limit']), spillFolder: values['spill-folder'] }),
    ...given({ continuingSubwordPrefix: values['continuing-subword-prefix'], endOfWordSuffix: values['end-of-word-suffix'] }),
    ...(parts === null ? {} : { normalizer: parts['normalizer'] ?? null, preTokenizer: parts['pre_tokenizer'] ?? null }),
  };
  return { options, progress };
}

/** The object of a tokenizer.json; null if none was named. */
export function tokenizerParts(path: string | undefined): Record<string, unknown> | null {
  if (path === undefined) return null;
  try {
    const parts: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parts === 'object' && parts !== null) return parts as Record<string, unknown>;
  } catch (error) {
    throw usageError(`Expected --tokenizer-parts to be a tokenizer.json, but ${(error as Error).message}.`);
  }
  throw usageError('Expected --tokenizer-parts to be a tokenizer.json, but it is no object.');
}

/** The properties that are not undefined. */
export function given<T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}

export function parseInteger(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^[0-9]{1,15}$/.test(value)) return Number(value);
  throw usageError(`Expected --${name} to be a number, but got ${JSON.stringify(value)}.`);
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

function parseSize(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const [, digits, unit] = /^([0-9]+(?:\.[0-9]+)?)([KMGT]?)B?$/i.exec(value) ?? [];
  if (digits === undefined) throw usageError(`Expected --memory-limit to be a size such as 500M, but got ${JSON.stringify(value)}.`);
  return Math.round(Number(digits) * UNITS[unit.toUpperCase()]);
}
