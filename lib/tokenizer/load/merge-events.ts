/** Merges of a tokenizer that also takes tokens back (PickyBPE): what tokenizer.json holds of them, and the ids that they are about. */
import { MerganserError } from '../../errors';
import type { TextVocabulary, Vocabulary } from '../vocabulary';
import { invalidTokenizer, isJsonObject } from './json-fields';

export interface MergeEvents {
  /** Tokens that came and went: they are not in the vocabulary, and have the ids behind it. */
  readonly removed: readonly string[];
  /** left, right, product ids in the order of time. */
  readonly merges: Uint32Array;
  /** For each removal in order: how many merges come before it, the token, the number of tokens it falls into, and these. */
  readonly removals: Uint32Array;
}

/** A merge as [left, right], or a removal. */
type WrittenEvent = readonly [string, string] | { readonly remove: string; readonly into: readonly string[] };

/** The field `events` of a model. */
export function writeEvents({ removed, merges, removals }: MergeEvents, vocabulary: Vocabulary): WrittenEvent[] {
  const bound = vocabulary.idBound;
  const name = (id: number): string => (id < bound ? vocabulary.token(id)! : removed[id - bound]);
  const events: WrittenEvent[] = [];
  let merge = 0;
  const writeMerges = (end: number): void => {
    for (; merge < end; merge++) events.push([name(merges[3 * merge]), name(merges[3 * merge + 1])]);
  };
  for (const { after, token, parts } of eachRemoval(removals)) {
    writeMerges(after);
    events.push({ remove: name(token), into: Array.from(parts, name) });
  }
  writeMerges(merges.length / 3);
  return events;
}

/** `prefix` is taken off the right part of merges. Throws INVALID_TOKENIZER for what cannot have happened. */
export function readEvents(written: readonly unknown[], vocabulary: TextVocabulary, prefix: string, path: string): MergeEvents {
  const tokens = new GrowingVocabulary(vocabulary);
  const merges: number[] = [];
  const removals: number[] = [];
  written.forEach((event, i) => {
    const at = `${path}[${i}]`;
    if (isJsonObject(event)) {
      const parts = arrayOf(event['into'], `${at}.into`).map((part) => tokens.known(part, `${at}.into`));
      removals.push(merges.length / 3, tokens.known(event['remove'], `${at}.remove`), parts.length, ...parts);
      return;
    }
    const pair = arrayOf(event, at);
    if (pair.length !== 2) throw invalidTokenizer(at, 'a pair of tokens, or a removal', event);
    const [left, right] = pair.map((part) => tokens.known(part, at));
    merges.push(left, right, tokens.product(pair[0] as string, pair[1] as string, prefix));
  });
  const events = { removed: tokens.removed, merges: Uint32Array.from(merges), removals: Uint32Array.from(removals) };
  checkEvents(events, vocabulary.idBound, path);
  return events;
}

/** Two entries at least. */
function arrayOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 1) return value as readonly unknown[];
  throw invalidTokenizer(path, 'an array of tokens', value);
}

export interface Removal {
  /** How many merges come before it. */
  readonly after: number;
  readonly token: number;
  readonly parts: Uint32Array;
}

export function* eachRemoval(removals: Uint32Array): Generator<Removal, void, undefined> {
  for (let at = 0; at < removals.length; at += 3 + removals[at + 2])
    yield { after: removals[at], token: removals[at + 1], parts: removals.subarray(at + 3, at + 3 + removals[at + 2]) };
}

/** A token has as many symbols as what it is made of, and none is left that was taken back for good. */
function checkEvents({ removed, merges, removals }: MergeEvents, bound: number, path: string): void {
  const lengths = new Uint32Array(bound + removed.length);
  const gone = new Set(removed.map((_, i) => bound + i));
  const symbols = (id: number): number => lengths[id] || 1;
  const fail = (what: string): never => {
    throw new MerganserError('INVALID_TOKENIZER', `Expected ${path} to be merges and removals as training makes them, but ${what}.`);
  };
  for (let i = 0; i < merges.length; i += 3) {
    const length = symbols(merges[i]) + symbols(merges[i + 1]);
    if (lengths[merges[i + 2]] !== 0 && lengths[merges[i + 2]] !== length) fail('one token has several lengths');
    lengths[merges[i + 2]] = length;
  }
  const last = new Map<number, number>();
  for (const { after, token, parts } of eachRemoval(removals)) {
    if (parts.reduce((sum, part) => sum + symbols(part), 0) !== symbols(token)) fail('a token falls into parts of another length');
    last.set(token, after);
  }
  for (let i = 0; i < merges.length; i += 3)
    if (gone.has(merges[i + 2]) && !(i / 3 < (last.get(merges[i + 2]) ?? 0))) fail('a token that is not in the vocabulary stays');
  for (const { after, parts } of eachRemoval(removals))
    for (const part of parts)
      if (gone.has(part) && !(after <= (last.get(part) ?? -1))) fail('a token falls into one that is not in the vocabulary');
}

/** The vocabulary, and what merges make besides. */
class GrowingVocabulary {
  readonly removed: string[] = [];
  private readonly more = new Map<string, number>();

  constructor(private readonly kept: Vocabulary) {}

  known(token: unknown, path: string): number {
    const id = typeof token === 'string' ? this.id(token) : undefined;
    if (id === undefined) throw invalidTokenizer(path, 'a token of the vocabulary, or one that merges make', token);
    return id;
  }

  product(left: string, right: string, prefix: string): number {
    const token = left + (prefix !== '' && right.startsWith(prefix) ? right.slice(prefix.length) : right);
    const id = this.id(token) ?? this.kept.idBound + this.removed.push(token) - 1;
    if (id >= this.kept.idBound) this.more.set(token, id);
    return id;
  }

  private id(token: string): number | undefined {
    return this.kept.id(token) ?? this.more.get(token);
  }
}
