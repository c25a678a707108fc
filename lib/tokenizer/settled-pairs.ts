/**
 * Two characters between which pre-tokenization divides any text, whatever stands before the first or will stand behind the second: such places are found from
 * the end of a text, without reading the rest of it.
 *
 * They follow from the automata of the patterns. Whatever attempt at a match has read a first character is in one of few states. If every one of them is
 * a match, both before the second character and at the end of a text, and ends with the second one, then so does the match, and another begins there. A
 * step in front sees neither character if no attempt of its pattern survives one of them.
 */
import type { SettledStep } from './settled-splits';

/** What a step does with pairs of classes. */
interface StepPairs {
  readonly step: SettledStep;
  /** 1: no match holds a character of the class. */
  readonly inert: Uint8Array;
  /** [first × classes + second]: 1 if a match always ends between them. */
  readonly divided: Uint8Array;
}

export class SettledPairs {
  private constructor(private readonly steps: readonly StepPairs[]) {}

  static of(steps: readonly SettledStep[]): SettledPairs {
    const known: StepPairs[] = [];
    for (const step of steps) {
      // Such characters begin matches that the automaton does not see.
      if (step.matcher.automaton.except !== null) break;
      known.push(pairsOf(step));
      if (!step.division.gaps) break;
    }
    return new SettledPairs(known);
  }

  /** Whether a text can always be divided between these characters. */
  divides(left: number, right: number): boolean {
    for (const { step, inert, divided } of this.steps) {
      const first = step.matcher.classOf(left);
      const second = step.matcher.classOf(right);
      if (divided[first * inert.length + second] !== 0) return true;
      if (inert[first] === 0 || inert[second] === 0) return false;
    }
    return false;
  }
}

function pairsOf(step: SettledStep): StepPairs {
  const { matcher, division } = step;
  const { classCount } = matcher;
  const states = reachableStates(step);
  const inert = new Uint8Array(classCount);
  const divided = new Uint8Array(classCount * classCount);
  for (let first = 0; first < classCount; first++) {
    const reached = new Set<number>();
    for (const state of states) {
      const { next } = matcher.step(state, first);
      if (next !== 0) reached.add(next);
    }
    if (reached.size === 0) inert[first] = 1;
    const begins = matcher.step(matcher.start, first).next !== 0;
    if (!begins || !division.atEnd || ![...reached].every((state) => matcher.step(state, classCount).matchBefore)) continue;
    for (let second = 0; second < classCount; second++) {
      const ends = [...reached].every((state) => {
        const { next, matchBefore } = matcher.step(state, second);
        return next === 0 && matchBefore;
      });
      if (ends) divided[first * classCount + second] = 1;
    }
  }
  return { step, inert, divided };
}

function reachableStates({ matcher }: SettledStep): number[] {
  const found = new Set([matcher.start]);
  // A set gives what is added to it while it is gone through.
  for (const state of found) {
    for (let characterClass = 0; characterClass < matcher.classCount; characterClass++) {
      const { next } = matcher.step(state, characterClass);
      if (next !== 0) found.add(next);
    }
  }
  return [...found];
}
