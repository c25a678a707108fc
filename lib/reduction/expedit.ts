/** Clustering of a grid of tokens, and their reconstruction from centres (Liang et al. 2022, "Expediting large-scale vision transformer…"). */
import type { Kernels } from '../backend/kernels';
import { lengthOf, type Plan, type TokenRows } from './plan';

export interface ExpeditTask {
  readonly kernels: Kernels;
  readonly tokens: TokenRows;
  readonly grid: readonly [number, number];
  readonly target: readonly [number, number];
  readonly iterations: number;
  readonly window: number;
  readonly temperature: number | 'auto';
  readonly nearest: number;
  readonly normalization: 'l1' | 'l2';
}

/** Non-zero entries of a matrix, row by row. */
interface SparseRows {
  readonly columns: Uint32Array;
  readonly values: Float64Array;
  /** rows + 1 entries. */
  readonly offsets: Uint32Array;
}

/** Centres are means of tokens with weights softmax(−temperature · squared distance) over the cells near the token's own, a few times over. */
export function expedit(task: ExpeditTask): Plan {
  const { tokens, target } = task;
  const count = target[0] * target[1];
  let weights = poolingWeights(task);
  let centres = weightedCentres(weights, tokens.data, tokens.width, count);
  const cells = nearCells(task);
  const temperature = task.temperature === 'auto' ? inverseMedian(squaresTo(tokens, centres, cells)) : task.temperature;
  for (let i = 0; i < task.iterations; i++) {
    weights = softmaxRows(squaresTo(tokens, centres, cells), temperature);
    centres = weightedCentres(weights, tokens.data, tokens.width, count);
  }
  const squares = allSquares(task.kernels, tokens, centres, count);
  const source = new Uint32Array(tokens.count);
  for (let i = 0; i < tokens.count; i++) {
    let best = 0;
    for (let c = 1; c < count; c++) if (squares[i * count + c] < squares[i * count + best]) best = c;
    source[i] = best;
  }
  const size = new Float32Array(count);
  weights.columns.forEach((cell, entry) => (size[cell] += weights.values[entry]));
  const back = reconstructionWeights(squares, tokens.count, count, temperature, task.nearest, task.normalization);
  return {
    count,
    source,
    size,
    merge: (values, width) => weightedCentres(weights, values, width, count),
    unmerge: (values, width) => multiply(back, values, width),
  };
}

/** Adaptive average pooling: bin i of n over size s covers [⌊is/n⌋, ⌈(i+1)s/n⌉). By token: the cells it is in, each with weight 1. */
function poolingWeights({ grid: [rows, columns], target: [height, width] }: ExpeditTask): SparseRows {
  const bins = (size: number, n: number, at: number): number[] =>
    Array.from({ length: n }, (_, i) => i).filter((i) => at >= Math.floor((i * size) / n) && at < Math.ceil(((i + 1) * size) / n));
  const vertical = Array.from({ length: rows }, (_, y) => bins(rows, height, y));
  const horizontal = Array.from({ length: columns }, (_, x) => bins(columns, width, x));
  return sparse(rows * columns, (token) =>
    vertical[Math.floor(token / columns)].flatMap((y) => horizontal[token % columns].map((x) => y * width + x)),
  );
}

/** The cells within the window around each token's own. */
function nearCells({ grid: [rows, columns], target: [height, width], window }: ExpeditTask): SparseRows {
  const radius = window >> 1;
  return sparse(rows * columns, (token) => {
    const cells: number[] = [];
    const y = Math.floor((Math.floor(token / columns) * height) / rows);
    const x = Math.floor(((token % columns) * width) / columns);
    for (let v = Math.max(0, y - radius); v <= Math.min(height - 1, y + radius); v++) {
      for (let h = Math.max(0, x - radius); h <= Math.min(width - 1, x + radius); h++) cells.push(v * width + h);
    }
    return cells;
  });
}

function sparse(rows: number, columnsOf: (row: number) => readonly number[]): SparseRows {
  const lists = Array.from({ length: rows }, (_, row) => columnsOf(row));
  const offsets = new Uint32Array(rows + 1);
  lists.forEach((list, row) => (offsets[row + 1] = offsets[row] + list.length));
  const columns = Uint32Array.from(lists.flat());
  return { columns, offsets, values: new Float64Array(columns.length).fill(1) };
}

/** Squared distances in place of the values. */
function squaresTo({ data, count, width }: TokenRows, centres: Float32Array, { columns, offsets }: SparseRows): SparseRows {
  const values = new Float64Array(columns.length);
  for (let token = 0; token < count; token++) {
    for (let entry = offsets[token]; entry < offsets[token + 1]; entry++) {
      let square = 0;
      for (let k = 0, from = token * width, to = columns[entry] * width; k < width; k++) square += (data[from + k] - centres[to + k]) ** 2;
      values[entry] = square;
    }
  }
  return { columns, offsets, values };
}

/** 1 over the median: a scale on which distances matter whatever the tokens are. */
function inverseMedian({ values }: SparseRows): number {
  const median = Float64Array.from(values).sort()[values.length >> 1];
  return median > 0 ? 1 / median : 1;
}

function softmaxRows({ columns, offsets, values }: SparseRows, temperature: number): SparseRows {
  const weights = new Float64Array(values.length);
  for (let row = 0; row + 1 < offsets.length; row++) {
    let least = Infinity;
    for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) least = Math.min(least, values[entry]);
    let sum = 0;
    for (let entry = offsets[row]; entry < offsets[row + 1]; entry++)
      sum += weights[entry] = Math.exp(-temperature * (values[entry] - least));
    for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) weights[entry] /= sum;
  }
  return { columns, offsets, values: weights };
}

/** For each column the mean of the rows' values. */
function weightedCentres(
  { columns, offsets, values: weights }: SparseRows,
  values: Float32Array,
  width: number,
  count: number,
): Float32Array {
  const sums = new Float64Array(count * width);
  const masses = new Float64Array(count);
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) {
      const [cell, weight] = [columns[entry], weights[entry]];
      masses[cell] += weight;
      for (let k = 0, to = cell * width, from = row * width; k < width; k++) sums[to + k] += weight * values[from + k];
    }
  }
  return Float32Array.from(sums, (sum, i) => sum / Math.max(masses[Math.floor(i / width)], 1e-16));
}

function allSquares(kernels: Kernels, { data, count, width }: TokenRows, centres: Float32Array, cells: number): Float32Array {
  const squares = new Float32Array(count * cells);
  kernels.products(data, centres, width, squares);
  const norms = Float64Array.from({ length: cells }, (_, c) => lengthOf(centres, c, width) ** 2);
  for (let i = 0, at = 0; i < count; i++) {
    const own = lengthOf(data, i, width) ** 2;
    for (let c = 0; c < cells; c++, at++) squares[at] = Math.max(0, own + norms[c] - 2 * squares[at]);
  }
  return squares;
}

/** exp(−temperature · squared distance) of the `nearest` centres of each token (more, if the last are tied), normalised; the least distance is subtracted first. */
function reconstructionWeights(
  squares: Float32Array,
  count: number,
  cells: number,
  temperature: number,
  nearest: number,
  normalization: 'l1' | 'l2',
): SparseRows {
  const columns: number[] = [];
  const values: number[] = [];
  const offsets = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const row = squares.subarray(i * cells, (i + 1) * cells);
    const sorted = row.slice().sort();
    const limit = sorted[Math.min(nearest, cells) - 1];
    const first = values.length;
    let sum = 0;
    for (let c = 0; c < cells; c++) {
      if (row[c] > limit) continue;
      const weight = Math.exp(-temperature * (row[c] - sorted[0]));
      columns.push(c);
      values.push(weight);
      sum += normalization === 'l1' ? weight : weight * weight;
    }
    const divisor = normalization === 'l1' ? sum : Math.sqrt(sum);
    for (let entry = first; entry < values.length; entry++) values[entry] /= divisor;
    offsets[i + 1] = values.length;
  }
  return { columns: Uint32Array.from(columns), values: Float64Array.from(values), offsets };
}

function multiply({ columns, offsets, values: weights }: SparseRows, values: Float32Array, width: number): Float32Array {
  const out = new Float32Array((offsets.length - 1) * width);
  const sum = new Float64Array(width);
  for (let row = 0; row + 1 < offsets.length; row++) {
    sum.fill(0);
    for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) {
      for (let k = 0, from = columns[entry] * width; k < width; k++) sum[k] += weights[entry] * values[from + k];
    }
    out.set(sum, row * width);
  }
  return out;
}
