/** From the tree to backtracking code (lib/backend/pattern-code.ts), the definition of a pattern's meaning. */

import { MerganserError } from '../../errors';
import { PatternOp } from '../../backend/pattern-code';
import { lengths, referencedGroups } from './ast';
import type { Greed, PatternNode } from './ast';
import type { ClassedSets, ClassMask } from './classed-sets';
import { firstClasses } from './classed-sets';

/** Counted repetitions are written out; this bounds what that may come to. */
const MAX_CODE_WORDS = 500_000;
/** Look-behinds of variable length try every length. */
const MAX_LOOK_BEHIND_SPREAD = 255;

export interface PatternCode {
  readonly code: Int32Array;
  readonly sets: Uint32Array;
  readonly setWords: number;
}

/** @throws MerganserError INVALID_PATTERN if the code becomes too long, or for a look-behind without an upper length. */
export function generateCode(root: PatternNode, sets: ClassedSets, source: string): PatternCode {
  return new CodeGenerator(root, sets, source).run();
}

class CodeGenerator {
  private readonly code: number[] = [];
  private readonly setWords: number;
  private readonly setBits: number[] = [];
  private readonly setNumbers = new Map<string, number>();
  /** Registers of the groups that are referred to: start; the end is the next one. */
  private readonly groupRegisters = new Map<number, number>();
  private registers = 0;

  constructor(
    private readonly root: PatternNode,
    private readonly sets: ClassedSets,
    private readonly source: string,
  ) {
    this.setWords = (sets.classCount + 32) >>> 5;
    for (const group of referencedGroups(root)) this.groupRegisters.set(group, this.allocate(2));
  }

  run(): PatternCode {
    // A match that must begin with a character of some set says so at once: searching skips what cannot begin one.
    const first = firstClasses(this.root, this.sets);
    if (!first.nullable) this.emit(PatternOp.After, this.setNumber(first.mask));
    this.generate(this.root);
    this.emit(PatternOp.Match);
    return { code: Int32Array.from(this.code), sets: Uint32Array.from(this.setBits), setWords: this.setWords };
  }

  private allocate(count: number): number {
    const register = this.registers;
    this.registers += count;
    return register;
  }

  private emit(...words: number[]): void {
    if (this.code.length > MAX_CODE_WORDS) throw this.error('is too large once its counted repetitions are written out');
    this.code.push(...words);
  }

  /** Emits a jump whose target is not known yet; returns where the target goes. */
  private emitForward(op: PatternOp, ...operands: number[]): number {
    this.emit(op, ...operands, 0);
    return this.code.length - 1;
  }

  private land(...places: number[]): void {
    for (const place of places) this.code[place] = this.code.length;
  }

  private setNumber(mask: ClassMask): number {
    const words = new Uint32Array(this.setWords);
    mask.forEach((member, i) => {
      if (member) words[i >>> 5] |= 1 << (i & 31);
    });
    const key = words.join();
    let number = this.setNumbers.get(key);
    if (number === undefined) {
      this.setNumbers.set(key, (number = this.setNumbers.size));
      this.setBits.push(...words);
    }
    return number;
  }

  private generate(node: PatternNode): void {
    switch (node.kind) {
      case 'set':
        return this.emit(PatternOp.Set, this.setNumber(this.sets.mask(node.set, false)));
      case 'neighbour':
        return this.emit(node.side === 'after' ? PatternOp.After : PatternOp.Before, this.setNumber(this.sets.mask(node.set, node.edge)));
      case 'sequence':
        return node.items.forEach((item) => this.generate(item));
      case 'alternation':
        return this.alternatives(node.alternatives.map((alternative) => () => this.generate(alternative)));
      case 'repeat':
        return this.repeat(node.body, node.min, node.max, node.greed);
      case 'capture':
        return this.capture(node.group, node.body);
      case 'atomic':
        return this.atomic(node.body);
      case 'look':
        return this.look(node);
      case 'searchStart':
        return this.emit(PatternOp.AtSearchStart);
      case 'backReference':
        return this.emit(PatternOp.BackReference, this.groupRegisters.get(node.group)!);
      case 'folded':
        throw new MerganserError('INTERNAL', 'A folded character reached the code generator.');
    }
  }

  private alternatives(branches: ReadonlyArray<() => void>): void {
    const ends: number[] = [];
    branches.forEach((branch, i) => {
      if (i === branches.length - 1) return branch();
      const next = this.emitForward(PatternOp.Split);
      branch();
      ends.push(this.emitForward(PatternOp.Jump));
      this.land(next);
    });
    this.land(...ends);
  }

  private repeat(body: PatternNode, min: number, max: number, greed: Greed): void {
    if (body.kind === 'set') {
      const op = greed === 'greedy' ? PatternOp.LoopGreedy : greed === 'lazy' ? PatternOp.LoopLazy : PatternOp.LoopPossessive;
      return this.emit(op, this.setNumber(this.sets.mask(body.set, false)), min, max === Infinity ? -1 : max);
    }
    for (let i = 0; i < min; i++) this.generate(body);
    if (max === Infinity) return this.loop(body, greed);
    const exits: number[] = [];
    for (let i = min; i < max; i++) {
      exits.push(this.choice(greed));
      this.generate(body);
    }
    this.land(...exits);
  }

  /** Goes on to what follows, or (second, if greedy) to the exit; returns where the exit's target goes. */
  private choice(greed: Greed): number {
    if (greed === 'greedy') return this.emitForward(PatternOp.Split);
    const body = this.emitForward(PatternOp.Split);
    const exit = this.emitForward(PatternOp.Jump);
    this.land(body);
    return exit;
  }

  private loop(body: PatternNode, greed: Greed): void {
    const start = this.code.length;
    const exits = [this.choice(greed)];
    if (firstClasses(body, this.sets).nullable) {
      const mark = this.allocate(1);
      this.emit(PatternOp.Save, mark);
      this.generate(body);
      // An iteration that reads nothing ends the loop, as in Oniguruma and in fancy-regex's own machine (regex's, to which it delegates, differs).
      exits.push(this.emitForward(PatternOp.JumpIfEmpty, mark));
    } else this.generate(body);
    this.emit(PatternOp.Jump, start);
    this.land(...exits);
  }

  private capture(group: number, body: PatternNode): void {
    const register = this.groupRegisters.get(group);
    if (register === undefined) return this.generate(body);
    const start = this.allocate(1);
    this.emit(PatternOp.Save, start);
    this.generate(body);
    this.emit(PatternOp.Capture, start, register);
  }

  private atomic(body: PatternNode): void {
    if (body.kind === 'set') return this.generate(body);
    if (body.kind === 'repeat' && body.body.kind === 'set' && body.greed === 'greedy') {
      return this.repeat(body.body, body.min, body.max, 'possessive');
    }
    const register = this.allocate(1);
    this.emit(PatternOp.AtomicBegin, register);
    this.generate(body);
    this.emit(PatternOp.AtomicEnd, register);
  }

  private look(node: PatternNode & { kind: 'look' }): void {
    const register = this.allocate(2);
    const held = node.negative ? this.emitForward(PatternOp.NotBegin, register) : (this.emit(PatternOp.LookBegin, register), -1);
    if (node.side === 'after') this.generate(node.body);
    else this.lookBehind(node.body, register, node.position);
    this.emit(node.negative ? PatternOp.NotEnd : PatternOp.LookEnd, register);
    if (node.negative) this.land(held);
  }

  private lookBehind(body: PatternNode, register: number, position: number): void {
    const alternatives = body.kind === 'alternation' ? body.alternatives : [body];
    const branches = alternatives.flatMap((alternative) => {
      const { min, max } = lengths(alternative);
      if (max - min > MAX_LOOK_BEHIND_SPREAD)
        throw this.error(`has a look-behind of unbounded or very variable length (at position ${position})`);
      return Array.from({ length: max - min + 1 }, (_, extra) => () => {
        this.emit(PatternOp.StepBack, min + extra);
        this.generate(alternative);
        if (max > min) this.emit(PatternOp.AtLookStart, register);
      });
    });
    this.alternatives(branches);
  }

  private error(problem: string): MerganserError {
    return new MerganserError('INVALID_PATTERN', `The regular expression ${JSON.stringify(this.source)} ${problem}.`);
  }
}
