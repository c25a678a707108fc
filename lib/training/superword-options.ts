/** Checks the options of superwords, and makes every choice. */
import { invalidArgument, MerganserError } from '../errors';
import { compilePattern } from '../tokenizer/pattern/compile';
import type { SuperwordOptions, TrainingInput } from './types';

/** What splits text where SuperBPE learns superwords: digits by three, punctuation of two characters and more, and spaces at the end of white space. */
const WEAK_PATTERN = String.raw`\p{N}{1,3}| ?[^\s\p{L}\p{N}]{2,}[\r\n/]*| +(?!\S)`;
/** Words that BoundlessBPE lets merge: letters with marks, spaces, low lines and apostrophes, one letter at least and not in the first place. */
const MERGEABLE_WORDS = String.raw`^(?=.+\p{L})(?:\p{L}\p{M}*|[ _'’])+$`;
const MAX_WORDS = 0xffff;

export type ResolvedSuperwords =
  | { readonly method: 'superbpe'; readonly transition: number; readonly maxWords: number; readonly pattern: string }
  | { readonly method: 'boundless'; readonly transition: number | null; readonly maxWords: number | null; readonly pattern: RegExp };

/** Throws INVALID_ARGUMENT, INVALID_PATTERN. */
export function resolveSuperwords(options: SuperwordOptions, vocabSize: number): ResolvedSuperwords {
  if (typeof options !== 'object' || options === null) throw invalidArgument('superwords', 'an object', options);
  const { method, transition, maxWords, pattern } = options;
  if (transition !== undefined && !isInteger(transition, vocabSize))
    throw invalidArgument('superwords.transition', `an integer from 1 to ${vocabSize}, the size of the vocabulary`, transition);
  if (maxWords !== undefined && !isInteger(maxWords, MAX_WORDS))
    throw invalidArgument('superwords.maxWords', `an integer from 1 to ${MAX_WORDS}`, maxWords);
  if (pattern !== undefined && typeof pattern !== 'string') throw invalidArgument('superwords.pattern', 'a regular expression', pattern);
  switch (method) {
    case 'superbpe':
      if (transition === undefined) throw invalidArgument('superwords.transition', 'a number of tokens', transition);
      compilePattern(pattern ?? WEAK_PATTERN, 'oniguruma');
      return { method, transition, maxWords: maxWords ?? 4, pattern: pattern ?? WEAK_PATTERN };
    case 'boundless':
      return { method, transition: transition ?? null, maxWords: maxWords ?? null, pattern: wordPattern(pattern ?? MERGEABLE_WORDS) };
    default:
      throw invalidArgument('superwords.method', '"superbpe" or "boundless"', method);
  }
}

/** The input is read twice. Throws INVALID_ARGUMENT. */
export function checkReadableTwice(input: TrainingInput): void {
  if (typeof input !== 'object' || input === null || 'files' in input) return;
  if ('counts' in input) throw invalidArgument('input', 'text, since superwords are not in counts of words', input);
  const again = Symbol.iterator in input && (input as Iterable<unknown>)[Symbol.iterator]() !== (input as unknown);
  if (again && !(Symbol.asyncIterator in input)) return;
  throw invalidArgument('input', 'files, or an array of texts, since superwords are learned from text that is read twice', input);
}

function wordPattern(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch (cause) {
    throw new MerganserError('INVALID_PATTERN', `Expected superwords.pattern to be a regular expression: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

function isInteger(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;
}
