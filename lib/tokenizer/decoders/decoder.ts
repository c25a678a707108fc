/** Reads a decoder as it stands in tokenizer.json and plans how to run it. */
import type { Kernels } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import { JsonFields } from '../load/json-fields';
import { createMatcher, readPattern } from '../text-matcher';
import { decodeUtf8, encodeUtf8 } from '../utf8';
import { byteFallback, byteLevel, byteOfToken, bytesOfToken } from './byte-decoders';
import { bpeSuffix, ctc, fuse, joinWithSpaces, metaspace, strip, stripStart, stripStartBytes, wordPiece } from './simple-decoders';
import { eachToken, replaceInFragments, replaceText, type Sink, type StageFactory, wholeToken } from './stage';

const MAX_COUNT = 0xffff_ffff;

/** One decoder with what is known about it. */
interface Step {
  readonly stage: StageFactory;
  /** Everything behind it sees one single token. */
  readonly fuses: boolean;
  readonly role:
    | { readonly kind: 'map'; readonly map: (token: string) => string }
    | { readonly kind: 'byteFallback' | 'byteLevel' | 'fuse' | 'other' }
    | { readonly kind: 'strip'; readonly content: string; readonly start: number; readonly stop: number };
}

/**
 * Decoding by concatenation: each token has bytes of its own, whatever stands around it; `finish` has the last word on the text. Bytes that are not
 * UTF-8 are replaced as TextDecoder does it, or, if they came from tokens such as `<0x0A>` (`fallsBack`), in the general way.
 */
export interface Concatenation {
  readonly bytes: (token: string) => Uint8Array;
  readonly fallsBack: boolean;
  readonly finish: (text: string) => string;
  /** `finish` for the text in UTF-8. */
  readonly finishBytes: (bytes: Uint8Array) => Uint8Array;
}

export interface Decoder {
  /** Puts the decoder's stages before a sink. */
  readonly pipe: (sink: Sink) => Sink;
  /** Set if the decoder is concatenation. */
  readonly concatenation: Concatenation | null;
  /** Whether tokens are bytes, so that decoding to bytes loses nothing. */
  readonly byteLevel: boolean;
}

/** Reads a decoder; null means none, and tokens are joined with spaces. Throws INVALID_TOKENIZER or UNSUPPORTED. */
export function readDecoder(json: unknown, kernels: Kernels): Decoder {
  const steps: Step[] = [];
  if (json === null || json === undefined) steps.push(other(joinWithSpaces));
  else readSteps(json, 'decoder', kernels, steps);
  return {
    pipe: (sink) => steps.reduceRight((next, step) => step.stage(next), sink),
    concatenation: asConcatenation(steps),
    byteLevel: steps.length === 1 && steps[0].role.kind === 'byteLevel',
  };
}

/** Appends a decoder, or those of a sequence. */
function readSteps(json: unknown, path: string, kernels: Kernels, steps: Step[]): void {
  const fields = JsonFields.of(json, path);
  if (fields.get('type') === 'Sequence') {
    for (const [index, child] of fields.array('decoders').entries())
      readSteps(child, `${fields.pathOf('decoders')}[${index}]`, kernels, steps);
    return;
  }
  const fused = steps.some((step) => step.fuses);
  steps.push(readStep(fields, fused, kernels));
}

function readStep(fields: JsonFields, fused: boolean, kernels: Kernels): Step {
  switch (fields.get('type')) {
    case 'ByteLevel':
      return { stage: byteLevel(fused), fuses: true, role: { kind: fused ? 'other' : 'byteLevel' } };
    case 'ByteFallback':
      return { stage: byteFallback(fused), fuses: false, role: { kind: fused ? 'other' : 'byteFallback' } };
    case 'Fuse':
      return { stage: fuse, fuses: true, role: { kind: 'fuse' } };
    case 'Replace':
      return readReplace(fields, fused, kernels);
    case 'Strip':
      return readStrip(fields, fused);
    case 'Metaspace':
      return readMetaspace(fields, fused);
    case 'WordPiece':
      return other(wordPiece(fields.string('prefix'), fields.boolean('cleanup'), fused));
    case 'BPEDecoder':
      return other(bpeSuffix(fields.string('suffix'), fused));
    case 'CTC':
      return other(ctc(fields.string('pad_token'), fields.string('word_delimiter_token'), fields.boolean('cleanup'), fused));
    default:
      throw new MerganserError(
        'UNSUPPORTED',
        `Expected ${fields.pathOf('type')} to be ByteLevel, ByteFallback, Metaspace, WordPiece, BPEDecoder, Fuse, Strip, Replace, CTC or Sequence, but got ${JSON.stringify(fields.get('type'))}.`,
      );
  }
}

function other(stage: StageFactory): Step {
  return { stage, fuses: false, role: { kind: 'other' } };
}

function mapping(map: (token: string) => string, fused: boolean, inFragments: StageFactory): Step {
  return fused ? other(inFragments) : { stage: eachToken(map), fuses: false, role: { kind: 'map', map } };
}

function readReplace(fields: JsonFields, fused: boolean, kernels: Kernels): Step {
  const pattern = readPattern(fields);
  const content = fields.string('content');
  if (pattern.kind === 'String' && pattern.source !== '') {
    return mapping((token) => replaceText(token, pattern.source, content), fused, replaceInFragments(pattern.source, content));
  }
  const match = createMatcher(pattern, kernels);
  const map = (token: string): string => {
    if (token === '') return token;
    const bytes = encodeUtf8(token);
    const matches = match(bytes);
    let result = '';
    let end = 0;
    for (let i = 0; i < matches.length; i += 2) {
      result += decodeUtf8(bytes.subarray(end, matches[i])) + content;
      end = matches[i + 1]!;
    }
    return result + decodeUtf8(bytes.subarray(end));
  };
  return mapping(map, fused, wholeToken(eachToken(map)));
}

function readStrip(fields: JsonFields, fused: boolean): Step {
  const content = fields.character('content');
  const start = fields.integer('start', MAX_COUNT);
  const stop = fields.integer('stop', MAX_COUNT);
  return {
    stage: strip(content, start, stop, fused),
    fuses: false,
    role: fused ? { kind: 'strip', content, start, stop } : { kind: 'other' },
  };
}

function readMetaspace(fields: JsonFields, fused: boolean): Step {
  let scheme = fields.oneOf('prepend_scheme', ['first', 'never', 'always'], 'always');
  if (fields.get('add_prefix_space') === false) {
    if (fields.has('prepend_scheme') && scheme !== 'never')
      throw fields.error('add_prefix_space', `true, as prepend_scheme is "${scheme}"`);
    scheme = 'never';
  }
  return other(metaspace(fields.character('replacement'), scheme === 'never', fused));
}

/** ByteLevel alone, or mappings of single tokens, then ByteFallback, Fuse and Strip of the beginning, as far as they are there. */
function asConcatenation(steps: readonly Step[]): Concatenation | null {
  if (steps.length === 1 && steps[0].role.kind === 'byteLevel') {
    return { bytes: bytesOfToken, fallsBack: false, finish: (text) => text, finishBytes: (bytes) => bytes };
  }
  const rest = [...steps];
  const maps: Array<(token: string) => string> = [];
  for (let role = rest[0]?.role; role?.kind === 'map'; role = rest[0]?.role) {
    maps.push(role.map);
    rest.shift();
  }
  const fallsBack = rest[0]?.role.kind === 'byteFallback';
  if (fallsBack) rest.shift();
  if (rest[0]?.role.kind === 'fuse') rest.shift();
  const last = rest.shift()?.role;
  if (rest.length > 0 || (last !== undefined && !(last.kind === 'strip' && last.stop === 0))) return null;
  const mapped = (token: string): string => maps.reduce((text, map) => map(text), token);
  return {
    bytes: (token) => {
      const text = mapped(token);
      const byte = fallsBack ? byteOfToken(text) : -1;
      return byte >= 0 ? Uint8Array.of(byte) : encodeUtf8(text);
    },
    fallsBack,
    finish: last?.kind === 'strip' ? (text) => stripStart(text, last.content, last.start) : (text) => text,
    finishBytes: last?.kind === 'strip' ? (bytes) => stripStartBytes(bytes, encodeUtf8(last.content), last.start) : (bytes) => bytes,
  };
}
