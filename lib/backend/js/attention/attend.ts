/** Attention over rows, as the formula says it. */
import { unitsOf, type AttentionOutput, type AttentionSpec, type KeyPart, type RowLists, type Unit } from '../../attention-kernels';
import { product, readNumbers, rowStart, unitQueries, type UnitQuery } from './rows';
import { RunningSoftmax } from './running-softmax';

/** Each step is a unit; the number of units is the length. */
export function* attendUnits(spec: AttentionSpec, to: AttentionOutput): Generator<void, void> {
  const units = unitsOf(spec);
  for (let index = 0; index < units.length; index++) {
    const unit = units[index];
    const queries = unitQueries(spec.queries, spec.group, unit);
    const softmaxes = queries.map(() => new RunningSoftmax(to.output.dims));
    for (const part of spec.parts) {
      yield* addPart(part, rowsOf(part, unit.sequence, index), unit, queries, softmaxes, spec.scale, spec.queryLengths[unit.sequence]);
    }
    finish(softmaxes, queries, unit, to);
    yield;
  }
}

const ROWS_AT_A_TIME = 256;

function* addPart(
  part: KeyPart,
  rows: Iterable<number>,
  unit: Unit,
  queries: readonly UnitQuery[],
  softmaxes: readonly RunningSoftmax[],
  scale: number,
  queryCount: number,
): Generator<void, void> {
  const { keys, values, bias, variances, causal, lengths } = part;
  const key = new Float64Array(keys.dims);
  const value = new Float64Array(values.dims);
  const variance = new Float64Array(variances === null ? 0 : variances.dims);
  const lead = lengths[unit.sequence] - queryCount;
  let count = 0;
  for (const row of rows) {
    readNumbers(keys.data, keys.type, rowStart(keys, unit.sequence, unit.head, row), key);
    readNumbers(values.data, values.type, rowStart(values, unit.sequence, unit.head, row), value);
    if (variances !== null) readNumbers(variances.data, variances.type, rowStart(variances, unit.sequence, unit.head, row), variance);
    const extra = bias === null ? 0 : bias.data[rowStart(bias, unit.sequence, unit.head, row)];
    for (let i = 0; i < queries.length; i++) {
      const { numbers, row: query } = queries[i];
      if (causal && row > query + lead) continue;
      softmaxes[i].add(product(numbers, key) * scale + extra + halfSpread(numbers, variance, scale), value);
    }
    if (++count % ROWS_AT_A_TIME === 0) yield;
  }
}

/** ½ Σ variance × (q × scale)². */
function halfSpread(query: Float64Array, variance: Float64Array, scale: number): number {
  let sum = 0;
  for (let i = 0; i < variance.length; i++) sum += variance[i] * (query[i] * scale) ** 2;
  return sum / 2;
}

function finish(softmaxes: readonly RunningSoftmax[], queries: readonly UnitQuery[], { sequence }: Unit, to: AttentionOutput): void {
  softmaxes.forEach((softmax, i) => {
    const { head, row } = queries[i];
    to.logSumExp.data[rowStart(to.logSumExp, sequence, head, row)] = softmax.finish(
      to.output.data,
      rowStart(to.output, sequence, head, row),
    );
  });
}

/** The rows that a unit sees of a part, causality aside. */
export function* rowsOf({ lists, lengths }: Pick<KeyPart, 'lists' | 'lengths'>, sequence: number, unit: number): Generator<number> {
  const length = lengths[sequence];
  if (lists === null) for (let row = 0; row < length; row++) yield row;
  else for (let entry = lists.offsets[unit]; entry < lists.offsets[unit + 1]; entry++) yield* rowsOfEntry(lists, entry, length);
}

function* rowsOfEntry({ starts, lengths, block }: RowLists, entry: number, length: number): Generator<number> {
  if (starts[entry] < 0) return;
  const first = starts[entry] * block;
  const end = Math.min(length, first + (lengths === null ? block : lengths[entry]));
  for (let row = first; row < end; row++) yield row;
}
