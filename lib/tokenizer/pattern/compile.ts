/** From a regular expression to the program that backends run. */

import type { PatternProgram } from '../../backend/kernels';
import type { PatternDialect, PatternNode } from './ast';
import { buildAutomaton } from './automaton';
import { ClassedSets } from './classed-sets';
import { generateCode } from './code-generator';
import { type IsolatingSplit, joinSplits } from './join-splits';
import { parsePattern } from './parse';

const MAX_CACHED = 256;
const cache = new Map<string, PatternProgram | null>();

/**
 * Compiles a regular expression. Programs are kept, so that the same source gives the same object while it is among the last 256.
 * @throws MerganserError INVALID_PATTERN: see {@link parsePattern}; also for look-behinds of unbounded length and for patterns that are too large.
 */
export function compilePattern(source: string, dialect: PatternDialect): PatternProgram {
  return cached(`${dialect}:${source}`, () => compile(parsePattern(source, dialect), source))!;
}

/** The program of {@link joinSplits}' pattern, or null where there is none, or it has no automaton. */
export function compileSplits(splits: readonly IsolatingSplit[]): PatternProgram | null {
  return cached(JSON.stringify(splits), () => {
    const root = joinSplits(splits);
    const program = root === null ? null : compile(root, splits.map(({ source }) => source).join(' | '));
    return program?.automaton ? program : null;
  });
}

function cached(key: string, make: () => PatternProgram | null): PatternProgram | null {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const program = make();
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!);
  cache.set(key, program);
  return program;
}

function compile(root: PatternNode, source: string): PatternProgram {
  const sets = new ClassedSets(root, source);
  const { classCount, classPages, classIds } = sets.classes;
  return { source, classCount, classPages, classIds, ...generateCode(root, sets, source), automaton: buildAutomaton(root, sets) };
}

/** A pattern (in either dialect) that matches `text` literally. */
export function escapePattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$#&~-]/g, '\\$&');
}
