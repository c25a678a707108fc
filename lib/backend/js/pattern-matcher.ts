/** Regular expressions on UTF-8: by automaton where the program has one that answers, else by backtracking. */

import { characterLength } from '../../tokenizer/utf8';
import type { PatternAutomaton, PatternProgram } from '../kernels';
import { PatternOp } from '../pattern-code';
import { ClassTable } from './class-table';
import { PatternBacktracker } from './pattern-backtracker';

/** Sign of a premultiplied transition: what was read before it is a match. */
const MATCH_BEFORE = 0x8000;
const STATE = 0x7fff;

export class JsPattern {
  private readonly classes: ClassTable;
  private readonly automaton: AutomatonMatcher | null;
  private readonly backtracker: PatternBacktracker;
  /** See PatternAutomaton. */
  private readonly except: Uint8Array | null;
  /** Which classes a match can begin with, "no character" being the last; null: a match may be empty. */
  private readonly canStart: Uint8Array | null;
  private latestMatchEnd = -1;

  constructor(program: PatternProgram) {
    this.classes = new ClassTable(program);
    this.backtracker = new PatternBacktracker(program, this.classes);
    this.automaton = program.automaton === null ? null : new AutomatonMatcher(program.automaton, this.classes);
    this.except = program.automaton?.except ?? null;
    this.canStart = startClasses(program);
  }

  /**
   * All non-overlapping matches in text[from, to), which counts as the whole text, as start, end pairs. An empty match directly behind another match
   * does not count (as in Oniguruma's and fancy-regex's iterators).
   */
  findMatches(text: Uint8Array, from = 0, to = text.length): Uint32Array {
    let found = new Uint32Array(64);
    let count = 0;
    let position = from;
    let latestEnd = -1;
    while (position <= to) {
      const start = this.findStart(text, position, from, to);
      if (start < 0) break;
      const end = this.latestMatchEnd;
      if (end === start && start === latestEnd) {
        position = start === to ? to + 1 : start + characterLength(text[start]);
        continue;
      }
      if (count + 2 > found.length) {
        const grown = new Uint32Array(2 * found.length);
        grown.set(found);
        found = grown;
      }
      found[count++] = start;
      found[count++] = end;
      position = latestEnd = end;
    }
    return found.slice(0, count);
  }

  /** End of the match that begins exactly at `start` in the text [from, to), or −1 if none does. */
  matchEnd(text: Uint8Array, start: number, from: number, to: number): number {
    this.backtracker.beginSearch();
    return this.tryAt(text, start, from, to, start);
  }

  private tryAt(text: Uint8Array, start: number, from: number, to: number, searchStart: number): number {
    const { automaton, backtracker, except, classes } = this;
    if (automaton === null || (except !== null && except[classes.after(text, start, to)] !== 0))
      return backtracker.matchEnd(text, start, from, to, searchStart);
    return automaton.matchEnd(text, start, from, to);
  }

  /** Where the first match at or after `position` begins, its end in `latestMatchEnd`; −1 if there is none. */
  private findStart(text: Uint8Array, position: number, from: number, to: number): number {
    const { canStart, classes } = this;
    this.backtracker.beginSearch();
    let start = position;
    for (;;) {
      if (canStart === null || canStart[classes.after(text, start, to)] !== 0) {
        const end = this.tryAt(text, start, from, to, position);
        if (end >= 0) {
          this.latestMatchEnd = end;
          return start;
        }
      }
      if (start >= to) return -1;
      start += characterLength(text[start]);
    }
  }
}

class AutomatonMatcher {
  /** Rows' offsets instead of states' numbers; negative if what was read before is a match. */
  private readonly transitions: Int32Array;
  private readonly starts: Int32Array;

  constructor(
    automaton: PatternAutomaton,
    private readonly classes: ClassTable,
  ) {
    const rowLength = classes.classCount + 1;
    this.transitions = Int32Array.from(automaton.transitions, (t) => ((t & STATE) * rowLength) | (t & MATCH_BEFORE ? 1 << 31 : 0));
    this.starts = Int32Array.from(automaton.starts, (state) => state * rowLength);
  }

  matchEnd(text: Uint8Array, start: number, from: number, to: number): number {
    const { transitions, classes } = this;
    const { ascii } = classes;
    let row = this.starts.length === 1 ? this.starts[0] : this.starts[classes.before(text, start, from)];
    let end = -1;
    let p = start;
    while (p < to) {
      const byte = text[p];
      const next = transitions[row + (byte < 0x80 ? ascii[byte] : classes.at(text, p))];
      if (next < 0) end = p;
      row = next & 0x7fffffff;
      if (row === 0) return end;
      p += byte < 0x80 ? 1 : characterLength(byte);
    }
    return transitions[row + classes.classCount] < 0 ? p : end;
  }
}

/** The code of a pattern that matches no empty text begins with a look at the first character. */
function startClasses(program: PatternProgram): Uint8Array | null {
  if (program.code[0] !== PatternOp.After) return null;
  const set = program.code[1] * program.setWords;
  return Uint8Array.from({ length: program.classCount + 1 }, (_, c) => (program.sets[set + (c >>> 5)] >>> (c & 31)) & 1);
}
