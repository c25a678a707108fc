/**
 * Where pre-tokenization divides a text that is not complete yet: the ends of pieces that no later text can move.
 *
 * The patterns' automata tell: a match is settled if its automaton died before the end of the text, for then it never looked at what comes next. Steps
 * whose patterns have no automaton, look behind, or join what they find are opaque: nothing is known about the inside of their pieces.
 */
import type { PatternAutomaton, PatternProgram, SplitBehavior, SplitStep } from '../backend/kernels';
import { characterLength, codePointAt } from './utf8';

const MATCH_BEFORE = 0x8000;
const STATE = 0x7fff;
const UNSETTLED = -2;
const NO_MATCH = -1;

/** Which ends of a match divide pieces, and which pieces later steps split again. */
export interface Division {
  readonly atStart: boolean;
  readonly atEnd: boolean;
  readonly matches: boolean;
  readonly gaps: boolean;
}

/** A step that can be seen through. */
export interface SettledStep {
  readonly matcher: SettledMatcher;
  readonly division: Division;
}

/** The first steps, up to one that is opaque. */
export function settledSteps(steps: readonly SplitStep[]): SettledStep[] {
  const settled: SettledStep[] = [];
  for (const step of steps) {
    if (step.kind !== 'pattern' || step.overAlphabet || step.pattern.automaton === null || step.pattern.automaton.starts.length !== 1)
      break;
    const division = divisionOf(step.behavior, step.invert);
    if (division === null) break;
    settled.push({ matcher: new SettledMatcher(step.pattern, step.pattern.automaton), division });
  }
  return settled;
}

export class SettledSplits {
  constructor(private readonly steps: readonly SettledStep[]) {}

  /** Ends of pieces inside text[start, end), ascending. `open`: more text may follow. */
  boundaries(text: Uint8Array, start: number, end: number, open: boolean): number[] {
    const found: number[] = [];
    this.collect(0, text, start, end, open, found);
    return found;
  }

  private collect(level: number, text: Uint8Array, start: number, end: number, open: boolean, found: number[]): void {
    const step = this.steps[level];
    if (step === undefined) return;
    const { matcher, division } = step;
    const inside = (wanted: boolean, from: number, to: number, isOpen: boolean): void => {
      if (wanted && to > from) this.collect(level + 1, text, from, to, isOpen, found);
    };
    let gap = start;
    let at = start;
    while (at < end) {
      const match = matcher.matchEnd(text, at, end, open);
      if (match === UNSETTLED || match === at) break;
      if (match === NO_MATCH) {
        at += characterLength(text[at]);
        continue;
      }
      inside(division.gaps, gap, at, false);
      if (division.atStart && at > start) push(found, at);
      inside(division.matches, at, match, false);
      if (division.atEnd && match < end) push(found, match);
      gap = at = match;
    }
    inside(division.gaps, gap, at, open || at < end);
  }
}

function push(found: number[], boundary: number): void {
  if (found.at(-1) !== boundary) found.push(boundary);
}

/** null: pieces may grow by what stands beside them. */
function divisionOf(behavior: SplitBehavior, invert: boolean): Division | null {
  switch (behavior) {
    case 'isolated':
      return { atStart: true, atEnd: true, matches: true, gaps: true };
    case 'removed':
      return { atStart: true, atEnd: true, matches: invert, gaps: !invert };
    case 'mergedWithPrevious':
      return invert ? null : { atStart: false, atEnd: true, matches: false, gaps: false };
    case 'mergedWithNext':
      return invert ? null : { atStart: true, atEnd: false, matches: false, gaps: false };
    case 'contiguous':
      return null;
  }
}

/** Runs an automaton. */
export class SettledMatcher {
  readonly start: number;
  private readonly rowLength: number;

  constructor(
    private readonly program: PatternProgram,
    readonly automaton: PatternAutomaton,
  ) {
    this.start = automaton.starts[0]!;
    this.rowLength = program.classCount + 1;
  }

  get classCount(): number {
    return this.program.classCount;
  }

  classOf(codePoint: number): number {
    const { classPages, classIds } = this.program;
    return classIds[(classPages[codePoint >>> 8] << 8) | (codePoint & 0xff)];
  }

  /** What a character of a class does in a state (classCount: the end of the text): the next one, 0 if there is none, and whether a match ends in front of it. */
  step(state: number, characterClass: number): { readonly next: number; readonly matchBefore: boolean } {
    const transition = this.automaton.transitions[state * this.rowLength + characterClass];
    return { next: transition & STATE, matchBefore: (transition & MATCH_BEFORE) !== 0 };
  }

  /** End of the match that begins at `at`, NO_MATCH, or UNSETTLED if that depends on what follows `end`. */
  matchEnd(text: Uint8Array, at: number, end: number, open: boolean): number {
    const { transitions, except } = this.automaton;
    const { classPages, classIds, classCount } = this.program;
    let state = this.start;
    let match = NO_MATCH;
    for (let next = at; next < end;) {
      const codePoint = codePointAt(text, next);
      const characterClass = classIds[(classPages[codePoint >>> 8] << 8) | (codePoint & 0xff)];
      if (next === at && except !== null && except[characterClass] !== 0) return UNSETTLED;
      const transition = transitions[state * this.rowLength + characterClass];
      if ((transition & MATCH_BEFORE) !== 0) match = next;
      state = transition & STATE;
      if (state === 0) return match;
      next += characterLength(text[next]);
    }
    if (open) return UNSETTLED;
    return (transitions[state * this.rowLength + classCount] & MATCH_BEFORE) !== 0 ? end : match;
  }
}
