/** The patterns of `Replace` and `Split`: a string that is searched as it stands, or a regular expression. */
import type { Kernels, PatternHandle } from '../backend/kernels';
import { type JsonFields, invalidTokenizer } from './load/json-fields';
import type { PatternDialect } from './pattern/ast';
import { compilePattern } from './pattern/compile';
import { scannerFamily } from './pattern/families';
import { characterLength, encodeUtf8, indexOfBytes } from './utf8';

/** All non-overlapping matches in a text, as start, end pairs in order. */
export type TextMatcher = (text: Uint8Array) => Uint32Array;

/** `{ "String": … }` or `{ "Regex": … }` of tokenizer.json, the regular expression in Oniguruma's syntax. */
export interface PatternDefinition {
  readonly kind: 'String' | 'Regex';
  readonly source: string;
}

/** Reads a component's `pattern`; INVALID_TOKENIZER if it is not one. */
export function readPattern(fields: JsonFields): PatternDefinition {
  const pattern = fields.fields('pattern');
  const keys = Object.keys(pattern.object);
  const kind = keys[0];
  if (keys.length !== 1 || (kind !== 'String' && kind !== 'Regex')) {
    throw invalidTokenizer(fields.pathOf('pattern'), 'an object with either "String" or "Regex"', fields.get('pattern'));
  }
  return { kind, source: pattern.string(kind) };
}

/** Compiles a pattern; INVALID_PATTERN if its regular expression is not one. */
export function createMatcher(pattern: PatternDefinition, kernels: Kernels): TextMatcher {
  if (pattern.kind === 'String') return literalMatcher(encodeUtf8(pattern.source));
  return patternMatcher(pattern.source, 'oniguruma', kernels);
}

/**
 * A regular expression's matcher. Those that have scanners are known to be in order, and only the general path needs them in this form:
 * they are compiled when they first match. Throws INVALID_PATTERN.
 */
export function patternMatcher(source: string, dialect: PatternDialect, kernels: Kernels): TextMatcher {
  const create = (): PatternHandle => kernels.createPattern(compilePattern(source, dialect));
  let handle = scannerFamily(source, dialect) === null ? create() : null;
  return (text) => kernels.findMatches((handle ??= create()), text);
}

/** An empty literal matches at every boundary between characters, as an empty regular expression does. */
function literalMatcher(literal: Uint8Array): TextMatcher {
  return literal.length === 0 ? matchBoundaries : (text) => matchLiteral(text, literal);
}

function matchLiteral(text: Uint8Array, literal: Uint8Array): Uint32Array {
  const matches: number[] = [];
  for (let at = indexOfBytes(text, literal, 0); at !== -1; at = indexOfBytes(text, literal, at + literal.length)) {
    matches.push(at, at + literal.length);
  }
  return Uint32Array.from(matches);
}

function matchBoundaries(text: Uint8Array): Uint32Array {
  const matches: number[] = [];
  for (let at = 0; at < text.length; at += characterLength(text[at])) matches.push(at, at);
  matches.push(text.length, text.length);
  return Uint32Array.from(matches);
}
