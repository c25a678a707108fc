/** Which of a few levels a number is rounded to. */

/** Keeps a bounded value off the last level. */
const MARGIN = 1e-3;
/** Of more levels it is not known where they begin. */
const MOST_SEARCHED = 256;

/** 0 … levels − 1, as the authors' formula has it (which passes the last one if there are more than a thousand); it never falls as the value grows. */
export function levelOf(value: number, levels: number): number {
  if (levels === 2) return value < 0 ? 0 : 1;
  const half = ((levels - 1) * (1 + MARGIN)) / 2;
  const offset = levels % 2 === 0 ? 0.5 : 0;
  const bounded = Math.tanh(value + Math.atanh(offset / half)) * half - offset;
  return Math.max(0, Math.min(levels - 1, roundHalfToEven(bounded) + Math.floor(levels / 2)));
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

const known = new Map<number, Float32Array>();

/** Where levels begin, from the second on: the least number of single precision that has each. Not of many levels: null. */
export function startsOf(levels: number): Float32Array | null {
  if (levels > MOST_SEARCHED) return null;
  let starts = known.get(levels);
  if (starts === undefined) known.set(levels, (starts = Float32Array.from({ length: levels - 1 }, (_, i) => leastOf(i + 1, levels))));
  return starts;
}

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** Numbers of single precision in their order as whole numbers, and back. */
function numberAt(order: number): number {
  bits[0] = order >= 0 ? order : order ^ 0x7fffffff;
  return float[0];
}

const GREATEST = 0x7f7fffff;

/** The least number of single precision whose level is at least this. */
function leastOf(level: number, levels: number): number {
  let [below, from] = [-GREATEST - 2, GREATEST];
  while (from - below > 1) {
    const middle = Math.floor((below + from) / 2);
    if (levelOf(numberAt(middle), levels) >= level) from = middle;
    else below = middle;
  }
  return numberAt(from);
}
