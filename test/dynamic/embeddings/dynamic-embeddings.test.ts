/** Embeddings of whole batches, and what the cache keeps. */
import {
  ComposedEmbedder,
  type DynamicBatch,
  DynamicEmbeddings,
  DynamicTokenizer,
  type FloatTensor,
  type TokenEmbedder,
  Tokenizer,
} from '../../../lib/index';
import { RowCache } from '../../../lib/dynamic/embeddings/row-cache';
import { createJsKernels } from '../../../lib/backend/js/kernels';
import { selectKernels } from '../../../lib/backend/select';
import { BACKENDS } from '../../conformance/backends';
import { realTokenizerPath } from '../../oracles/real-tokenizers';

const WIDTH = 3;
const tokenizer = Tokenizer.fromFileSync(realTokenizerPath('gpt2'));
const dynamic = new DynamicTokenizer(tokenizer);
const table: FloatTensor = {
  type: 'float32',
  data: Float32Array.from({ length: dynamic.baseSize * WIDTH }, (_, i) => Math.sin(i)),
  dims: [dynamic.baseSize, WIDTH],
};
const composed = new ComposedEmbedder(table);

/** Counts what it is asked for. */
function counting(): TokenEmbedder & { asked: string[] } {
  const asked: string[] = [];
  return { asked, embed: (tokens) => (asked.push(...tokens.texts), composed.embed(tokens)) };
}

const batchOf = (word: string): DynamicBatch => dynamic.encodeBatchSync([`${word} ${word}`]);
const usedTexts = (batch: DynamicBatch): string[] => [
  ...new Set(
    Array.from(
      batch.values.filter((id) => id >= batch.newTokens.firstId),
      (id) => batch.tokenText(id),
    ),
  ),
];

describe('DynamicEmbeddings', () => {
  it('gives the mean of base tokens for new ones, and base rows for the others', async () => {
    const embeddings = new DynamicEmbeddings({ table, embedder: composed });
    const batch = dynamic.encodeBatchSync(['Ribonucleoproteins and the ribonucleoproteins', 'the end']);
    const { data, dims } = await embeddings.lookup(batch);
    expect(dims).toEqual([batch.values.length, WIDTH]);
    batch.values.forEach((id, i) => {
      const parts = batch.expand([id]);
      for (let at = 0; at < WIDTH; at++) {
        const mean = parts.reduce((sum, part) => sum + table.data[part * WIDTH + at], 0) / parts.length;
        expect(data[i * WIDTH + at]).toBe(Math.fround(mean));
      }
    });
  });

  it('makes each embedding once, and forgets what was used longest ago', async () => {
    const embedder = counting();
    const [a, b, c] = ['xylophonist', 'zygomorphic', 'quokkaesque'].map(batchOf);
    const sizes = [a, b, c].map((batch) => usedTexts(batch).length);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    const embeddings = new DynamicEmbeddings({ table, embedder, cacheRows: sizes[0] + Math.max(sizes[1], sizes[2]) });
    await embeddings.lookup(a);
    await embeddings.lookup(b);
    await embeddings.lookup(a);
    expect(embedder.asked).toEqual([...usedTexts(a), ...usedTexts(b)]);
    await embeddings.lookup(c);
    await embeddings.lookup(a);
    expect(embedder.asked).toEqual([...usedTexts(a), ...usedTexts(b), ...usedTexts(c)]);
    await embeddings.lookup(b);
    expect(embedder.asked.length).toBeGreaterThan(sizes[0] + sizes[1] + sizes[2]);
  });

  it('refuses a batch with more new tokens than there is room for', async () => {
    const batch = dynamic.encodeBatchSync(['xylophonist zygomorphic quokkaesque']);
    expect(usedTexts(batch).length).toBeGreaterThan(1);
    const embeddings = new DynamicEmbeddings({ table, embedder: composed, cacheRows: usedTexts(batch).length - 1 });
    await expect(embeddings.lookup(batch)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(embeddings.cached).toBe(0);
  });

  it('goes on after an embedder that failed', async () => {
    let fails = true;
    const embedder: TokenEmbedder = {
      embed(tokens) {
        if (fails) throw new Error('no model');
        return composed.embed(tokens);
      },
    };
    const embeddings = new DynamicEmbeddings({ table, embedder });
    const batch = batchOf('xylophonist');
    await expect(embeddings.lookup(batch)).rejects.toThrow('no model');
    fails = false;
    expect((await embeddings.lookup(batch)).dims).toEqual([batch.values.length, WIDTH]);
  });

  it('refuses embeddings that are not finite, and keeps none', async () => {
    const embedder: TokenEmbedder = {
      embed: ({ texts }) => ({ type: 'float32', data: new Float32Array(texts.length * WIDTH).fill(NaN), dims: [texts.length, WIDTH] }),
    };
    const embeddings = new DynamicEmbeddings({ table, embedder });
    await expect(embeddings.lookup(batchOf('xylophonist'))).rejects.toThrow(/finite numbers, but got NaN for the token "/u);
    expect(embeddings.cached).toBe(0);
  });

  it('lets batches that come together take turns', async () => {
    const embeddings = new DynamicEmbeddings({ table, embedder: composed, cacheRows: 3 });
    const batches = ['xylophonist', 'zygomorphic', 'quokkaesque'].map(batchOf);
    const together = await Promise.all(batches.map((batch) => embeddings.lookup(batch)));
    const alone = new DynamicEmbeddings({ table, embedder: composed });
    for (const [i, batch] of batches.entries()) expect(together[i]).toEqual(await alone.lookup(batch));
  });
});

describe('RowCache', () => {
  it('passes over rows that are to be kept', () => {
    const cache = new RowCache(2, 1);
    cache.put('a', Float32Array.of(1), new Set(['a']));
    cache.put('b', Float32Array.of(2), new Set(['b']));
    cache.put('c', Float32Array.of(3), new Set(['a', 'c']));
    expect(['a', 'b', 'c'].map((key) => cache.use(key))).toEqual([0, undefined, 1]);
    expect(Array.from(cache.table)).toEqual([1, 3]);
  });
});

describe('row kernels', () => {
  it('give the same bits on every backend', () => {
    const [rows, width] = [500, 37];
    const values = Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i * i) * 10 ** ((i % 13) - 6));
    const offsets = Uint32Array.of(0, 0, 1, 4, 250, 1000);
    const parts = Uint32Array.from({ length: 1000 }, (_, i) => (i * 7919) % rows);
    for (const weights of [null, Float64Array.from(parts, (part) => Math.cos(part))]) {
      const results = [...BACKENDS.map((backend) => selectKernels(backend)), createJsKernels()].map((kernels) => {
        const sums = new Float32Array(5 * width);
        kernels.sumRows({ table: values, width, parts, offsets, weights }, sums);
        const gathered = new Float32Array(parts.length * width);
        kernels.gatherRows(values.subarray(0, 100 * width), values.subarray(100 * width), width, parts, gathered);
        return { sums, gathered };
      });
      for (const result of results) expect(result).toEqual(results.at(-1));
      expect(Array.from(results[0].sums.subarray(0, width))).toEqual(new Array(width).fill(0));
    }
  });
});
