/** Files whose checksums are right although no classifier wrote them: refused, as kernels do not check what they are given. */
import { NearestCentroid } from '../../lib/index';
import { readRecord, writeRecord } from '../../lib/records/sealed-record';
import { gaussians } from '../clustering/blobs';
import { describeEachBackend } from '../conformance/backends';

describeEachBackend('files of other programs', (backend) => {
  let header: Record<string, unknown>;
  let numbers: Float64Array;

  beforeAll(async () => {
    const data = Float32Array.from(gaussians(4, 40 * 8));
    const labels = Array.from({ length: 40 }, (_, i) => i % 3);
    const classifier = await NearestCentroid.fit({ data, dims: [40, 8] }, labels, { blocks: 2, priors: [1, 2, 3], backend });
    const record = readRecord('MERGCLS1', 'a classifier', classifier.toBytes());
    header = record.header;
    numbers = new Float64Array(record.body.slice().buffer);
  });

  function load(changes: object, body = numbers): NearestCentroid {
    return NearestCentroid.fromBytes(writeRecord('MERGCLS1', { ...header, ...changes }, new Uint8Array(body.buffer)), { backend });
  }

  test('what was written can be read', () => {
    expect(load({}).classes).toEqual([0, 1, 2]);
  });

  test.each([
    { settings: { blocks: 3 } },
    { settings: { blocks: 1e9 } },
    { settings: { priors: [1, 2] } },
    { settings: null },
    { classes: [0, 2, 1] },
    { classes: [0, 1, 1] },
    { counts: [14, 13, 1e300] },
    { counts: [14, 13, 0] },
  ])('a header with %j', (changes) => {
    expect(() => load(changes)).toThrow(expect.objectContaining({ code: 'MALFORMED_FILE' }));
  });

  test('numbers that no vectors leave behind', () => {
    for (const [place, value] of [
      [0, 1e19],
      [24, -1e300],
      [0, NaN],
      [39, -1],
      [39, Infinity],
    ]) {
      const changed = Float64Array.from(numbers, (number, i) => (i === place ? value : number));
      expect(() => load({}, changed)).toThrow(expect.objectContaining({ code: 'MALFORMED_FILE' }));
    }
  });
});
