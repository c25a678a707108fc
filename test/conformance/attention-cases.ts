/** Random calls of the attention kernels, and what they are to give. */
import fc from 'fast-check';
import {
  unitsOf,
  type AttentionOutput,
  type AttentionSpec,
  type ElementType,
  type Float32HeadRows,
  type HeadRows,
  type KeyPart,
  type QueryRows,
} from '../../lib/backend/attention-kernels';
import { fromBfloat16, fromFloat16, toBfloat16 } from '../../lib/backend/half-floats';
import { RandomStream } from '../../lib/clustering/random';
import { plainAttention, type PlainAttention, type SeenKey } from '../oracles/attention';

export interface CaseShape {
  readonly queryLengths: readonly number[];
  readonly kvHeads: number;
  readonly group: number;
  readonly tile: number;
  readonly dims: number;
  readonly valueDims: number;
  readonly type: ElementType;
  readonly queryType: QueryRows['type'];
  /** Rows of heads stand side by side ([rows, heads, d]) or apart ([heads, rows, d]). */
  readonly interleaved: boolean;
  readonly parts: readonly PartShape[];
  /** Of the logits. */
  readonly spread: number;
  readonly seed: number;
}

export interface PartShape {
  readonly length: number;
  readonly visible: 'all' | 'causal' | 'indices' | 'runs' | 'blocks';
  readonly block: number;
  readonly bias: boolean;
  readonly variances: boolean;
}

const partShape = (longest: number): fc.Arbitrary<PartShape> =>
  fc.record({
    length: fc.nat({ max: longest }),
    visible: fc.constantFrom('all', 'causal', 'indices', 'runs', 'blocks'),
    block: fc.constantFrom(1, 4, 16),
    bias: fc.boolean(),
    variances: fc.boolean(),
  });

export const caseShape: fc.Arbitrary<CaseShape> = fc.record({
  queryLengths: fc.array(fc.oneof(fc.constantFrom(0, 1, 2), fc.nat({ max: 12 })), { minLength: 1, maxLength: 3 }),
  kvHeads: fc.integer({ min: 1, max: 3 }),
  group: fc.constantFrom(1, 1, 2, 3, 4, 7, 8, 12),
  tile: fc.constantFrom(1, 3, 16, 1000),
  dims: fc.oneof(fc.integer({ min: 1, max: 256 }), fc.constantFrom(16, 64, 128)),
  valueDims: fc.oneof(fc.integer({ min: 1, max: 256 }), fc.constantFrom(16, 64, 128)),
  type: fc.constantFrom('float32', 'float16', 'bfloat16'),
  queryType: fc.constantFrom('float32', 'bfloat16'),
  interleaved: fc.boolean(),
  parts: fc.array(partShape(90), { maxLength: 3 }),
  spread: fc.constantFrom(0, 0.1, 2, 10),
  seed: fc.nat({ max: 2 ** 31 }),
});

/** Rows that lie behind a few others, so that strides and starts matter. */
export function headRows(
  numbers: (sequence: number, head: number, row: number, dim: number) => number,
  heads: number,
  lengths: readonly number[],
  dims: number,
  type: ElementType,
  interleaved: boolean,
): HeadRows {
  const room = Math.max(1, ...lengths) + 1;
  const gap = 3;
  const size = gap + lengths.length * heads * room * (dims + 1);
  const data = type === 'float32' ? new Float32Array(size).fill(NaN) : new Uint16Array(size).fill(0xffff);
  const rowStride = interleaved ? heads * (dims + 1) : dims + 1;
  const headStride = interleaved ? dims + 1 : room * (dims + 1);
  const starts = Float64Array.from(lengths, (_, i) => gap + i * heads * room * (dims + 1));
  lengths.forEach((length, sequence) => {
    for (let head = 0; head < heads; head++) {
      for (let row = 0; row < length; row++) {
        for (let dim = 0; dim < dims; dim++)
          data[starts[sequence] + head * headStride + row * rowStride + dim] = encoded(numbers(sequence, head, row, dim), type);
      }
    }
  });
  return { data, type, dims, starts, headStride, rowStride };
}

/** The nearest bits not beyond: exactness of conversion does not matter, reading the bits back gives the number that counts. */
function encoded(number: number, type: ElementType): number {
  if (type === 'float32') return number;
  if (type === 'bfloat16') return toBfloat16(number);
  const magnitude = Math.min(Math.abs(number), 65504);
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 1e-30)));
  const fraction = Math.floor((magnitude / 2 ** exponent) * 1024);
  const bits = fraction < 1024 ? fraction : ((exponent + 15) << 10) + (fraction - 1024);
  return bits | (number < 0 ? 0x8000 : 0);
}

export function rowNumbers(rows: HeadRows, sequence: number, head: number, row: number): number[] {
  const at = rows.starts[sequence] + head * rows.headStride + row * rows.rowStride;
  const read = { float32: (x: number) => x, bfloat16: fromBfloat16, float16: fromFloat16 }[rows.type];
  return Array.from({ length: rows.dims }, (_, dim) => read(rows.data[at + dim]));
}

export function attentionCase(shape: CaseShape): AttentionSpec {
  const random = new RandomStream(shape.seed);
  const { queryLengths, kvHeads, group, dims, valueDims, type, queryType, interleaved, tile } = shape;
  const gaussian = (): number => random.gaussian();
  const queries = headRows(() => shape.spread * gaussian(), kvHeads * group, queryLengths, dims, queryType, interleaved) as QueryRows;
  const base = {
    sequences: queryLengths.length,
    kvHeads,
    group,
    queryLengths: Uint32Array.from(queryLengths),
    tile,
    scale: 1 / Math.sqrt(dims),
    threads: 0,
    queries,
  };
  const units = unitsOf({ ...base }).length;
  const parts = shape.parts.map((part): KeyPart => {
    const lengths = queryLengths.map((_, i) => Math.max(0, part.length - 7 * i));
    const rows = (width: number, numbers: () => number, of: ElementType = type): HeadRows =>
      headRows(numbers, kvHeads, lengths, width, of, interleaved);
    return {
      keys: rows(dims, gaussian),
      values: rows(valueDims, gaussian),
      lengths: Uint32Array.from(lengths),
      causal: part.visible === 'causal',
      lists: part.visible === 'all' || part.visible === 'causal' ? null : randomLists(part, units, random),
      bias: part.bias ? (rows(1, () => (random.next() < 0.2 ? -Infinity : gaussian()), 'float32') as Float32HeadRows) : null,
      variances: part.variances ? rows(dims, () => random.next()) : null,
    };
  });
  return { ...base, parts };
}

function randomLists({ visible, block, length }: PartShape, units: number, random: RandomStream): KeyPart['lists'] {
  const size = visible === 'blocks' ? block : 1;
  const offsets = new Uint32Array(units + 1);
  const starts: number[] = [];
  const lengths: number[] = [];
  for (let unit = 0; unit < units; unit++) {
    // The last entry may reach beyond the rows.
    for (let at = random.below(4); at * size < length;) {
      const run = visible === 'runs' ? random.below(9) : 1;
      starts.push(visible !== 'runs' && random.next() < 0.1 ? -1 : at);
      lengths.push(run);
      at += run + random.below(3);
    }
    offsets[unit + 1] = starts.length;
  }
  return { offsets, starts: Int32Array.from(starts), lengths: visible === 'runs' ? Uint32Array.from(lengths) : null, block: size };
}

/** By sequence, query head, query. */
export function expectedAttention(spec: AttentionSpec): PlainAttention[][][] {
  const units = unitsOf(spec);
  const valueDims = spec.parts.length === 0 ? 0 : spec.parts[0].values.dims;
  return Array.from({ length: spec.sequences }, (_, sequence) => {
    const streams = Array.from({ length: spec.kvHeads }, (_stream, head) => spec.parts.map((part) => partKeys(part, sequence, head)));
    return Array.from({ length: spec.kvHeads * spec.group }, (_head, head) =>
      Array.from({ length: spec.queryLengths[sequence] }, (_row, row) => {
        const kvHead = Math.floor(head / spec.group);
        const unit = units.findIndex((one) => one.sequence === sequence && one.head === kvHead && row >= one.from && row < one.to);
        const seen = spec.parts.flatMap((part, i) => {
          const last = part.causal ? row + part.lengths[sequence] - spec.queryLengths[sequence] : Infinity;
          return listedRows(part, sequence, unit)
            .filter((key) => key <= last)
            .map((key) => streams[kvHead][i][key]);
        });
        return plainAttention(rowNumbers(spec.queries, sequence, head, row), seen, spec.scale, valueDims);
      }),
    );
  });
}

/** All rows of a part, read once. */
function partKeys({ keys, values, bias, variances, lengths }: KeyPart, sequence: number, head: number): SeenKey[] {
  const length = lengths[sequence];
  return Array.from({ length }, (_, row) => ({
    key: rowNumbers(keys, sequence, head, row),
    value: rowNumbers(values, sequence, head, row),
    ...(bias === null ? {} : { bias: rowNumbers(bias, sequence, head, row)[0] }),
    ...(variances === null ? {} : { variance: rowNumbers(variances, sequence, head, row) }),
  }));
}

function listedRows({ lists, lengths }: KeyPart, sequence: number, unit: number): number[] {
  const length = lengths[sequence];
  if (lists === null) return Array.from({ length }, (_, row) => row);
  const rows: number[] = [];
  for (let entry = lists.offsets[unit]; entry < lists.offsets[unit + 1]; entry++) {
    for (let i = 0; i < (lists.lengths === null ? lists.block : lists.lengths[entry]); i++) {
      const row = lists.starts[entry] * lists.block + i;
      if (lists.starts[entry] >= 0 && row < length) rows.push(row);
    }
  }
  return rows;
}

/** Arrays for results, full of other numbers. */
export function emptyOutput(spec: AttentionSpec, valueDims: number): AttentionOutput {
  const heads = spec.kvHeads * spec.group;
  const lengths = Array.from(spec.queryLengths);
  return {
    output: headRows(() => 9, heads, lengths, valueDims, 'float32', true) as Float32HeadRows,
    logSumExp: headRows(() => 9, heads, lengths, 1, 'float32', false) as Float32HeadRows,
  };
}

export const oneQuery: CaseShape = {
  queryLengths: [1],
  kvHeads: 2,
  group: 4,
  tile: 1,
  dims: 128,
  valueDims: 128,
  type: 'float32',
  queryType: 'float32',
  interleaved: false,
  parts: [{ length: 700, visible: 'all', block: 1, bias: false, variances: false }],
  spread: 1,
  seed: 3,
};

/** Weights may be rounded to bfloat16. */
function areAllBfloat16({ queries, parts }: AttentionSpec): boolean {
  return queries.type === 'bfloat16' && parts.some(({ keys, values }) => keys.type === 'bfloat16' && values.type === 'bfloat16');
}

/** Rounding of single precision: in outputs by the size of values and of logits, in log-sum-exps by theirs. Values are less than 6. */
export function expectClose(spec: AttentionSpec, to: AttentionOutput, sharpness: number): void {
  const tolerance = 1e-5 * (1 + sharpness) + (areAllBfloat16(spec) ? 6 * 2 ** -9 : 0);
  expectedAttention(spec).forEach((heads, sequence) =>
    heads.forEach((rows, head) =>
      rows.forEach(({ output, logSumExp }, row) => {
        const actual = rowNumbers(to.output, sequence, head, row);
        const [sum] = rowNumbers(to.logSumExp, sequence, head, row);
        const place = `sequence ${sequence}, head ${head}, query ${row}`;
        // One assertion for a row: they cost more than the arithmetic.
        const error = Math.max(...output.map((number, dim) => Math.abs(actual[dim] - number)));
        if (logSumExp === -Infinity) expect([place, sum, error]).toEqual([place, -Infinity, 0]);
        else if (!(Math.abs(sum - logSumExp) < 2e-6 * (1 + sharpness + Math.abs(logSumExp)) && error < tolerance)) {
          throw new Error(`${place}: log-sum-exp ${sum} instead of ${logSumExp}, error of outputs ${error}`);
        }
      }),
    ),
  );
}
