/** Which of a few levels a number is rounded to. */

/** Keeps a bounded value off the last level. */
const MARGIN = 1e-3;
/** With more levels the formula is as fast as a search. */
const MOST_SEARCHED = 1 << 12;

/** 0 … levels − 1, as the authors' formula has it; it never falls as the value grows. */
export function levelOf(value: number, levels: number): number {
  if (levels === 2) return value < 0 ? 0 : 1;
  const half = ((levels - 1) * (1 + MARGIN)) / 2;
  const offset = levels % 2 === 0 ? 0.5 : 0;
  const bounded = Math.tanh(value + Math.atanh(offset / half)) * half - offset;
  return roundHalfToEven(bounded) + Math.floor(levels / 2);
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** The same for many numbers in single precision: by where each level begins, which takes a tenth of the time of the formula. */
export class LevelFinder {
  static readonly #known = new Map<number, LevelFinder>();
  /** starts[i]: the least number of level i + 1; infinite from the last on, up to a power of two. null: by the formula. */
  readonly #starts: Float32Array | null;

  private constructor(private readonly levels: number) {
    if (levels > MOST_SEARCHED) {
      this.#starts = null;
      return;
    }
    this.#starts = new Float32Array(2 ** Math.ceil(Math.log2(levels))).fill(Infinity);
    for (let level = 1; level < levels; level++) this.#starts[level - 1] = leastOf(level, levels);
  }

  static of(levels: number): LevelFinder {
    let finder = this.#known.get(levels);
    if (finder === undefined) this.#known.set(levels, (finder = new LevelFinder(levels)));
    return finder;
  }

  /** sums[i] += factor × the level of rows[i × stride + at]; finite numbers. */
  add(rows: Float32Array, at: number, stride: number, factor: number, sums: Float64Array): void {
    const { levels } = this;
    const starts = this.#starts;
    if (starts === null) {
      for (let i = 0; i < sums.length; i++) sums[i] += factor * levelOf(rows[i * stride + at], levels);
      return;
    }
    const halfway = starts.length >> 1;
    for (let i = 0, from = at; i < sums.length; i++, from += stride) {
      const value = rows[from];
      let level = 0;
      for (let step = halfway; step > 0; step >>= 1) if (value >= starts[level + step - 1]) level += step;
      sums[i] += factor * level;
    }
  }
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
