/** What a tokenizer is made of, for `merganser inspect` without a text. */
import { backendInfo } from '../index';
import type { ChosenTokenizer } from './tokenizer-options';

export interface TokenizerFacts {
  readonly name: string;
  readonly model: string;
  readonly normalizer: string;
  readonly preTokenizer: string;
  readonly postProcessor: string;
  readonly decoder: string;
  /** With added tokens. */
  readonly vocabSize: number;
  readonly addedTokens: number;
  readonly specialTokens: ReadonlyArray<{ readonly content: string; readonly id: number }>;
  readonly backend: string;
}

export function tokenizerFacts(chosen: ChosenTokenizer): TokenizerFacts {
  const { tokenizer, name } = chosen;
  const added = tokenizer.addedTokens;
  return {
    name,
    ...componentsOf(chosen),
    vocabSize: tokenizer.vocabSize,
    addedTokens: added.length,
    specialTokens: added.filter(({ special }) => special).map(({ content, id }) => ({ content, id })),
    backend: describeBackend(tokenizer.backend),
  };
}

type Components = Pick<TokenizerFacts, 'model' | 'normalizer' | 'preTokenizer' | 'postProcessor' | 'decoder'>;

function componentsOf({ tokenizer, flavor }: ChosenTokenizer): Components {
  if (flavor === 'tiktoken') {
    return { model: 'BPE on bytes (tiktoken)', normalizer: 'none', preTokenizer: 'pattern', postProcessor: 'none', decoder: 'bytes' };
  }
  const json = tokenizer.toJSON();
  const model = json['model'] as { type?: string; byte_fallback?: boolean };
  return {
    model: `${model.type ?? 'BPE'}${model.byte_fallback === true ? ' with byte fallback' : ''}`,
    normalizer: componentTypes(json['normalizer']),
    preTokenizer: componentTypes(json['pre_tokenizer']),
    postProcessor: componentTypes(json['post_processor']),
    decoder: componentTypes(json['decoder']),
  };
}

/** The type of a component of tokenizer.json, or of the members of a sequence. */
function componentTypes(component: unknown): string {
  if (component === null || component === undefined) return 'none';
  const fields = component as Readonly<Record<string, unknown>>;
  const members = fields['normalizers'] ?? fields['pretokenizers'] ?? fields['processors'] ?? fields['decoders'];
  return Array.isArray(members) ? members.map(componentTypes).join(', ') || 'none' : String(fields['type']);
}

function describeBackend(backend: 'native' | 'js'): string {
  if (backend === 'js') return 'js';
  const { instructionSet, threads } = backendInfo();
  return `native (${instructionSet}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`;
}

const SHOWN_SPECIALS = 12;

/** One fact a line. */
export function describeFacts(facts: TokenizerFacts): string {
  const specials = facts.specialTokens.slice(0, SHOWN_SPECIALS).map(({ content, id }) => `${content} ${id}`);
  if (facts.specialTokens.length > SHOWN_SPECIALS) specials.push(`and ${facts.specialTokens.length - SHOWN_SPECIALS} more`);
  const rows: Array<readonly [string, string]> = [
    ['tokenizer', facts.name],
    ['model', facts.model],
    ['normalizer', facts.normalizer],
    ['pre-tokenizer', facts.preTokenizer],
    ['post-processor', facts.postProcessor],
    ['decoder', facts.decoder],
    ['vocabulary', `${facts.vocabSize} tokens, ${facts.addedTokens} of them added`],
    ['special tokens', specials.join(', ') || 'none'],
    ['backend', facts.backend],
  ];
  return rows.map(([name, value]) => `${name.padEnd(16)}${value}\n`).join('');
}
