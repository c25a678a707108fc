/** The options by which every command chooses its tokenizer and how it encodes. */
import type { EncodeOptions, LoadOptions } from '../index';
import { Tokenizer } from '../index';
import { oneOf, type OptionValues, usageError } from './options';

export const TOKENIZER_OPTIONS = {
  tokenizer: { short: 't', argument: 'FILE', help: 'tokenizer.json, or a .tiktoken file with --encoding or --pattern' },
  model: { short: 'm', argument: 'NAME', help: 'tokenizer of an OpenAI model, such as gpt-4o' },
  encoding: { short: 'e', argument: 'NAME', help: 'encoding by its name, such as cl100k_base' },
  hub: { argument: 'ID', help: 'tokenizer.json of a repository of the Hugging Face Hub, such as org/model' },
  revision: { argument: 'NAME', help: 'with --hub: branch, tag or commit (default: main)' },
  pattern: { argument: 'REGEX', help: 'with a .tiktoken file: the pattern that splits text' },
  backend: { argument: 'NAME', help: 'native or js (default: native where it loads)' },
} as const;

export const ENCODE_OPTIONS = {
  special: {
    argument: 'WHICH',
    help: 'special tokens that are recognised in the text: all, none, or names with commas between (default: the library’s: all for tokenizer.json; an error for tiktoken)',
  },
  'no-add-special-tokens': { help: 'add no <s>, [CLS] … around the text' },
  'invalid-utf8': { argument: 'HOW', help: 'malformed UTF-8: replace (by U+FFFD, default) or error' },
} as const;

/** A tokenizer as the user named it. */
export interface ChosenTokenizer {
  readonly tokenizer: Tokenizer;
  readonly name: string;
  /** Whose rules it follows. */
  readonly flavor: 'Hugging Face' | 'tiktoken';
}

type TokenizerValues = OptionValues<typeof TOKENIZER_OPTIONS>;

/** Loads the one tokenizer that the options name. Throws INVALID_ARGUMENT unless they name exactly one, and what loading throws. */
export async function chooseTokenizer(values: TokenizerValues, signal: AbortSignal): Promise<ChosenTokenizer> {
  checkCombination(values);
  const { tokenizer: file, model, encoding, hub, revision, pattern } = values;
  const backend = oneOf('backend', values.backend, ['native', 'js']);
  const load: LoadOptions = backend === undefined ? {} : { backend };
  if (file !== undefined && isTiktokenFile(values)) {
    const split = { ...(encoding === undefined ? {} : { encoding }), ...(pattern === undefined ? {} : { pattern }) };
    return { tokenizer: await Tokenizer.fromTiktoken(file, { ...load, ...split }), name: file, flavor: 'tiktoken' };
  }
  if (file !== undefined) return { tokenizer: await Tokenizer.fromFile(file, load), name: file, flavor: 'Hugging Face' };
  if (hub !== undefined) {
    const tokenizer = await Tokenizer.fromHub(hub, { ...load, signal, ...(revision === undefined ? {} : { revision }) });
    return { tokenizer, name: hub, flavor: 'Hugging Face' };
  }
  if (model !== undefined) return { tokenizer: await Tokenizer.forModel(model, load), name: model, flavor: 'tiktoken' };
  return { tokenizer: await Tokenizer.forEncoding(encoding!, load), name: encoding!, flavor: 'tiktoken' };
}

function isTiktokenFile({ tokenizer, encoding, pattern }: TokenizerValues): boolean {
  return tokenizer?.endsWith('.tiktoken') === true || encoding !== undefined || pattern !== undefined;
}

function checkCombination({ tokenizer, model, encoding, hub, revision, pattern }: TokenizerValues): void {
  // Beside a file, the encoding lends its pattern and special tokens.
  const named = [tokenizer, model, hub, tokenizer === undefined ? encoding : undefined].filter((value) => value !== undefined);
  if (named.length !== 1) {
    throw usageError(`Expected one of --tokenizer, --model, --encoding and --hub, but got ${named.length === 0 ? 'none' : 'several'}.`);
  }
  if (pattern !== undefined && tokenizer === undefined) throw usageError('--pattern goes with --tokenizer and a .tiktoken file.');
  if (revision !== undefined && hub === undefined) throw usageError('--revision goes with --hub.');
}

/** What the options say about encoding. A file's truncation and padding are left out: commands tell what a text has, not what a model would see. */
export function encodeOptions(values: OptionValues<typeof ENCODE_OPTIONS>): EncodeOptions {
  const { special } = values;
  const invalidUtf8 = oneOf('invalid-utf8', values['invalid-utf8'], ['replace', 'error']);
  return {
    truncation: false,
    padding: false,
    addSpecialTokens: !values['no-add-special-tokens'],
    ...(special === undefined ? {} : { allowedSpecial: special === 'all' || special === 'none' ? special : special.split(',') }),
    ...(invalidUtf8 === undefined ? {} : { invalidUtf8 }),
  };
}
