/** From a model's strings to what the kernels read. */
import type { BpeSpec } from '../../backend/kernels';
import { BYTE_CODE_POINTS, writeAlphabetBytes } from '../byte-alphabet';
import type { BpeSettings } from '../definition';
import { isJsonObject } from './json-fields';

const encoder = new TextEncoder();

/** The model's strings, resolved to ids. */
export interface BpeParts {
  readonly ids: ReadonlyMap<string, number>;
  readonly tokens: ReadonlyArray<string | undefined>;
  readonly merges: Uint32Array;
  readonly settings: BpeSettings;
}

/**
 * Whether the pieces that reach the model are bytes in the printable alphabet: the last thing that happens to the text is ByteLevel, as
 * pre-tokenizer or, where there is no pre-tokenizer, as normalizer.
 */
export function endsInByteLevel(normalizer: unknown, preTokenizer: unknown): boolean {
  if (preTokenizer !== null && preTokenizer !== undefined) return lastStep(preTokenizer, 'pretokenizers') === 'ByteLevel';
  return lastStep(normalizer, 'normalizers') === 'ByteLevel';
}

function lastStep(component: unknown, children: string): unknown {
  while (isJsonObject(component) && component['type'] === 'Sequence') {
    const steps = component[children];
    component = Array.isArray(steps) ? steps.at(-1) : undefined;
  }
  return isJsonObject(component) ? component['type'] : undefined;
}

/** The spec of a model that reads text. */
export function textBpeSpec(parts: BpeParts): BpeSpec {
  const { settings, ids } = parts;
  return {
    ...tokenTable(parts.tokens, (token, target, offset) => encoder.encodeInto(token, target.subarray(offset)).written),
    merges: parts.merges,
    unit: 'char',
    byteIds: settings.byteFallback ? fallbackIds(ids) : new Int32Array(256).fill(-1),
    byteFallback: settings.byteFallback,
    unkId: unkId(parts),
    fuseUnk: settings.fuseUnk,
    continuingPrefix: encoder.encode(settings.continuingSubwordPrefix ?? ''),
    endOfWordSuffix: encoder.encode(settings.endOfWordSuffix ?? ''),
    ignoreMerges: settings.ignoreMerges,
  };
}

/** The spec of a model that reads bytes: its tokens turned back from the printable alphabet. */
export function byteBpeSpec(parts: BpeParts): BpeSpec {
  const byteIds = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) byteIds[byte] = parts.ids.get(String.fromCharCode(BYTE_CODE_POINTS[byte]!)) ?? -1;
  return {
    ...tokenTable(parts.tokens, (token, target, offset) => Math.max(0, writeAlphabetBytes(token, target, offset))),
    merges: parts.merges,
    unit: 'byte',
    byteIds,
    byteFallback: false,
    unkId: unkId(parts),
    fuseUnk: parts.settings.fuseUnk,
    continuingPrefix: new Uint8Array(0),
    endOfWordSuffix: new Uint8Array(0),
    ignoreMerges: parts.settings.ignoreMerges,
  };
}

/** The spec of a tiktoken model. Its tokens are its bytes; two neighbours merge if their concatenation is a token. */
export function tiktokenBpeSpec(tokenBytes: Uint8Array, tokenOffsets: Uint32Array): BpeSpec {
  const byteIds = new Int32Array(256).fill(-1);
  for (let id = 0; id + 1 < tokenOffsets.length; id++) {
    if (tokenOffsets[id + 1]! - tokenOffsets[id]! === 1) byteIds[tokenBytes[tokenOffsets[id]!]!] = id;
  }
  const none = new Uint8Array(0);
  return {
    tokenBytes,
    tokenOffsets,
    merges: null,
    unit: 'byte',
    byteIds,
    byteFallback: false,
    unkId: -1,
    fuseUnk: false,
    continuingPrefix: none,
    endOfWordSuffix: none,
    ignoreMerges: true,
  };
}

function unkId({ settings, ids }: BpeParts): number {
  return settings.unkToken === null ? -1 : (ids.get(settings.unkToken) ?? -1);
}

function fallbackIds(ids: ReadonlyMap<string, number>): Int32Array {
  const byteIds = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    byteIds[byte] = ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`) ?? -1;
  }
  return byteIds;
}

function tokenTable(
  tokens: ReadonlyArray<string | undefined>,
  write: (token: string, target: Uint8Array, offset: number) => number,
): { tokenBytes: Uint8Array; tokenOffsets: Uint32Array } {
  let bound = 0;
  for (const token of tokens) if (token !== undefined) bound += token.length * 3;
  const bytes = new Uint8Array(bound);
  const tokenOffsets = new Uint32Array(tokens.length + 1);
  let end = 0;
  for (let id = 0; id < tokens.length; id++) {
    const token = tokens[id];
    if (token !== undefined && token !== '') end += write(token, bytes, end);
    tokenOffsets[id + 1] = end;
  }
  return { tokenBytes: bytes.slice(0, end), tokenOffsets };
}
