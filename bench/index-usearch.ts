/** usearch from npm, for bench/index.ts; null where it is not installed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { statSync } from 'node:fs';
import type { Contestant } from './index-contestant';

const CONNECTIVITY = 16;
const EXPANSION_ADD = 128;
const PORTION = 10_000;

interface UsearchIndex {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(vectors: Float32Array, k: number, threads: number): { keys: BigUint64Array };
  save(path: string): void;
  load(path: string): void;
}
type UsearchClass = new (options: Record<string, unknown>) => UsearchIndex;

interface Made {
  readonly rows: number;
  readonly dims: number;
  readonly k: number;
  readonly vectors: () => Float32Array;
}

export async function openUsearch(
  path: string,
  { rows, dims, k, vectors }: Made,
  madeOnce: (path: string, work: () => unknown) => Promise<number>,
): Promise<Contestant | null> {
  let Index: UsearchClass;
  try {
    ({ Index } = createRequire(join(process.env['USEARCH_FOLDER'] ?? process.cwd(), 'package.json'))('usearch') as { Index: UsearchClass });
  } catch {
    console.warn('usearch left out: npm install --no-save usearch');
    return null;
  }
  const create = (expansion: number): UsearchIndex =>
    new Index({
      metric: 'ip',
      dimensions: dims,
      connectivity: CONNECTIVITY,
      expansion_add: EXPANSION_ADD,
      expansion_search: expansion,
      quantization: 'f32',
    });
  const built = await madeOnce(path, () => {
    const index = create(EXPANSION_ADD);
    const all = vectors();
    for (let from = 0; from < rows; from += PORTION) {
      const count = Math.min(PORTION, rows - from);
      const keys = BigUint64Array.from({ length: count }, (_, i) => BigInt(from + i));
      index.add(keys, all.subarray(from * dims, (from + count) * dims), 2);
    }
    index.save(path);
  });
  // The expansion of a search is given when an index is made.
  let opened: { readonly expansion: number; readonly index: UsearchIndex } | null = null;
  return {
    name: 'usearch',
    effortName: 'expansion',
    mostEffort: 4096,
    built,
    bytes: statSync(path).size,
    search: (queries, expansion, threads) => {
      if (opened?.expansion !== expansion) {
        opened = { expansion, index: create(expansion) };
        opened.index.load(path);
      }
      return opened.index.search(queries, k, threads).keys;
    },
  };
}
