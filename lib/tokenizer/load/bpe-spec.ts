/** From a model's strings to what the kernels read. */
import type { BpeSpec } from '../../backend/kernels';
import { alphabetByte, BYTE_CODE_POINTS } from '../byte-alphabet';
import type { BpeSettings } from '../definition';
import { characterLength, codePointAt } from '../utf8';
import type { TokenTable } from '../token-table';
import { StringVocabulary, type TextVocabulary } from '../vocabulary';
import { isJsonObject } from './json-fields';
import type { MergeEvents } from './merge-events';

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** A model of tokenizer.json, its merges resolved to ids. */
export interface BpeParts {
  readonly vocabulary: TextVocabulary;
  readonly merges: Uint32Array;
  readonly supermerges?: Uint32Array | undefined;
  /** In place of `merges`, which are empty then. */
  readonly events?: MergeEvents | undefined;
  readonly settings: BpeSettings;
}

/** Pre-tokenizers that change nothing of the text. */
const SPLITS: ReadonlySet<unknown> = new Set([
  'Split',
  'Digits',
  'Punctuation',
  'Whitespace',
  'WhitespaceSplit',
  'BertPreTokenizer',
  'CharDelimiterSplit',
  'FixedLength',
  'UnicodeScripts',
]);

/**
 * Whether the pieces that reach the model are bytes in the printable alphabet: the last thing that happens to the text is ByteLevel, as
 * pre-tokenizer or, where there is no pre-tokenizer, as normalizer. Pre-tokenizers behind it may split.
 */
export function endsInByteLevel(normalizer: unknown, preTokenizer: unknown): boolean {
  if (preTokenizer === null || preTokenizer === undefined) return stepTypes(normalizer, 'normalizers').at(-1) === 'ByteLevel';
  const types = stepTypes(preTokenizer, 'pretokenizers');
  return types.at(-1) === 'ByteLevel' || splitsBehindByteLevel(preTokenizer);
}

/** Whether a pre-tokenizer writes the printable alphabet and splits it afterwards. */
export function splitsBehindByteLevel(preTokenizer: unknown): boolean {
  const types = stepTypes(preTokenizer, 'pretokenizers');
  const written = types.lastIndexOf('ByteLevel');
  return written >= 0 && written < types.length - 1 && types.slice(written + 1).every((type) => SPLITS.has(type));
}

/** The types of a component's steps, sequences resolved. */
function stepTypes(component: unknown, children: string): unknown[] {
  if (!isJsonObject(component)) return [undefined];
  if (component['type'] !== 'Sequence') return [component['type']];
  const steps = component[children];
  return Array.isArray(steps) ? steps.flatMap((step) => stepTypes(step, children)) : [undefined];
}

/** The spec of a model that reads text. */
export function textBpeSpec(parts: BpeParts): BpeSpec {
  const { vocabulary, settings } = parts;
  return {
    ...allTokens(parts),
    ...mergesOf(parts),
    unit: 'char',
    byteIds: settings.byteFallback ? idsOfBytes(vocabulary, fallbackToken) : new Int32Array(256).fill(-1),
    byteFallback: settings.byteFallback,
    unkId: unkId(vocabulary, settings),
    fuseUnk: settings.fuseUnk,
    continuingPrefix: encoder.encode(settings.continuingSubwordPrefix ?? ''),
    endOfWordSuffix: encoder.encode(settings.endOfWordSuffix ?? ''),
    ignoreMerges: settings.ignoreMerges,
  };
}

/** The spec of a model that reads bytes: its tokens turned back from the printable alphabet. */
export function byteBpeSpec(parts: BpeParts): BpeSpec {
  const { vocabulary, settings } = parts;
  return {
    ...fromAlphabet(allTokens(parts)),
    ...mergesOf(parts),
    unit: 'byte',
    byteIds: idsOfBytes(vocabulary, (byte) => String.fromCharCode(BYTE_CODE_POINTS[byte])),
    byteFallback: false,
    unkId: unkId(vocabulary, settings),
    fuseUnk: settings.fuseUnk,
    continuingPrefix: NOTHING,
    endOfWordSuffix: NOTHING,
    ignoreMerges: settings.ignoreMerges,
  };
}

function mergesOf({ vocabulary, merges, events }: BpeParts): Pick<BpeSpec, 'merges' | 'removals'> {
  if (events === undefined) return { merges };
  return { merges: events.merges, removals: { kept: vocabulary.idBound, list: events.removals } };
}

/** Those of the vocabulary, and behind them those that come and go. */
function allTokens({ vocabulary, events }: BpeParts): TokenTable {
  const kept = vocabulary.utf8();
  if (events === undefined || events.removed.length === 0) return kept;
  const removed = new StringVocabulary(new Map(), events.removed).utf8();
  const tokenBytes = new Uint8Array(kept.tokenBytes.length + removed.tokenBytes.length);
  tokenBytes.set(kept.tokenBytes);
  tokenBytes.set(removed.tokenBytes, kept.tokenBytes.length);
  const tokenOffsets = new Uint32Array(kept.tokenOffsets.length + events.removed.length);
  tokenOffsets.set(kept.tokenOffsets);
  tokenOffsets.set(
    removed.tokenOffsets.subarray(1).map((offset) => offset + kept.tokenBytes.length),
    kept.tokenOffsets.length,
  );
  return { tokenBytes, tokenOffsets };
}

/** The spec of a tiktoken model. Its tokens are its bytes; two neighbours merge if their concatenation is a token. */
export function tiktokenBpeSpec({ tokenBytes, tokenOffsets }: TokenTable): BpeSpec {
  const byteIds = new Int32Array(256).fill(-1);
  for (let id = 0; id + 1 < tokenOffsets.length; id++) {
    if (tokenOffsets[id + 1] - tokenOffsets[id] === 1) byteIds[tokenBytes[tokenOffsets[id]]] = id;
  }
  return {
    tokenBytes,
    tokenOffsets,
    merges: null,
    unit: 'byte',
    byteIds,
    byteFallback: false,
    unkId: -1,
    fuseUnk: false,
    continuingPrefix: NOTHING,
    endOfWordSuffix: NOTHING,
    ignoreMerges: true,
  };
}

function unkId(vocabulary: TextVocabulary, { unkToken }: BpeSettings): number {
  return unkToken === null ? -1 : (vocabulary.id(unkToken) ?? -1);
}

function idsOfBytes(vocabulary: TextVocabulary, token: (byte: number) => string): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => vocabulary.id(token(byte)) ?? -1);
}

function fallbackToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** Tokens that are not written in the alphabet become empty. */
function fromAlphabet({ tokenBytes, tokenOffsets }: TokenTable): TokenTable {
  const bytes = new Uint8Array(tokenBytes.length);
  const offsets = new Uint32Array(tokenOffsets.length);
  let end = 0;
  for (let id = 0; id + 1 < tokenOffsets.length; id++) {
    const start = end;
    for (let at = tokenOffsets[id]; at < tokenOffsets[id + 1]; at += characterLength(tokenBytes[at])) {
      const byte = alphabetByte(codePointAt(tokenBytes, at));
      if (byte < 0) {
        end = start;
        break;
      }
      bytes[end++] = byte;
    }
    offsets[id + 1] = end;
  }
  return { tokenBytes: bytes.slice(0, end), tokenOffsets: offsets };
}
