/** From a regular expression to the program that backends run. */

import type { PatternProgram } from '../../backend/kernels';
import type { PatternDialect } from './ast';
import { buildAutomaton } from './automaton';
import { ClassedSets } from './classed-sets';
import { generateCode } from './code-generator';
import { parsePattern } from './parse';

const MAX_CACHED = 256;
const cache = new Map<string, PatternProgram>();

/**
 * Compiles a regular expression. Programs are kept, so that the same source gives the same object while it is among the last 256.
 * @throws MerganserError INVALID_PATTERN: see {@link parsePattern}; also for look-behinds of unbounded length and for patterns that are too large.
 */
export function compilePattern(source: string, dialect: PatternDialect): PatternProgram {
  const key = `${dialect}:${source}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const program = compile(source, dialect);
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!);
  cache.set(key, program);
  return program;
}

function compile(source: string, dialect: PatternDialect): PatternProgram {
  const root = parsePattern(source, dialect);
  const sets = new ClassedSets(root, source);
  const { classCount, classPages, classIds } = sets.classes;
  return { source, classCount, classPages, classIds, ...generateCode(root, sets, source), automaton: buildAutomaton(root, sets) };
}

/** A pattern (in either dialect) that matches `text` literally. */
export function escapePattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$#&~-]/g, '\\$&');
}
