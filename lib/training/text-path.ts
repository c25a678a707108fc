/** How text becomes words for a trainer: by a counter of the backend where there is a fused path, else through the parts one after the other. */
import type { Kernels, ScannerFamily, SplitStep } from '../backend/kernels';
import type { CountedWords, TokenWordsSpec, WordCounterSpec } from '../backend/training-kernels';
import { AddedTokenMatcher } from '../tokenizer/added-token-matcher';
import { type ResolvedSpans, spanWords } from './random-spans';
import { AddedTokens } from '../tokenizer/added-tokens';
import { bytesText, planPath } from '../tokenizer/fused-plan';
import { cutText } from '../tokenizer/general-path';
import { endsInByteLevel } from '../tokenizer/load/bpe-spec';
import { toModelText } from '../tokenizer/model-text';
import { createNormalizer } from '../tokenizer/normalizers/create-normalizer';
import { createPreTokenizer } from '../tokenizer/pre-tokenizers/create-pre-tokenizer';
import { StringVocabulary } from '../tokenizer/vocabulary';

/** The parts that text goes through before the model. */
export interface TextParts {
  readonly normalizer: unknown;
  readonly preTokenizer: unknown;
  /** Whether words get a prefix or suffix: then they are text even behind ByteLevel. */
  readonly affixed: boolean;
  /** Not null: words are cut into random spans. */
  readonly spans: ResolvedSpans | null;
}

export interface TextPath {
  /** What words are made of; bytes where the text ends in ByteLevel. */
  readonly unit: 'byte' | 'char';
  /** U+0020 in words stands for U+2581. */
  readonly spaceAlias: boolean;
  readonly counter: WordCounterSpec;
  /** Set where the counter's own way from text to words is not the one that is wanted. */
  readonly toWords: ((text: Uint8Array) => CountedWords) | null;
}

/** `tokens`: words of tokens are to be counted. Throws INVALID_TOKENIZER, INVALID_PATTERN and UNSUPPORTED for parts that are not what they must be. */
export function textPath(parts: TextParts, lines: boolean, kernels: Kernels, tokens: TokenWordsSpec | null = null): TextPath {
  const { normalizer, preTokenizer, spans } = parts;
  const input = endsInByteLevel(normalizer, preTokenizer) && !parts.affixed ? 'bytes' : 'text';
  const unit = input === 'bytes' ? 'byte' : 'char';
  const addedTokens = new AddedTokens(new StringVocabulary(new Map(), []));
  const definition = { flavor: 'huggingface', normalizer, preTokenizer, split: null, addedTokens, model: { input } } as const;
  // The general path's parts are made even if they are not used: they check what the definitions hold.
  const inWords = generalPath(definition, kernels);
  const toWords = tokens === null ? inWords : tokensOfWords(inWords, tokens, kernels);
  const fused = planPath(definition);
  if (spans !== null)
    return { unit, spaceAlias: false, counter: { ...NOTHING_FUSED, lines, tokens }, toWords: spanWords(toWords, spans, kernels) };
  if (fused === null) return { unit, spaceAlias: false, counter: { ...NOTHING_FUSED, lines, tokens }, toWords };
  const { nfc, spaceAlias, prefixSpace, steps } = fused;
  const scanner = fused.scanner ?? scannerOfOneStep(steps);
  // A run of words does not end where a text may be cut.
  const cutsWords =
    tokens?.runs !== true && scanner !== null && CUT_FAMILIES.includes(scanner.family) && prefixSpace === 'never' && !spaceAlias;
  return { unit, spaceAlias, counter: { nfc, spaceAlias, prefixSpace, steps, scanner, lines, cutsWords, tokens }, toWords: null };
}

/** The scanner that does the same as a single step. */
function scannerOfOneStep(steps: readonly SplitStep[]): ScannerFamily | null {
  const [step] = steps;
  if (steps.length !== 1 || step.kind !== 'pattern' || step.scanner?.family === 'deepseek') return null;
  return step.behavior === 'isolated' || (step.behavior === 'removed' && step.invert) ? step.scanner : null;
}

/** Families whose words end before a space between two ASCII letters. */
const CUT_FAMILIES: ReadonlyArray<ScannerFamily['family']> = ['gpt2', 'cl100k', 'o200k'];
/** Bytes of an id in words of tokens. */
const TOKEN_BYTES = 3;
/** For what a model knows of words on the general path. */
const MODEL_MEMORY = 16 << 20;
const NOTHING_FUSED = { nfc: false, spaceAlias: false, prefixSpace: 'never', steps: [], scanner: null, cutsWords: false } as const;

function generalPath(definition: Parameters<typeof bytesText>[0], kernels: Kernels): (text: Uint8Array) => CountedWords {
  const normalizer = createNormalizer(definition.normalizer, { kernels });
  const preTokenizer = createPreTokenizer(definition.preTokenizer, { kernels, rawBytes: definition.model.input === 'bytes' });
  const added = new AddedTokenMatcher([], normalizer);
  const form = bytesText(definition);
  return (text) => {
    const { pieces } = cutText({ added, normalizer, preTokenizer }, text, { full: false, actions: null });
    const { text: words, bounds } = toModelText(pieces, form);
    return packed(words.bytes, bounds);
  };
}

/** The words of tokens that words make; not of runs of words. */
function tokensOfWords(
  toWords: (text: Uint8Array) => CountedWords,
  { model, eligible }: TokenWordsSpec,
  kernels: Kernels,
): (text: Uint8Array) => CountedWords {
  const handle = kernels.createBpe(model, MODEL_MEMORY);
  return (text) => {
    const words = toWords(text);
    const { ids, offsets } = kernels.encodePieces(handle, words.bytes, words.offsets);
    const bytes: number[] = [];
    const bounds = [0];
    const end = (): void => {
      if (bytes.length - bounds.at(-1)! > TOKEN_BYTES) bounds.push(bytes.length);
      else bytes.length = bounds.at(-1)!;
    };
    for (let word = 0; word + 1 < offsets.length; word++) {
      for (let i = offsets[word]; i < offsets[word + 1]; i++)
        if (eligible[ids[i]] !== 0) bytes.push(ids[i] >>> 16, (ids[i] >>> 8) & 0xff, ids[i] & 0xff);
        else end();
      end();
    }
    return { bytes: Uint8Array.from(bytes), offsets: Uint32Array.from(bounds), counts: new Float64Array(bounds.length - 1).fill(1) };
  };
}

/** Ranges of a text as words that were each seen once. */
function packed(text: Uint8Array, bounds: Uint32Array): CountedWords {
  const count = bounds.length / 2;
  const offsets = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) offsets[i + 1] = offsets[i] + bounds[2 * i + 1] - bounds[2 * i];
  const bytes = new Uint8Array(offsets[count]);
  for (let i = 0; i < count; i++) bytes.set(text.subarray(bounds[2 * i], bounds[2 * i + 1]), offsets[i]);
  return { bytes, offsets, counts: new Float64Array(count).fill(1) };
}
