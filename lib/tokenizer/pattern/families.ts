/**
 * The regular expressions that have hand-written scanners, recognised by their exact source. Anything else goes through the general matcher: a pattern
 * that merely looks alike is not worth a risk.
 *
 * Sources: tiktoken_ext/openai_public.py of tiktoken 0.3 to 0.14, the ByteLevel pre-tokenizer of Hugging Face tokenizers, and the tokenizer.json files of
 * Llama 3, Qwen 2 to 3, OLMo 2, GPT-4, GPT-4o, gpt-oss, Llama 4, Mistral Nemo (Tekken), DeepSeek-V3.
 */

import type { ScannerFamily, SplitStep } from '../../backend/kernels';
import type { PatternDialect } from './ast';

/** How the digits of a family are written, by the longest run they allow. */
const DIGITS: ReadonlyArray<readonly [maxDigits: number, pattern: string]> = [
  [3, String.raw`\p{N}{1,3}`],
  [1, String.raw`\p{N}`],
  [0, String.raw`\p{N}+`],
];

/** In both dialects. */
const GPT2_SOURCES = [
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}]+| ?[\p{N}]+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
];
/** `$` is the end of the text in fancy-regex alone. `\s++$` changes nothing here: `\s+(?!\S)` takes all white space at the end too. */
const GPT2_FANCY_SOURCE = String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`;

const CL100K_SOURCES: ReadonlyArray<(digits: string) => string> = [
  (digits) =>
    String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|` +
    digits +
    String.raw`| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  (digits) =>
    String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|` + digits + String.raw`| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`,
];
/** Here `\s++$` comes before `\s*[\r\n]`, so that white space at the end of the text is one piece even if it holds line feeds. */
const CL100K_FANCY_SOURCE = String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`;

const O200K_HEAD = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const O200K_TAIL = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const O200K_PREFIX = String.raw`[^\r\n\p{L}\p{N}]?`;
const O200K_CONTRACTION = `(?i:'s|'t|'re|'ve|'m|'ll|'d)?`;

function o200kSource(digits: string, contraction: string): string {
  const words = `${O200K_PREFIX}${O200K_HEAD}*${O200K_TAIL}+${contraction}|${O200K_PREFIX}${O200K_HEAD}+${O200K_TAIL}*${contraction}`;
  return `${words}|${digits}${String.raw`| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`}`;
}

/** With line feeds as escapes or, as in DeepSeek's own file, as themselves. */
const DEEPSEEK_SOURCES = [String.raw`\r\n`, '\r\n'].map(
  (newline) =>
    String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_` +
    '`' +
    String.raw`{|}~][A-Za-z]+|[^${newline}\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[${newline}]*|\s*[${newline}]+|\s+(?!\S)|\s+`,
);

/** The two splits that DeepSeek-V3 makes before. */
const DEEPSEEK_DIGITS = String.raw`\p{N}{1,3}`;
const DEEPSEEK_IDEOGRAPHS = '[一-龥\u3040-ゟ゠-ヿ]+';
const DEEPSEEK_V3: ScannerFamily = { family: 'deepseekV3', maxDigits: 3, contractions: false, trailingSpace: false };

const EITHER_DIALECT = new Map<string, ScannerFamily>();
const FANCY_ONLY = new Map<string, ScannerFamily>();

const GPT2: ScannerFamily = { family: 'gpt2', maxDigits: 0, contractions: true, trailingSpace: false };
for (const source of GPT2_SOURCES) EITHER_DIALECT.set(source, GPT2);
FANCY_ONLY.set(GPT2_FANCY_SOURCE, GPT2);
for (const [maxDigits, digits] of DIGITS) {
  for (const source of CL100K_SOURCES)
    EITHER_DIALECT.set(source(digits), { family: 'cl100k', maxDigits, contractions: true, trailingSpace: false });
  for (const contractions of [true, false]) {
    const source = o200kSource(digits, contractions ? O200K_CONTRACTION : '');
    EITHER_DIALECT.set(source, { family: 'o200k', maxDigits, contractions, trailingSpace: false });
  }
}
FANCY_ONLY.set(CL100K_FANCY_SOURCE, { family: 'cl100k', maxDigits: 3, contractions: true, trailingSpace: true });
for (const source of DEEPSEEK_SOURCES)
  EITHER_DIALECT.set(source, { family: 'deepseek', maxDigits: 0, contractions: false, trailingSpace: false });

/** The hand-written scanner that gives the same matches as a regular expression, or null. */
export function scannerFamily(source: string, dialect: PatternDialect): ScannerFamily | null {
  return EITHER_DIALECT.get(source) ?? (dialect === 'fancy-regex' ? FANCY_ONLY.get(source) : undefined) ?? null;
}

/** The hand-written scanner that gives the same pieces as several steps one after the other, or null. */
export function scannerOfSteps(steps: readonly SplitStep[]): ScannerFamily | null {
  const isolated = steps.every((step) => step.kind === 'pattern' && step.behavior === 'isolated' && !step.invert && !step.overAlphabet);
  if (steps.length !== 3 || !isolated) return null;
  const [digits, ideographs, rest] = steps.map((step) => (step.kind === 'pattern' ? step : null));
  const isDeepseek =
    digits?.source === DEEPSEEK_DIGITS && ideographs?.source === DEEPSEEK_IDEOGRAPHS && rest?.scanner?.family === 'deepseek';
  return isDeepseek ? DEEPSEEK_V3 : null;
}
