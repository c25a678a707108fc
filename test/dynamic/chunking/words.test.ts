/** Words pooled by attention, against padded words under a mask, in doubles. */
import fc from 'fast-check';
import { attendSegments, type FloatTensor, firstRows, prefixSegments, wordSegments } from '../../../lib/index';
import { BACKENDS } from '../../conformance/backends';
import { FUZZ_SEED, fuzzRuns } from '../../conformance/fuzz';

const [HEADS, D, PREFIX, LONGEST] = [2, 4, 2, 5];
const WIDTH = HEADS * D;
type Row = number[];

const row = fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: WIDTH, maxLength: WIDTH });
const rowsOf = (length: number): fc.Arbitrary<Row[]> => fc.array(row, { minLength: length, maxLength: length });
const words = fc.array(fc.array(row, { maxLength: LONGEST + 2 }), { maxLength: 6 });

function tensor(rows: readonly Row[]): FloatTensor {
  return { type: 'float32', data: Float32Array.from(rows.flat()), dims: [rows.length, WIDTH] };
}
const heads = ({ data, dims }: FloatTensor): { data: Float32Array; dims: number[] } => ({ data, dims: [dims[0], HEADS, D] });

function offsetsOf(segments: readonly Row[][]): Uint32Array {
  const offsets = new Uint32Array(segments.length + 1);
  segments.forEach((segment, i) => (offsets[i + 1] = offsets[i] + segment.length));
  return offsets;
}

/** One word as the paper has it: prefix slots and units, padded to one length; what is padding is masked. Queries are x, keys 2x + 1, values x². */
function paddedWord(prefix: readonly Row[], units: readonly Row[]): Row[] {
  const real = [...prefix, ...units.slice(0, LONGEST)];
  const padded = [...real, ...Array.from({ length: PREFIX + LONGEST - real.length }, (): Row => new Array<number>(WIDTH).fill(7))];
  return padded.slice(0, PREFIX).map((query) =>
    Array.from({ length: HEADS }, (_, head) => {
      const of = (values: Row): Row => values.slice(head * D, (head + 1) * D);
      const logits = padded.map((key, i) =>
        i < real.length ? of(query).reduce((sum, value, at) => sum + value * (2 * of(key)[at] + 1), 0) / Math.sqrt(D) : -Infinity,
      );
      const most = Math.max(...logits);
      const powers = logits.map((logit) => Math.exp(logit - most));
      const total = powers.reduce((sum, power) => sum + power, 0);
      return Array.from({ length: D }, (__, at) => powers.reduce((sum, power, i) => sum + (power / total) * of(padded[i])[at] ** 2, 0));
    }).flat(),
  );
}

describe.each(BACKENDS)('words by attention (%s)', (backend) => {
  it('are those of padded words under a mask', async () => {
    await fc.assert(
      fc.asyncProperty(words, rowsOf(PREFIX), async (all, prefix) => {
        const offsets = offsetsOf(all);
        const packed = prefixSegments(tensor(all.flat()), offsets, tensor(prefix), { longest: LONGEST });
        const mapped = (f: (x: number) => number): FloatTensor => ({ ...packed.rows, data: packed.rows.data.map(f) });
        const layer = [packed.rows, mapped((x) => 2 * x + 1), mapped((x) => x * x)].map(heads) as [never, never, never];
        const pooled = await attendSegments(...layer, packed.offsets, { keep: PREFIX, backend });
        expect(pooled.dims).toEqual([PREFIX * all.length, HEADS, D]);
        const expected = all.flatMap((units) => paddedWord(prefix, units)).flat();
        expected.forEach((value, i) => expect(Math.abs(pooled.data[i] - value)).toBeLessThan(2e-5));
        const whole = await attendSegments(...layer, packed.offsets, { backend });
        const first = firstRows({ type: 'float32', data: whole.data, dims: [whole.dims[0], WIDTH] }, packed.offsets, PREFIX);
        first.data.forEach((value, i) => expect(Math.abs(value - pooled.data[i])).toBeLessThan(2e-5));
      }),
      { numRuns: fuzzRuns(60), seed: FUZZ_SEED },
    );
  });

  it('can be cancelled', async () => {
    const rows = heads(tensor([new Array<number>(WIDTH).fill(1)]));
    const attending = attendSegments(rows, rows, rows, Uint32Array.of(0, 1), { backend, signal: AbortSignal.abort() });
    await expect(attending).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('prefixSegments', () => {
  it('puts the prefix before each segment, and cuts long ones', () => {
    const row = (value: number): Row => new Array<number>(WIDTH).fill(value);
    const units = tensor([1, 2, 3, 4].map(row));
    const { rows, offsets } = prefixSegments(units, Uint32Array.of(0, 3, 3, 4), tensor([row(-1)]), { longest: 2 });
    expect(Array.from(rows.data.filter((_, i) => i % WIDTH === 0))).toEqual([-1, 1, 2, -1, -1, 4]);
    expect(Array.from(offsets)).toEqual([0, 3, 4, 6]);
    expect(prefixSegments(tensor([]), Uint32Array.of(0), tensor([row(1)])).rows.dims).toEqual([0, WIDTH]);
  });

  it('refuses what does not fit', async () => {
    const units = tensor([[1, 2, 3, 4, 5, 6, 7, 8]]);
    const narrow: FloatTensor = { type: 'float32', data: new Float32Array(3), dims: [1, 3] };
    const offsets = Uint32Array.of(0, 1);
    for (const longest of [-1, 0.5, NaN]) expect(() => prefixSegments(units, offsets, units, { longest })).toThrow(/longest/u);
    expect(() => prefixSegments(units, offsets, narrow)).toThrow(/width 8/u);
    expect(() => prefixSegments(units, Uint32Array.of(0, 2), units)).toThrow(/ascending/u);
    expect(() => firstRows(units, offsets, 2)).toThrow(/segment 0 has 1/u);
    expect(() => firstRows(units, offsets, 0)).toThrow(/1 or more/u);
    const rows = heads(units);
    await expect(attendSegments(rows, rows, rows, offsets, { keep: 2 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(attendSegments(rows, rows, rows, Uint32Array.of(0, 2))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(attendSegments(rows, rows, null as never, offsets)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('wordSegments', () => {
  it('cuts bytes at white space, which begins words', () => {
    const cut = (text: string): string[] => {
      const { bytes, offsets } = wordSegments(text);
      return Array.from({ length: offsets.length - 1 }, (_, i) => new TextDecoder().decode(bytes.subarray(offsets[i], offsets[i + 1])));
    };
    expect(cut('Ein süßes  Wort,\n日本 😀. ')).toEqual(['Ein', ' süßes', '  Wort,', '\n日本', ' 😀.', ' ']);
    expect(cut('')).toEqual([]);
    expect(cut('  ')).toEqual(['  ']);
    // A surrogate by itself becomes U+FFFD.
    expect(cut('a\ud800 b')).toEqual(['a\ufffd', ' b']);
    expect(() => wordSegments(1 as never)).toThrow(/Expected/u);
  });

  it('covers the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        const { bytes, offsets } = wordSegments(text);
        expect(offsets[0]).toBe(0);
        expect(offsets[offsets.length - 1]).toBe(bytes.length);
      }),
      { numRuns: fuzzRuns(100), seed: FUZZ_SEED },
    );
  });
});
