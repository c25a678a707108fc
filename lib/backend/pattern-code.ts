/**
 * The backtracking code of a {@link PatternProgram}: one 32-bit word per operation, followed by its operands. Part of the contract between the
 * pattern compiler and the backends; native/include/merganser/text/pattern.hpp mirrors it.
 *
 * Sets are bit sets over classes. Bit `classCount` of a set stands for "no character": the end of the text for `After`, its beginning for `Before`.
 * Registers hold text positions or heights of the stack of alternatives; the first ones are start and end of the groups that are referred to.
 */
export const enum PatternOp {
  /** A match ends here. */
  Match = 0,
  Fail = 1,
  /** set: reads one character of the set. */
  Set = 2,
  /** set: the next character, not read, is in the set. */
  After = 3,
  /** set: the character before is in the set. */
  Before = 4,
  /** target */
  Jump = 5,
  /** target: goes on with what follows; if that fails, with `target`. */
  Split = 6,
  /** set, min, max (−1: no limit): as many characters of the set as possible, giving back one at a time. */
  LoopGreedy = 7,
  /** set, min, max: as few as possible, taking one more at a time. */
  LoopLazy = 8,
  /** set, min, max: as many as possible, giving none back. */
  LoopPossessive = 9,
  /** register: notes the position. Undone by backtracking. */
  Save = 10,
  /** from, to: copies register `from` to `to`, and the position to `to + 1`. Undone by backtracking. Closes a group. */
  Capture = 11,
  /** register, target: jumps if the position is the noted one, so that a loop does not repeat an empty iteration. */
  JumpIfEmpty = 12,
  /** register: an atomic group begins; notes the height of the stack. */
  AtomicBegin = 13,
  /** register: forgets the alternatives met since. */
  AtomicEnd = 14,
  /** register: look-around begins; notes height in `register` and position in `register + 1`. */
  LookBegin = 15,
  /** register: it held; forgets its alternatives and returns to where it began. */
  LookEnd = 16,
  /** register, target: a negative look-around begins; if its body fails, goes on with `target`. */
  NotBegin = 17,
  /** register: the body held, so the look-around fails. */
  NotEnd = 18,
  /** n: goes back n characters. */
  StepBack = 19,
  /** register: the position is the one in `register + 1` (a look-behind ends where it began). */
  AtLookStart = 20,
  /** The search for this match started here (`\G`). */
  AtSearchStart = 21,
  /** register: the text between `register` and `register + 1` comes again. Fails if the group has not matched. */
  BackReference = 22,
}

/** Number of operands of each operation, by its number. */
export const OPERAND_COUNTS: readonly number[] = [0, 0, 1, 1, 1, 1, 1, 3, 3, 3, 1, 2, 2, 1, 1, 1, 1, 2, 1, 1, 1, 0, 1];
