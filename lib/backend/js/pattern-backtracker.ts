/**
 * Runs the backtracking code of a pattern. Alternatives lie on an explicit stack; a loop over a set is one entry whatever its length, so that a
 * megabyte of one character takes no memory and nothing recurses.
 */

import { characterLength } from '../../tokenizer/utf8';
import type { PatternProgram } from '../kernels';
import { OPERAND_COUNTS, PatternOp } from '../pattern-code';
import { MerganserError } from '../../errors';
import { type ClassTable, previous } from './class-table';

/** Entries of the stack: kind or address of code, and three values. */
const ENTRY = 4;
/** [kind, register, old value] */
const RESTORE = -1;
/** `[kind, code, position, least position]`: a greedy loop that can give back one more character. */
const GIVE_BACK = -2;
/** [kind, code of the loop, position, how many more it may take] */
const TAKE_MORE = -3;

const MAX_STACK = 1 << 28;

/** Failures at one place after which we give up instead of hanging; Oniguruma's limit. */
const MAX_RETRIES = 10_000_000;
/** Failures, and bytes that loops read, at all places that a search for one match tries. */
const MAX_SEARCH_STEPS = 300_000_000;
/** Steps between two looks at that. */
const STEPS = 1 << 18;

export class PatternBacktracker {
  private readonly code: Int32Array;
  private readonly sets: Uint32Array;
  private readonly setWords: number;
  private readonly registers: Int32Array;
  private stack = new Int32Array(256 * ENTRY);
  private height = 0;
  private position = 0;
  private steps = 0;
  private stepsSeen = 0;

  constructor(
    program: PatternProgram,
    private readonly classes: ClassTable,
  ) {
    this.code = program.code;
    this.sets = program.sets;
    this.setWords = program.setWords;
    this.registers = new Int32Array(countRegisters(program.code));
  }

  /** The search for another match begins. */
  beginSearch(): void {
    this.steps = this.stepsSeen = 0;
  }

  /** End of the match that begins at `start`, or −1. The text is [from, to); the search for the match began at `searchStart`. */
  matchEnd(text: Uint8Array, start: number, from: number, to: number, searchStart: number): number {
    const { code, classes, registers } = this;
    this.height = 0;
    registers.fill(-1);
    let pc = 0;
    let p = start;
    let retries = 0;
    for (;;) {
      let failed = false;
      switch (code[pc] as PatternOp) {
        case PatternOp.Match:
          return p;
        case PatternOp.Set:
          if (p < to && this.inSet(code[pc + 1], classes.at(text, p))) {
            p += characterLength(text[p]);
            pc += 2;
          } else failed = true;
          break;
        case PatternOp.After:
          failed = !this.inSet(code[pc + 1], classes.after(text, p, to));
          pc += 2;
          break;
        case PatternOp.Before:
          failed = !this.inSet(code[pc + 1], classes.before(text, p, from));
          pc += 2;
          break;
        case PatternOp.Jump:
          pc = code[pc + 1]!;
          break;
        case PatternOp.Split:
          this.push(code[pc + 1], p, 0, 0);
          pc += 2;
          break;
        case PatternOp.LoopGreedy:
        case PatternOp.LoopPossessive: {
          const end = this.run(text, p, to, code[pc + 1], code[pc + 2], code[pc + 3]);
          if (end < 0) failed = true;
          else {
            const least = this.position;
            p = end;
            if (code[pc] === PatternOp.LoopGreedy && p > least) this.push(GIVE_BACK, pc + 4, p, least);
            pc += 4;
          }
          break;
        }
        case PatternOp.LoopLazy: {
          const min = code[pc + 2];
          const max = code[pc + 3];
          const end = this.run(text, p, to, code[pc + 1], min, min);
          if (end < 0) failed = true;
          else {
            p = end;
            if (max !== min) this.push(TAKE_MORE, pc, p, max < 0 ? -1 : max - min);
            pc += 4;
          }
          break;
        }
        case PatternOp.Save:
          this.assign(code[pc + 1], p);
          pc += 2;
          break;
        case PatternOp.Capture:
          this.assign(code[pc + 2], registers[code[pc + 1]]);
          this.assign(code[pc + 2] + 1, p);
          pc += 3;
          break;
        case PatternOp.JumpIfEmpty:
          pc = registers[code[pc + 1]] === p ? code[pc + 2] : pc + 3;
          break;
        case PatternOp.AtomicBegin:
          registers[code[pc + 1]] = this.height;
          pc += 2;
          break;
        case PatternOp.AtomicEnd:
          this.cut(registers[code[pc + 1]]);
          pc += 2;
          break;
        case PatternOp.LookBegin:
          registers[code[pc + 1]] = this.height;
          registers[code[pc + 1] + 1] = p;
          pc += 2;
          break;
        case PatternOp.LookEnd:
          this.cut(registers[code[pc + 1]]);
          p = registers[code[pc + 1] + 1]!;
          pc += 2;
          break;
        case PatternOp.NotBegin:
          registers[code[pc + 1]] = this.height;
          registers[code[pc + 1] + 1] = p;
          this.push(code[pc + 2], p, 0, 0);
          pc += 3;
          break;
        case PatternOp.NotEnd:
          this.unwind(registers[code[pc + 1]]);
          failed = true;
          break;
        case PatternOp.StepBack:
          for (let n = code[pc + 1]; n > 0 && !failed; n--) {
            if (p > from) p = previous(text, p);
            else failed = true;
          }
          pc += 2;
          break;
        case PatternOp.AtLookStart:
          failed = registers[code[pc + 1] + 1] !== p;
          pc += 2;
          break;
        case PatternOp.AtSearchStart:
          failed = p !== searchStart;
          pc += 1;
          break;
        case PatternOp.BackReference: {
          const end = this.repeated(text, p, to, code[pc + 1]);
          if (end < 0) failed = true;
          p = end;
          pc += 2;
          break;
        }
        default:
          failed = true;
      }
      if (failed) {
        if (++retries > MAX_RETRIES) throw tooManySteps();
        this.took(1);
        pc = this.backtrack(text, to);
        if (pc < 0) return -1;
        p = this.position;
      }
    }
  }

  private inSet(set: number, characterClass: number): boolean {
    return ((this.sets[set * this.setWords + (characterClass >>> 5)] >>> (characterClass & 31)) & 1) !== 0;
  }

  /** Reads between `min` and `max` characters of the set, as many as there are; leaves in `position` where the minimum ends. −1: too few. */
  private run(text: Uint8Array, start: number, to: number, set: number, min: number, max: number): number {
    const { classes } = this;
    let p = start;
    let count = 0;
    this.position = start;
    while (count !== max && p < to && this.inSet(set, classes.at(text, p))) {
      p += characterLength(text[p]);
      count++;
      if (count === min) this.position = p;
    }
    this.took(p - start);
    return count < min ? -1 : p;
  }

  private took(steps: number): void {
    this.steps += steps;
    if (this.steps - this.stepsSeen < STEPS) return;
    this.stepsSeen = this.steps;
    if (this.steps > MAX_SEARCH_STEPS) throw tooManySteps();
  }

  private repeated(text: Uint8Array, p: number, to: number, register: number): number {
    const start = this.registers[register];
    const end = this.registers[register + 1];
    const length = end - start;
    if (start < 0 || end < 0 || p + length > to) return -1;
    for (let i = 0; i < length; i++) if (text[start + i] !== text[p + i]) return -1;
    return p + length;
  }

  private push(kind: number, a: number, b: number, c: number): void {
    if (this.height + ENTRY > this.stack.length) this.grow();
    const { stack, height } = this;
    stack[height] = kind;
    stack[height + 1] = a;
    stack[height + 2] = b;
    stack[height + 3] = c;
    this.height = height + ENTRY;
  }

  private grow(): void {
    if (this.stack.length * 2 > MAX_STACK)
      throw new MerganserError('OUT_OF_MEMORY', 'A regular expression needs over 1 GiB to backtrack on this text.');
    const grown = new Int32Array(this.stack.length * 2);
    grown.set(this.stack);
    this.stack = grown;
  }

  private assign(register: number, value: number): void {
    this.push(RESTORE, register, this.registers[register], 0);
    this.registers[register] = value;
  }

  /** Forgets the alternatives above a height, but not what to restore if backtracking goes below it. */
  private cut(to: number): void {
    const { stack } = this;
    let kept = to;
    for (let entry = to; entry < this.height; entry += ENTRY) {
      if (stack[entry] !== RESTORE) continue;
      stack.copyWithin(kept, entry, entry + ENTRY);
      kept += ENTRY;
    }
    this.height = kept;
  }

  /** Restores what was assigned above a height. */
  private unwind(to: number): void {
    while (this.height > to) {
      this.height -= ENTRY;
      if (this.stack[this.height] === RESTORE) this.registers[this.stack[this.height + 1]] = this.stack[this.height + 2]!;
    }
  }

  /** The code to go on with, its position in `position`; −1 if nothing is left to try. */
  private backtrack(text: Uint8Array, to: number): number {
    const { stack, code } = this;
    while (this.height > 0) {
      const entry = this.height - ENTRY;
      const kind = stack[entry];
      if (kind >= 0) {
        this.height = entry;
        this.position = stack[entry + 1]!;
        return kind;
      }
      if (kind === RESTORE) {
        this.registers[stack[entry + 1]] = stack[entry + 2]!;
        this.height = entry;
      } else if (kind === GIVE_BACK) {
        this.position = stack[entry + 2] = previous(text, stack[entry + 2]);
        if (this.position <= stack[entry + 3]) this.height = entry;
        return stack[entry + 1];
      } else {
        const loop = stack[entry + 1];
        const p = stack[entry + 2];
        if (stack[entry + 3] !== 0 && p < to && this.inSet(code[loop + 1], this.classes.at(text, p))) {
          this.position = stack[entry + 2] = p + characterLength(text[p]);
          stack[entry + 3]--;
          return loop + 4;
        }
        this.height = entry;
      }
    }
    return -1;
  }
}

/** The error for a pattern that has to be tried in too many ways. */
export function tooManySteps(): MerganserError {
  return new MerganserError(
    'INVALID_PATTERN',
    'A regular expression can match this text in too many ways: over 10,000,000 were tried at one place, or 300,000,000 steps made before one match was found.',
  );
}

/** One more than the highest register that the code names (registers may come in pairs). */
function countRegisters(code: Int32Array): number {
  const registersAt = (pc: number): number[] => {
    switch (code[pc] as PatternOp) {
      case PatternOp.Capture:
        return [code[pc + 1], code[pc + 2] + 1];
      case PatternOp.Save:
      case PatternOp.JumpIfEmpty:
      case PatternOp.AtomicBegin:
      case PatternOp.AtomicEnd:
      case PatternOp.LookBegin:
      case PatternOp.LookEnd:
      case PatternOp.NotBegin:
      case PatternOp.NotEnd:
      case PatternOp.AtLookStart:
      case PatternOp.BackReference:
        return [code[pc + 1] + 1];
      default:
        return [];
    }
  };
  let count = 0;
  for (let pc = 0; pc < code.length; pc += 1 + OPERAND_COUNTS[code[pc]])
    count = Math.max(count, ...registersAt(pc).map((register) => register + 1));
  return count;
}
