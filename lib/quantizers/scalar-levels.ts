/** Which of a few levels a number is rounded to. */

/** Keeps a bounded value off the last level. */
const MARGIN = 1e-3;
/** Of more levels there is no table. */
const MOST_SEARCHED = 256;

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
  /** Cells of equal width, from before the first start to behind the last: how many levels begin before each, and the start in it; infinite if there is none. null: by the formula. */
  readonly #cells: { readonly from: number; readonly scale: number; readonly levels: Uint8Array; readonly starts: Float32Array } | null;

  private constructor(private readonly levels: number) {
    this.#cells = levels > MOST_SEARCHED ? null : cellsOf(Array.from({ length: levels - 1 }, (_, i) => leastOf(i + 1, levels)));
  }

  static of(levels: number): LevelFinder {
    let finder = this.#known.get(levels);
    if (finder === undefined) this.#known.set(levels, (finder = new LevelFinder(levels)));
    return finder;
  }

  /** sums[i] += factor × the level of rows[i × stride + at]; finite numbers. */
  add(rows: Float32Array, at: number, stride: number, factor: number, sums: Float64Array): void {
    if (this.#cells === null) {
      for (let i = 0; i < sums.length; i++) sums[i] += factor * levelOf(rows[i * stride + at], this.levels);
      return;
    }
    const { from, scale, levels, starts } = this.#cells;
    const last = levels.length - 1;
    for (let i = 0, place = at; i < sums.length; i++, place += stride) {
      const value = rows[place];
      const cell = Math.max(0, Math.min(last, (value - from) * scale)) | 0;
      sums[i] += factor * (levels[cell] + (value >= starts[cell] ? 1 : 0));
    }
  }
}

/** So many cells that none has two starts. */
function cellsOf(starts: readonly number[]): { from: number; scale: number; levels: Uint8Array; starts: Float32Array } {
  const from = starts[0] - 1;
  for (let count = 64; ; count *= 2) {
    const scale = count / (starts[starts.length - 1] + 1 - from);
    const cells = { from, scale, levels: new Uint8Array(count), starts: new Float32Array(count).fill(Infinity) };
    const places = starts.map((start) => ((start - from) * scale) | 0);
    if (places.some((place, i) => i > 0 && place === places[i - 1])) continue;
    places.forEach((place, i) => {
      cells.starts[place] = starts[i];
      cells.levels.fill(i + 1, place + 1);
    });
    return cells;
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
