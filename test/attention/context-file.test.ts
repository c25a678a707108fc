/** Saved contexts: the same when they are loaded, read or mapped; damaged ones are refused; nothing half-written. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusteredContext } from '../../lib/index';
import { BACKENDS, describeEachBackend } from '../conformance/backends';
import { codeOf, expectSame, gaussianTensor, halves } from './contexts';

const folder = mkdtempSync(join(tmpdir(), 'merganser-context-'));
afterAll(() => rmSync(folder, { recursive: true }));

describeEachBackend('saved contexts', (backend) => {
  const path = join(folder, `${backend}.context`);
  const keys = gaussianTensor(1, [1, 2, 300, 8]);
  const values = gaussianTensor(2, [1, 2, 300, 8]);
  let context: ClusteredContext;
  let bytes: Uint8Array;

  beforeAll(async () => {
    context = await ClusteredContext.build(keys, values, { backend, coarse: 3 });
    await context.save(path);
    bytes = await context.toBytes();
  });

  test('what is loaded is what was saved, read or mapped, compared or not, in half precision too', async () => {
    expectSame(readFileSync(path), bytes);
    for (const map of [false, true]) {
      for (const verify of [false, true]) {
        const loaded = await ClusteredContext.load(path, { backend, map, verify });
        expectSame(await loaded.toBytes(), bytes);
        expect(loaded.clusters(0, 1)).toEqual(context.clusters(0, 1));
        loaded.dispose();
      }
    }
    const half = await ClusteredContext.build(halves(keys, 'bfloat16').bits, halves(values, 'bfloat16').bits, { backend });
    const unaligned = new Uint8Array((await half.toBytes()).length + 3).subarray(3);
    unaligned.set(await half.toBytes());
    const copied = await ClusteredContext.fromBytes(unaligned, { backend });
    unaligned.fill(0);
    expectSame(await copied.toBytes(), await half.toBytes());
  });

  test('a mapped context grows, and is saved over its own file, without harm to others that map it', async () => {
    const own = join(folder, `${backend}-own.context`);
    await context.save(own);
    const [first, second] = await Promise.all([0, 1].map(() => ClusteredContext.load(own, { backend, map: true })));
    await first.append(gaussianTensor(3, [1, 2, 200, 8]), gaussianTensor(4, [1, 2, 200, 8]));
    await first.save(own);
    expectSame(await second.toBytes(), bytes);
    expect((await ClusteredContext.load(own, { backend, map: true })).length).toBe(500);
  });

  test('every bit that is flipped is noticed', async () => {
    const size = bytes.length;
    // All of the header and much of the outline; then some of each array.
    const places = [
      ...Array.from({ length: 200 }, (_, i) => (i < 64 ? i : 4 * i - 192)),
      ...Array.from({ length: 100 }, (_, i) => Math.floor(600 + ((size - 600) * i) / 100)),
    ];
    const noticed: string[] = [];
    for (const place of places) {
      const damaged = bytes.slice();
      damaged[place] ^= 1 << (place % 8);
      noticed.push(await codeOf(ClusteredContext.fromBytes(damaged, { backend })));
    }
    expect(new Set(noticed.slice(0, 200))).toEqual(new Set(['MALFORMED_FILE']));
    // A few bytes between the arrays belong to none of them.
    expect(noticed.slice(200).filter((code) => code !== 'MALFORMED_FILE').length).toBeLessThan(5);
  });

  test('files that are cut short, other files, no files', async () => {
    for (const length of [0, 1, 63, 64, 200, bytes.length - 1]) {
      expect(await codeOf(ClusteredContext.fromBytes(bytes.slice(0, length), { backend }))).toBe('MALFORMED_FILE');
      const short = join(folder, 'short.context');
      writeFileSync(short, bytes.subarray(0, length));
      for (const map of [false, true]) expect(await codeOf(ClusteredContext.load(short, { backend, map }))).toBe('MALFORMED_FILE');
    }
    expect(await codeOf(ClusteredContext.load(join(folder, 'none'), { backend }))).toBe('NOT_FOUND');
    expect(await codeOf(ClusteredContext.load(folder, { backend, map: true }))).toBe('NOT_FOUND');
    expect(await codeOf(ClusteredContext.load(__filename, { backend }))).toBe('MALFORMED_FILE');
  });

  test('nothing is left behind where saving fails', async () => {
    expect(await codeOf(context.save(join(folder, 'no folder', 'x.context')))).toBe('NOT_FOUND');
    const inner = join(folder, `${backend}-inner`);
    mkdirSync(join(inner, 'taken'), { recursive: true });
    expect(await codeOf(context.save(join(inner, 'taken')))).toBe('NOT_FOUND');
    expect(await codeOf(context.save(join(inner, 'x.context'), { signal: AbortSignal.abort() }))).toBe('ABORTED');
    expect(readdirSync(inner)).toEqual(['taken']);
    expect(existsSync(path)).toBe(true);
  });
});

if (BACKENDS.length === 2) {
  test('a context that one backend saved is the same to the other', async () => {
    const [first, second] = BACKENDS.map((backend) => join(folder, `${backend}.context`));
    const load = (path: string, backend: 'native' | 'js'): Promise<ClusteredContext> => ClusteredContext.load(path, { backend });
    expectSame(await (await load(first, BACKENDS[1])).toBytes(), readFileSync(first));
    expectSame(await (await load(second, BACKENDS[0])).toBytes(), readFileSync(second));
  });
}
