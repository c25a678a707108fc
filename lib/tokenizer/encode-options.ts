/** What a call of encode asks for, with defaults filled in. */
import type { Dropout } from '../backend/js/dropout';
import { AddedTokenAction, type EncodeControl } from '../backend/kernels';
import { invalidArgument } from '../errors';
import type { AddedTokens } from './added-tokens';
import type { ResolvedPadding, ResolvedTruncation, TokenizerDefinition } from './definition';
import { resolvePadding } from './padding';
import type { InvalidUtf8 } from './well-formed';
import { checkStride, resolveTruncation } from './truncation';
import type { AllowedSpecial, EncodeOptions } from './types';

export interface EncodeSettings {
  readonly control: EncodeControl;
  readonly addSpecialTokens: boolean;
  readonly truncation: ResolvedTruncation | null;
  readonly padding: ResolvedPadding | null;
  readonly invalidUtf8: InvalidUtf8;
  /** null: every merge is made. */
  readonly dropout: Dropout | null;
}

/** Resolves the options of one tokenizer. */
export class EncodeOptionsResolver {
  readonly defaults: EncodeSettings;
  /** For `allowedSpecial: 'none'`, which servers pass with every text. */
  private readonly textOnly: EncodeControl;

  constructor(
    private readonly definition: TokenizerDefinition,
    /** Number of special tokens that are added to a single text. */
    private readonly addedToSingle: number,
  ) {
    this.textOnly = { actions: addedTokenActions(definition, 'none') };
    this.defaults = {
      control: { actions: addedTokenActions(definition, undefined) },
      addSpecialTokens: true,
      truncation: definition.truncation,
      padding: definition.padding,
      invalidUtf8: 'replace',
      dropout: null,
    };
  }

  /** Throws INVALID_ARGUMENT, or UNKNOWN_TOKEN if `allowedSpecial` names a token that is not special. */
  resolve(options: EncodeOptions | undefined): EncodeSettings {
    if (options === undefined) return this.defaults;
    if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
    const { addSpecialTokens = true, allowedSpecial, invalidUtf8 = 'replace' } = options;
    if (typeof addSpecialTokens !== 'boolean') throw invalidArgument('addSpecialTokens', 'true or false', addSpecialTokens);
    if (invalidUtf8 !== 'replace' && invalidUtf8 !== 'error') throw invalidArgument('invalidUtf8', '"replace" or "error"', invalidUtf8);
    return {
      control: this.control(allowedSpecial),
      addSpecialTokens,
      truncation: this.truncation(options, addSpecialTokens),
      padding: options.padding === undefined ? this.definition.padding : options.padding === false ? null : resolvePadding(options.padding),
      invalidUtf8,
      dropout: resolveDropout(options),
    };
  }

  private control(allowedSpecial: AllowedSpecial | undefined): EncodeControl {
    if (allowedSpecial === undefined) return this.defaults.control;
    return allowedSpecial === 'none' ? this.textOnly : { actions: addedTokenActions(this.definition, allowedSpecial) };
  }

  private truncation({ truncation }: EncodeOptions, addSpecialTokens: boolean): ResolvedTruncation | null {
    if (truncation === undefined) return this.definition.truncation;
    if (truncation === false) return null;
    const resolved = resolveTruncation(truncation);
    checkStride(resolved, addSpecialTokens ? this.addedToSingle : 0);
    return resolved;
  }
}

function resolveDropout({ dropout, seed }: EncodeOptions): Dropout | null {
  if (dropout === undefined) {
    if (seed !== undefined) throw invalidArgument('seed', 'left out where there is no dropout', seed);
    return null;
  }
  if (typeof dropout !== 'number' || !(dropout >= 0 && dropout <= 1)) throw invalidArgument('dropout', 'a number from 0 to 1', dropout);
  if (typeof seed !== 'number' || seed >>> 0 !== seed)
    throw invalidArgument('seed', 'an integer from 0 to 2^32 - 1, as dropout needs one', seed);
  return dropout === 0 ? null : { probability: dropout, seed };
}

/** One action for each added token; null if every one is recognised. */
function addedTokenActions({ addedTokens, flavor }: TokenizerDefinition, allowed: AllowedSpecial | undefined): Uint8Array | null {
  if (allowed === undefined) return flavor === 'tiktoken' ? actionsOf(addedTokens, () => AddedTokenAction.Refuse) : null;
  if (allowed === 'all') return null;
  if (allowed === 'none') return actionsOf(addedTokens, () => AddedTokenAction.Text);
  const names = allowedNames(allowed);
  return actionsOf(addedTokens, (content) => (names.has(content) ? AddedTokenAction.Token : AddedTokenAction.Text));
}

function actionsOf(added: AddedTokens, action: (content: string) => AddedTokenAction): Uint8Array | null {
  // Some vocabularies have thousands of them, and the first text waits for this: a loop takes an eighth of what `from` and `every` do.
  const { list } = added;
  const actions = new Uint8Array(list.length);
  let plain = true;
  for (let i = 0; i < list.length; i++) {
    actions[i] = list[i].special ? action(list[i].content) : AddedTokenAction.Token;
    if (actions[i] !== AddedTokenAction.Token) plain = false;
  }
  return plain ? null : actions;
}

function allowedNames(allowed: unknown): ReadonlySet<string> {
  // Sets of another realm are no instances of ours.
  const isList = Array.isArray(allowed) || Object.prototype.toString.call(allowed) === '[object Set]';
  if (!isList) throw invalidArgument('allowedSpecial', '"none", "all", or a set or array of special tokens', allowed);
  const names = new Set(allowed as Iterable<unknown>);
  // Names that this tokenizer does not have stand for nothing, as in tiktoken: one set can serve several tokenizers.
  for (const name of names) if (typeof name !== 'string') throw invalidArgument('every member of allowedSpecial', 'a string', name);
  return names as Set<string>;
}
