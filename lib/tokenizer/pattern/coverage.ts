/** What a pattern does to runs of characters of a set, as its automaton tells. False where that is not known. */
import type { PatternAutomaton } from '../../backend/kernels';
import type { CodePointSet } from '../unicode/code-point-set';
import { alternation, type PatternNode, setNode } from './ast';
import { buildAutomaton } from './automaton';
import { ClassedSets } from './classed-sets';

const MATCH_BEFORE = 0x8000;
const STATE = 0x7fff;

/** Whether a match begins at each character of the set, whatever stands behind it. */
export function matchesAlways(node: PatternNode, set: CodePointSet): boolean {
  const coverage = Coverage.of(node, set);
  return coverage !== null && coverage.matchesAlways();
}

/** Whether the pattern matches every text that consists of characters of the set as a whole, or matches in none. */
export function leavesWhole(node: PatternNode, set: CodePointSet): boolean {
  const coverage = Coverage.of(node, set);
  return coverage !== null && (coverage.matchesNever() || coverage.matchesWhole());
}

class Coverage {
  private readonly width: number;
  /** States in which a text of the set can be, its beginning aside. */
  private readonly reached: readonly number[];

  private constructor(
    private readonly automaton: PatternAutomaton,
    /** Classes of the set. */
    private readonly inside: readonly number[],
    classCount: number,
  ) {
    this.width = classCount + 1;
    const states = new Set<number>(this.next(this.start));
    for (const state of states) for (const next of this.next(state)) states.add(next);
    this.reached = [...states];
  }

  static of(node: PatternNode, set: CodePointSet): Coverage | null {
    const sets = new ClassedSets(alternation([node, setNode(set)]), '');
    const automaton = buildAutomaton(node, sets);
    if (automaton === null || automaton.starts.length > 1 || automaton.except !== null) return null;
    const mask = sets.mask(set, false);
    const classes = Array.from({ length: sets.classCount }, (_, i) => i);
    return new Coverage(
      automaton,
      classes.filter((i) => mask[i] === 1),
      sets.classCount,
    );
  }

  matchesAlways(): boolean {
    const { stateCount } = this.automaton;
    const sure = new Uint8Array(stateCount).fill(1, 1);
    const classes = Array.from({ length: this.width }, (_, i) => i);
    const isSure = (transition: number): boolean => (transition & MATCH_BEFORE) !== 0 || sure[transition & STATE] === 1;
    for (let changed = true; changed;) {
      changed = false;
      for (let state = 1; state < stateCount; state++) {
        if (sure[state] === 0 || classes.every((c) => isSure(this.transition(state, c)))) continue;
        sure[state] = 0;
        changed = true;
      }
    }
    return this.inside.every((c) => sure[this.transition(this.start, c) & STATE] === 1);
  }

  matchesNever(): boolean {
    return this.reached.every((state) => [...this.inside, this.width - 1].every((c) => (this.transition(state, c) & MATCH_BEFORE) === 0));
  }

  matchesWhole(): boolean {
    return (
      this.inside.every((c) => (this.transition(this.start, c) & STATE) !== 0) &&
      this.reached.every(
        (state) =>
          state !== 0 &&
          this.inside.every((c) => (this.transition(state, c) & STATE) !== 0) &&
          (this.transition(state, this.width - 1) & MATCH_BEFORE) !== 0,
      )
    );
  }

  private get start(): number {
    return this.automaton.starts[0];
  }

  private transition(state: number, characterClass: number): number {
    return this.automaton.transitions[state * this.width + characterClass];
  }

  private next(state: number): number[] {
    return this.inside.map((c) => this.transition(state, c) & STATE);
  }
}
