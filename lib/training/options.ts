/** Checks what users pass, and makes every choice. */
import { invalidArgument, MerganserError } from '../errors';
import { BYTE_CODE_POINTS } from '../tokenizer/byte-alphabet';
import type { BpeSettings } from '../tokenizer/definition';
import type { NewToken } from '../tokenizer/added-tokens';
import { checkNesting } from '../tokenizer/load/json-fields';
import { newToken } from '../tokenizer/new-token';
import { readPostProcessor } from '../tokenizer/post-processors/read-post-processor';
import { type ResolvedSuperwords, resolveSuperwords } from './superword-options';
import { type ResolvedSpans, resolveSpans } from './random-spans';
import type { CheckpointOptions, CompressionOptions, CountingOptions, RandomSpans, TrainingOptions } from './types';

/** The ByteLevel that GPT-2 splits with. */
export const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true } as const;

/** ByteLevel as decoder; its settings mean nothing there. */
const BYTE_LEVEL_DECODER = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true } as const;

const MOST_TOKENS = 1 << 24;
const NO_LIMIT = 0xffff_ffff;

export interface ResolvedCounting {
  readonly normalizer: unknown;
  readonly preTokenizer: unknown;
  readonly feeding: 'lines' | 'items' | null;
  readonly replaceInvalid: boolean;
  readonly continuingPrefix: string;
  readonly endOfWordSuffix: string;
  readonly spans: ResolvedSpans | null;
}

export interface ResolvedTraining extends ResolvedCounting {
  readonly vocabSize: number;
  readonly leastCount: number;
  readonly specialTokens: readonly NewToken[];
  /** Tokens before the characters. */
  readonly first: readonly string[];
  readonly initialAlphabet: readonly number[];
  readonly limitAlphabet: number;
  readonly maxTokenLength: number;
  readonly settings: BpeSettings;
  readonly postProcessor: unknown;
  readonly decoder: unknown;
  readonly superwords: ResolvedSuperwords | null;
  /** Of PickyBPE. */
  readonly removalThreshold: number | undefined;
  readonly compression: Required<CompressionOptions> | null;
  readonly checkpoint: Required<CheckpointOptions> | null;
}

/** Throws INVALID_ARGUMENT. */
export function resolveCounting(options: CountingOptions): ResolvedCounting {
  const { feeding, invalidUtf8 = 'error' } = options;
  const { normalizer = null, preTokenizer = BYTE_LEVEL } = options;
  if (feeding !== undefined && feeding !== 'lines' && feeding !== 'items') throw invalidArgument('feeding', '"lines" or "items"', feeding);
  if (invalidUtf8 !== 'error' && invalidUtf8 !== 'replace') throw invalidArgument('invalidUtf8', '"error" or "replace"', invalidUtf8);
  if (options.memoryLimit !== undefined) integer(options.memoryLimit, 'memoryLimit', 1e6, Number.MAX_SAFE_INTEGER);
  checkNesting(normalizer, 'normalizer');
  checkNesting(preTokenizer, 'preTokenizer');
  return {
    normalizer,
    preTokenizer,
    feeding: feeding ?? null,
    replaceInvalid: invalidUtf8 === 'replace',
    continuingPrefix: text(options.continuingSubwordPrefix, 'continuingSubwordPrefix'),
    endOfWordSuffix: text(options.endOfWordSuffix, 'endOfWordSuffix'),
    spans: null,
  };
}

/** Throws INVALID_ARGUMENT, and INVALID_TOKENIZER for a post-processor that is none. */
export function resolveTraining(options: TrainingOptions): ResolvedTraining {
  const { specialTokens = [], unkToken, postProcessor = null } = options;
  const { decoder = options.preTokenizer === undefined ? BYTE_LEVEL_DECODER : null } = options;
  const list: unknown = specialTokens;
  if (!Array.isArray(list)) throw invalidArgument('specialTokens', 'an array', list);
  checkNesting(postProcessor, 'postProcessor');
  checkNesting(decoder, 'decoder');
  readPostProcessor(postProcessor);
  const counting = options.randomSpans === undefined ? resolveCounting(options) : resolveSpanCounting(options, options.randomSpans);
  const specials = specialTokens.map((token) => newToken(token, true));
  for (const { content } of specials) if (content === '') throw invalidArgument('specialTokens', 'tokens that are not empty', content);
  const byteFallback = options.byteFallback ?? false;
  const vocabSize = integer(options.vocabSize, 'vocabSize', 1, MOST_TOKENS);
  return {
    ...counting,
    vocabSize,
    leastCount: Math.max(1, integer(options.minFrequency ?? 0, 'minFrequency', 0, Number.MAX_SAFE_INTEGER)),
    specialTokens: specials,
    first: [...specials.map(({ content }) => content), ...(byteFallback ? byteTokens() : [])],
    initialAlphabet: initialAlphabet(options.initialAlphabet ?? []),
    limitAlphabet: options.limitAlphabet === undefined ? Infinity : integer(options.limitAlphabet, 'limitAlphabet', 0, NO_LIMIT),
    maxTokenLength: options.maxTokenLength === undefined ? NO_LIMIT : integer(options.maxTokenLength, 'maxTokenLength', 0, NO_LIMIT),
    settings: {
      unkToken: unkToken ?? null,
      continuingSubwordPrefix: options.continuingSubwordPrefix ?? null,
      endOfWordSuffix: options.endOfWordSuffix ?? null,
      fuseUnk: options.fuseUnk ?? false,
      byteFallback,
      ignoreMerges: options.ignoreMerges ?? false,
    },
    postProcessor,
    decoder,
    superwords: options.superwords === undefined ? null : resolveSuperwords(options.superwords, vocabSize),
    removalThreshold: removalThreshold(options),
    compression: compressionOptions(options),
    checkpoint: options.checkpoint === undefined ? null : resolveCheckpoint(options.checkpoint),
  };
}

function removalThreshold({ picky, superwords }: TrainingOptions): number | undefined {
  if (picky === undefined) return undefined;
  if (typeof picky !== 'object' || picky === null) throw invalidArgument('picky', 'an object', picky);
  if (superwords !== undefined) throw invalidArgument('superwords', 'left out where picky is given', superwords);
  const { threshold = 0.9 } = picky;
  if (typeof threshold !== 'number' || !(threshold >= 0 && threshold <= 1))
    throw invalidArgument('picky.threshold', 'a number from 0 to 1', threshold);
  return threshold;
}

function resolveCheckpoint(checkpoint: string | CheckpointOptions): Required<CheckpointOptions> {
  const { folder, everySeconds = 10 } = typeof checkpoint === 'string' ? { folder: checkpoint } : checkpoint;
  if (typeof folder !== 'string' || folder === '') throw invalidArgument('checkpoint', 'the path of a folder', checkpoint);
  if (typeof everySeconds !== 'number' || !(everySeconds >= 0))
    throw invalidArgument('checkpoint.everySeconds', 'a number that is not negative', everySeconds);
  return { folder, everySeconds };
}

function compressionOptions({ compression, superwords, picky }: TrainingOptions): Required<CompressionOptions> | null {
  if (compression === undefined) return null;
  if (typeof compression !== 'object' || compression === null) throw invalidArgument('compression', 'an object', compression);
  if (superwords !== undefined) throw invalidArgument('superwords', 'left out where compression is given', superwords);
  if (picky !== undefined) throw invalidArgument('picky', 'left out where compression is given', picky);
  const { validation, candidates = 16 } = compression;
  return { validation, candidates: integer(candidates, 'compression.candidates', 1, 0xffff) };
}

/** Random spans take the place of a pre-tokenizer that splits. */
function resolveSpanCounting(options: TrainingOptions, spans: RandomSpans): ResolvedCounting {
  if (options.preTokenizer !== undefined)
    throw invalidArgument('preTokenizer', 'left out where randomSpans are given: they take its place', options.preTokenizer);
  if (options.superwords !== undefined)
    throw invalidArgument('superwords', 'left out where randomSpans are given: these make words of their own', options.superwords);
  const { normalizer = { type: 'NFC' } } = options;
  return { ...resolveCounting({ ...options, normalizer, preTokenizer: { ...BYTE_LEVEL, use_regex: false } }), spans: resolveSpans(spans) };
}

/** The vocabulary must have room for the tokens that come before merges. Throws INVALID_ARGUMENT. */
export function checkRoom(vocabSize: number, specialTokens: number, startTokens: number): void {
  if (vocabSize >= startTokens) return;
  throw new MerganserError(
    'INVALID_ARGUMENT',
    `Expected vocabSize to be at least ${startTokens}, the number of special and other given tokens (${specialTokens}) and characters (${startTokens - specialTokens}), but got ${vocabSize}.`,
  );
}

function integer(value: unknown, name: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidArgument(name, `an integer from ${least} to ${most}`, value);
}

function text(value: unknown, name: string): string {
  if (value === undefined) return '';
  if (typeof value !== 'string' || !value.isWellFormed()) throw invalidArgument(name, 'well-formed text', value);
  return value;
}

function initialAlphabet(value: 'byteLevel' | readonly string[]): number[] {
  if (value === 'byteLevel') return [...BYTE_CODE_POINTS];
  const list: unknown = value;
  if (!Array.isArray(list)) throw invalidArgument('initialAlphabet', '"byteLevel" or an array of characters', list);
  return list.flatMap((entry: unknown) => {
    if (typeof entry !== 'string' || !entry.isWellFormed())
      throw invalidArgument('initialAlphabet', '"byteLevel" or an array of characters', entry);
    return entry === '' ? [] : [entry.codePointAt(0)!];
  });
}

function byteTokens(): string[] {
  return Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
}
