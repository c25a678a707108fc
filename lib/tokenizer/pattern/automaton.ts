/**
 * Leftmost-first deterministic automata: the subset construction over ordered lists of threads, as in RE2 and Rust's regex. A state is what the
 * backtracking matcher would still try, in its order; the first thread that matches cuts off those behind it.
 *
 * Looks at one neighbouring character are exact: a state's threads are followed only when the next class (or the end of the text) is known, and
 * a state remembers as much of the character before as the pattern asks about. A possessive loop over a set is a greedy one that may be left only
 * before a character outside the set, which is exact too; other atomic groups are taken where they can match in one way at most.
 *
 * Where some alternatives of a pattern have no automaton, the others have one together. It answers wherever none of those can begin, which the first
 * character tells; elsewhere the code does.
 */

import type { PatternAutomaton } from '../../backend/kernels';
import { alternation } from './ast';
import type { PatternNode } from './ast';
import { complement, disjoint, firstClasses, unite } from './classed-sets';
import type { ClassedSets, ClassMask } from './classed-sets';

const MAX_STATES = 2_000;
const MAX_INSTRUCTIONS = 20_000;
/** Threads followed in all, before a pattern counts as too complex. */
const MAX_WORK = 4_000_000;
const MATCH_BEFORE = 0x8000;

/**
 * The automaton with the same matches as `root`, save for those that begin with certain classes, or null: no alternative is without back-references,
 * longer look-around, `\G` and some atomic groups, or there would be too many states.
 */
export function buildAutomaton(root: PatternNode, sets: ClassedSets): PatternAutomaton | null {
  return automatonOf(root, sets, null) ?? partialAutomaton(root, sets);
}

function automatonOf(root: PatternNode, sets: ClassedSets, except: ClassMask | null): PatternAutomaton | null {
  const threads = new ThreadProgram(sets);
  const start = threads.build(root, threads.match);
  if (start === null || threads.tooLarge) return null;
  return new SubsetConstruction(threads, sets.classCount, except).run(start);
}

/** The automaton of those alternatives that have one, for matches that begin where no other alternative can. */
function partialAutomaton(root: PatternNode, sets: ClassedSets): PatternAutomaton | null {
  if (root.kind !== 'alternation') return null;
  const threads = new ThreadProgram(sets);
  const has = root.alternatives.map((alternative) => threads.build(alternative, threads.match) !== null);
  const others = alternation(root.alternatives.filter((_, i) => !has[i]));
  const first = firstClasses(others, sets);
  if (first.nullable || !has.includes(true)) return null;
  return automatonOf(alternation(root.alternatives.filter((_, i) => has[i])), sets, first.mask);
}

const enum ThreadOp {
  Match,
  /** Reads a character of a mask. */
  Read,
  /** Goes on if the next character is of a mask. */
  After,
  Before,
  /** Goes on with `next`, then with `other`. */
  Fork,
}

/** A nondeterministic program: instructions that point to what follows them. */
class ThreadProgram {
  readonly ops: ThreadOp[] = [];
  readonly next: number[] = [];
  readonly other: number[] = [];
  readonly masks: Array<ClassMask | null> = [];
  readonly match: number;
  usesBefore = false;

  constructor(private readonly sets: ClassedSets) {
    this.match = this.add(ThreadOp.Match, 0);
  }

  get tooLarge(): boolean {
    return this.ops.length > MAX_INSTRUCTIONS;
  }

  private add(op: ThreadOp, next: number, other = 0, mask: ClassMask | null = null): number {
    this.ops.push(op);
    this.next.push(next);
    this.other.push(other);
    this.masks.push(mask);
    return this.ops.length - 1;
  }

  /** The entry of code for `node` that goes on at `next`, or null if there can be none. */
  build(node: PatternNode, next: number): number | null {
    if (this.tooLarge) return next;
    switch (node.kind) {
      case 'set':
        return this.add(ThreadOp.Read, next, 0, this.sets.mask(node.set, false));
      case 'neighbour':
        this.usesBefore ||= node.side === 'before';
        return this.add(node.side === 'after' ? ThreadOp.After : ThreadOp.Before, next, 0, this.sets.mask(node.set, node.edge));
      case 'sequence':
        return node.items.reduceRight<number | null>((entry, item) => (entry === null ? null : this.build(item, entry)), next);
      case 'alternation':
        return node.alternatives.reduceRight<number | null>((others, alternative, i) => {
          const entry = this.build(alternative, next);
          if (i === node.alternatives.length - 1 || entry === null) return entry;
          return others === null ? null : this.add(ThreadOp.Fork, entry, others);
        }, 0);
      case 'repeat':
        return this.buildRepeat(node, next);
      case 'capture':
        return this.build(node.body, next);
      case 'atomic':
        return this.buildAtomic(node.body, next);
      default:
        return null;
    }
  }

  private buildRepeat(node: PatternNode & { kind: 'repeat' }, next: number): number | null {
    // Which empty iterations count differs between matchers; leave such loops to the backtracking one.
    if (node.max === Infinity && firstClasses(node.body, this.sets).nullable) return null;
    const lazy = node.greed === 'lazy';
    return this.repeat(node.min, node.max, lazy, next, next, (after) => this.build(node.body, after));
  }

  /** A possessive loop over a set: `exit` for leaving before the maximum is guarded by what comes next. */
  private buildPossessiveSet(mask: ClassMask, min: number, max: number, next: number): number | null {
    const exit = this.add(ThreadOp.After, next, 0, complement(mask));
    return this.repeat(min, max, false, next, exit, (after) => this.add(ThreadOp.Read, after, 0, mask));
  }

  /** `exit`: where an iteration that is not taken leads; `next`: what follows the last possible one. */
  private repeat(
    min: number,
    max: number,
    lazy: boolean,
    next: number,
    exit: number,
    body: (after: number) => number | null,
  ): number | null {
    let entry: number | null;
    if (max === Infinity) {
      const fork = this.add(ThreadOp.Fork, 0, 0);
      const inner = body(fork);
      if (inner === null) return null;
      this.next[fork] = lazy ? exit : inner;
      this.other[fork] = lazy ? inner : exit;
      entry = fork;
    } else {
      entry = next;
      for (let i = min; i < max && !this.tooLarge; i++) {
        const inner: number | null = body(entry);
        if (inner === null) return null;
        entry = lazy ? this.add(ThreadOp.Fork, exit, inner) : this.add(ThreadOp.Fork, inner, exit);
      }
    }
    for (let i = 0; i < min && entry !== null && !this.tooLarge; i++) entry = body(entry);
    return entry;
  }

  private buildAtomic(body: PatternNode, next: number): number | null {
    if (body.kind === 'repeat' && body.body.kind === 'set' && body.greed === 'greedy') {
      return this.buildPossessiveSet(this.sets.mask(body.body.set, false), body.min, body.max, next);
    }
    return matchesOneWay(body, this.sets) ? this.build(body, next) : null;
  }
}

/** Whether, at any place, the node can match in one way at most; then an atomic group around it changes nothing. */
function matchesOneWay(node: PatternNode, sets: ClassedSets): boolean {
  switch (node.kind) {
    case 'set':
    case 'neighbour':
      return true;
    case 'sequence':
      return node.items.every((item) => matchesOneWay(item, sets));
    case 'capture':
      return matchesOneWay(node.body, sets);
    case 'atomic':
      return node.body.kind === 'repeat' && node.body.body.kind === 'set' ? true : matchesOneWay(node.body, sets);
    case 'repeat':
      return node.min === node.max && matchesOneWay(node.body, sets);
    case 'alternation': {
      const seen: ClassMask = new Uint8Array(sets.classCount + 1);
      return node.alternatives.every((alternative) => {
        const first = firstClasses(alternative, sets);
        const distinct = !first.nullable && disjoint(seen, first.mask);
        unite(seen, first.mask);
        return distinct && matchesOneWay(alternative, sets);
      });
    }
    default:
      return false;
  }
}

class SubsetConstruction {
  private readonly numbers = new Map<string, number>();
  /** Threads of each state that are to be followed, in order of preference. */
  private readonly lists: Int32Array[] = [];
  /** What each state knows of the character before. */
  private readonly contexts: number[] = [];
  private readonly rows: Uint16Array[] = [];
  private readonly startStates = new Set<number>();
  private readonly contextOfClass: Uint8Array | Uint16Array;
  private readonly contextSample: number[] = [];
  private readonly seen: Int32Array;
  private readonly kept: Int32Array;
  private generation = 0;
  private work = 0;

  constructor(
    private readonly threads: ThreadProgram,
    private readonly classCount: number,
    /** Classes that no match is to begin with. */
    private readonly except: ClassMask | null,
  ) {
    this.seen = new Int32Array(threads.ops.length);
    this.kept = new Int32Array(threads.ops.length);
    this.contextOfClass = this.numberContexts();
  }

  run(start: number): PatternAutomaton | null {
    const width = this.classCount + 1;
    this.stateOf([], 0);
    const list = [start];
    const starts = this.threads.usesBefore
      ? Uint16Array.from({ length: width }, (_, before) => this.startOf(list, this.contextOfClass[before]))
      : Uint16Array.of(this.startOf(list, 0));
    for (let state = 0; state < this.lists.length; state++) {
      if (this.lists.length > MAX_STATES || this.work > MAX_WORK) return null;
      this.rows.push(this.transitions(state));
    }
    const transitions = new Uint16Array(this.rows.length * width);
    this.rows.forEach((row, state) => transitions.set(row, state * width));
    return { starts, stateCount: this.rows.length, transitions, except: this.except };
  }

  /** Classes (and the beginning of the text) that no look at the character before tells apart are one context. */
  private numberContexts(): Uint16Array {
    const masks = this.threads.masks.filter((_, i) => this.threads.ops[i] === ThreadOp.Before);
    const numbers = new Map<string, number>();
    return Uint16Array.from({ length: this.classCount + 1 }, (_, before) => {
      const key = masks.map((mask) => mask![before]).join('');
      let number = numbers.get(key);
      if (number === undefined) {
        numbers.set(key, (number = numbers.size));
        this.contextSample.push(before);
      }
      return number;
    });
  }

  /** Where a match begins: a state of its own, as what it may not read can be read later on. */
  private startOf(list: readonly number[], context: number): number {
    const state = this.stateOf(list, context, this.except === null ? '' : 'start');
    if (this.except !== null) this.startStates.add(state);
    return state;
  }

  private stateOf(list: readonly number[], context: number, kind = ''): number {
    const key = `${kind}${context}:${list.join()}`;
    let number = this.numbers.get(key);
    if (number === undefined) {
      this.numbers.set(key, (number = this.lists.length));
      this.lists.push(Int32Array.from(list));
      this.contexts.push(context);
    }
    return number;
  }

  private transitions(state: number): Uint16Array {
    const row = new Uint16Array(this.classCount + 1);
    if (state === 0) return row;
    const except = this.startStates.has(state) ? this.except : null;
    for (let next = 0; next <= this.classCount; next++) {
      if (except?.[next]) continue;
      const { list, matched } = this.follow(state, next);
      const target = list.length === 0 ? 0 : this.stateOf(list, this.contextOfClass[next]);
      row[next] = target | (matched ? MATCH_BEFORE : 0);
    }
    return row;
  }

  /** Follows a state's threads, knowing what comes next, to the characters they read or to a match. */
  private follow(state: number, nextClass: number): { list: number[]; matched: boolean } {
    const { ops, next, other, masks } = this.threads;
    const generation = ++this.generation;
    const before = this.contextSample[this.contexts[state]];
    const list: number[] = [];
    const pending = Array.from(this.lists[state]).reverse();
    while (pending.length > 0) {
      const thread = pending.pop()!;
      if (this.seen[thread] === generation) continue;
      this.seen[thread] = generation;
      this.work++;
      switch (ops[thread]) {
        case ThreadOp.Match:
          return { list, matched: true };
        case ThreadOp.Read:
          if (masks[thread]![nextClass] && this.kept[next[thread]] !== generation) {
            this.kept[next[thread]] = generation;
            list.push(next[thread]);
          }
          break;
        case ThreadOp.After:
          if (masks[thread]![nextClass]) pending.push(next[thread]);
          break;
        case ThreadOp.Before:
          if (masks[thread]![before]) pending.push(next[thread]);
          break;
        default:
          pending.push(other[thread], next[thread]);
      }
    }
    return { list, matched: false };
  }
}
