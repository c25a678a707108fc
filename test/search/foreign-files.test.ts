/** Files whose checksums are right although no index wrote them: refused, as kernels do not check what they are given. */
import { VectorIndex } from '../../lib/index';
import { selectKernels } from '../../lib/backend/select';
import { fileParts, readContents, sourceOf, type IndexContents } from '../../lib/search/index-format';
import { gaussians } from '../clustering/blobs';
import { describeEachBackend } from '../conformance/backends';

const malformed = expect.objectContaining({ code: 'MALFORMED_FILE' });

describeEachBackend('files of other programs', (backend) => {
  const kernels = selectKernels(backend);
  let bytes: Uint8Array;
  let contents: IndexContents;

  beforeAll(async () => {
    const data = Float32Array.from(gaussians(3, 200 * 16));
    using index = await VectorIndex.build({ data, dims: [200, 16] }, { lists: 4, codes: 'binary', rescore: 'float16', backend });
    bytes = await index.toBytes();
    contents = await readContents(sourceOf(bytes), kernels, () => true);
  });

  async function load({ facts, arrays }: { facts: unknown; arrays: unknown }): Promise<VectorIndex> {
    const parts = await fileParts({ facts, arrays } as IndexContents, kernels);
    return VectorIndex.fromBytes(Uint8Array.from(Buffer.concat(parts)), { backend });
  }

  test('what was written can be read', async () => {
    using index = await load(contents);
    expect(await index.toBytes()).toEqual(bytes);
  });

  test.each([
    { kind: 'hashed' },
    { metric: 'constructor' },
    { metric: undefined },
    { dims: 0 },
    { dims: 1e9 },
    { dims: '16' },
    { storage: false },
    { storage: 'toString' },
    { exact: 'int8' },
    { exact: 1 },
    { source: 'no' },
    { probes: 0 },
    { probes: 5 },
    { spreadWeight: 'wide' },
    { calibration: null },
    { calibration: [''] },
    { calibration: [{ probes: 9, recall: 1 }] },
    { calibration: [{ probes: 1, recall: 'all' }] },
  ])('facts: %j', async (wrong) => {
    await expect(load({ facts: { ...contents.facts, ...wrong }, arrays: contents.arrays })).rejects.toThrow(malformed);
  });

  test('arrays of other types and lengths', async () => {
    for (const [name, array] of Object.entries(contents.arrays)) {
      const other = array instanceof Uint16Array ? new Int8Array(array.length) : new Uint16Array(array.length);
      for (const wrong of [other, array.slice(1)])
        await expect(load({ facts: contents.facts, arrays: { ...contents.arrays, [name]: wrong } })).rejects.toThrow(malformed);
    }
    await expect(load({ facts: null, arrays: contents.arrays })).rejects.toThrow(malformed);
    await expect(load({ facts: contents.facts, arrays: {} })).rejects.toThrow(malformed);
  });

  /** The outline says something else, of the same length. */
  async function loadWith(from: string, to: string): Promise<VectorIndex> {
    const file = Buffer.from(bytes);
    const length = Number(file.readBigUInt64LE(32));
    const outline = file.toString('latin1', 64, 64 + length);
    expect(outline).toContain(from);
    file.write(outline.replace(from, to), 64, 'latin1');
    file.writeBigUInt64LE(kernels.checksum(file.subarray(64, 64 + length)), 24);
    return VectorIndex.fromBytes(Uint8Array.from(file), { backend });
  }

  test.each([
    ['"u32"', '"u33"'],
    ['"arrays":', '"drrays":'],
    ['"arrays":{', '"arrays":['],
    ['["u32",0,', '["u32",8,'],
    ['["u32",64,', '["u32",00,'],
    ['["u32",64,', '["u32",-4,'],
  ])('an outline with %s as %s', async (from, to) => {
    await expect(loadWith(from, to)).rejects.toThrow(malformed);
  });
});
