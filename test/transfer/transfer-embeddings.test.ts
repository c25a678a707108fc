/** Overlap of vocabularies, and embeddings for a new one, on real tokenizers. */
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import {
  type FloatTensor,
  FocusEmbedder,
  type SharedTokens,
  TokenAdaptEmbedder,
  Tokenizer,
  transferEmbeddings,
  vocabularyOverlap,
} from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';

const WIDTH = 3;
const load = (name: string): Tokenizer => Tokenizer.fromFileSync(realTokenizerPath(name));
const [gpt2, gpt4, llama2] = ['gpt2', 'gpt4', 'llama2'].map(load);

const tableOf = (tokenizer: Tokenizer, shift = 0): FloatTensor => {
  const rows = Math.max(...tokenizer.getVocab().values()) + 1;
  return { type: 'float32', data: Float32Array.from({ length: rows * WIDTH }, (_, i) => Math.sin(i + shift)), dims: [rows, WIDTH] };
};
const row = ({ data }: FloatTensor, id: number): number[] => Array.from(data.subarray(id * WIDTH, (id + 1) * WIDTH));

describe('vocabularyOverlap', () => {
  it('compares how tokens are written', () => {
    const [oldVocabulary, newVocabulary] = ['gpt2', 'llama2'].map((name) =>
      HuggingFaceTokenizer.fromFile(realTokenizerPath(name)).getVocab(true),
    );
    const { oldIds, shared } = vocabularyOverlap(gpt2, llama2, { match: 'exact' });
    const expected = Object.entries(newVocabulary).filter(([token]) => Object.hasOwn(oldVocabulary, token));
    expect(shared).toBe(expected.length);
    for (const [token, id] of expected) expect(oldIds[id]).toBe(oldVocabulary[token]);
  });

  it('compares what tokens stand for', () => {
    const { oldIds } = vocabularyOverlap(gpt2, llama2);
    expect(oldIds[llama2.tokenToId('▁the')!]).toBe(gpt2.tokenToId('Ġthe'));
    expect(oldIds[llama2.tokenToId('<0x0A>')!]).toBe(gpt2.tokenToId('Ċ'));
    expect(oldIds[llama2.tokenToId('<s>')!]).toBe(-1);
    const same = vocabularyOverlap(gpt2, gpt4);
    expect(same.shared).toBeGreaterThan(30_000);
    for (let id = 0; id < same.oldIds.length; id += 97)
      if (same.oldIds[id] >= 0) expect(gpt2.decodeBytes([same.oldIds[id]])).toEqual(gpt4.decodeBytes([id]));
  });

  it('compares texts without case and white space', () => {
    const exact = vocabularyOverlap(gpt2, gpt4);
    const loose = vocabularyOverlap(gpt2, gpt4, { match: 'normalized' });
    expect(loose.shared).toBeGreaterThan(exact.shared);
    exact.oldIds.forEach((oldId, id) => oldId >= 0 && expect(loose.oldIds[id]).toBe(oldId));
    for (let id = 0; id < loose.oldIds.length; id += 97) {
      if (exact.oldIds[id] >= 0 || loose.oldIds[id] < 0) continue;
      const plain = (tokenizer: Tokenizer, token: number): string => tokenizer.decode([token]).normalize('NFKC').trim().toLowerCase();
      expect(plain(gpt2, loose.oldIds[id])).toBe(plain(gpt4, id));
    }
  });
});

describe('transferEmbeddings', () => {
  it('copies what is shared, and makes the rest of its parts, in every matrix', async () => {
    const tables = [tableOf(gpt2), tableOf(gpt2, 1)];
    const progress: number[] = [];
    const { embeddings, oldIds, copied, made, averaged } = await transferEmbeddings(gpt2, gpt4, tables, {
      batchSize: 8000,
      onProgress: (done, total) => progress.push(done / total),
    });
    expect(copied + made + averaged.length).toBe(oldIds.length);
    expect(progress.at(-1)).toBe(1);
    const theirs = HuggingFaceTokenizer.fromFile(realTokenizerPath('gpt2'));
    for (const [matrix, table] of tables.entries()) {
      expect(embeddings[matrix].dims).toEqual([oldIds.length, WIDTH]);
      for (let id = 0; id < oldIds.length; id += 211) {
        if (averaged.includes(id)) continue;
        const text = gpt4.decode([id], { skipSpecialTokens: false });
        if (text.includes('\ufffd')) continue;
        const parts = oldIds[id] >= 0 ? [oldIds[id]] : (await theirs.encode(text, null, { addSpecialTokens: false })).getIds();
        const mean = row(table, 0).map((_, at) => parts.reduce((sum, part) => sum + table.data[part * WIDTH + at], 0) / parts.length);
        expect(row(embeddings[matrix], id)).toEqual(mean.map(Math.fround));
      }
    }
    // A special token that the old vocabulary has not.
    const special = gpt4.tokenToId('<|fim_prefix|>')!;
    const { data } = tables[0];
    const mean = [0, 1, 2].map(
      (at) => data.filter((_, i) => i % WIDTH === at).reduce((sum, value) => sum + value, 0) / (data.length / WIDTH),
    );
    row(embeddings[0], special).forEach((value, at) => expect(value).toBeCloseTo(mean[at], 5));
  });

  it('cuts tokens of other kinds of tokenizers', async () => {
    const table = tableOf(llama2);
    const { embeddings, oldIds } = await transferEmbeddings(llama2, gpt2, [table], { method: 'first', batchSize: 20_000 });
    const id = oldIds.findIndex((oldId, token) => oldId < 0 && /^Ġ[a-z]{8,}$/u.test(gpt2.idToToken(token)!));
    const [first] = Array.from(table.data.keys()).filter(
      (i) => i % WIDTH === 0 && Object.is(table.data[i], embeddings[0].data[id * WIDTH]),
    );
    expect(gpt2.decode([id]).startsWith(llama2.idToToken(first / WIDTH)!.replace('▁', ' '))).toBe(true);
  });

  const small = (tokens: readonly string[]): Tokenizer =>
    Tokenizer.fromJSON({
      added_tokens: [],
      model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: [] },
    });
  const embedTexts = (texts: readonly string[]): FloatTensor => ({
    type: 'float32',
    data: Float32Array.from(texts.flatMap((text) => [text.length, text.charCodeAt(0) - 95])),
    dims: [texts.length, 2],
  });

  it('takes embedders', async () => {
    const [from, to] = [small(['a', 'b', 'c']), small(['b', 'ab', 'a', 'abc'])];
    const table = tableOf(from);
    const tokens = {
      texts: ['ab', 'abc'],
      parts: Uint32Array.of(0, 1, 0, 1, 2),
      partOffsets: Uint32Array.of(0, 2, 5),
      partTexts: [...'ababc'],
    };
    const adapted = await transferEmbeddings(from, to, [table], {
      method: (matrix) => new TokenAdaptEmbedder({ table: matrix, embedTexts }),
    });
    const direct = await new TokenAdaptEmbedder({ table, embedTexts }).embed(tokens);
    expect([1, 3].map((id) => row(adapted.embeddings[0], id))).toEqual([0, 1].map((i) => row(direct, i)));
    let shared: SharedTokens | undefined;
    await transferEmbeddings(from, to, [table], {
      method: (_, both) => {
        shared = both;
        return new FocusEmbedder({ embedTexts, overlapVectors: embedTexts(both.texts), overlapEmbeddings: both.embeddings });
      },
    });
    expect([shared!.texts, Array.from(shared!.oldIds), Array.from(shared!.newIds)]).toEqual([
      ['b', 'a'],
      [1, 0],
      [0, 2],
    ]);
    expect(row(shared!.embeddings, 0)).toEqual(row(table, 1));
  });

  it('refuses what does not fit, and can be cancelled', async () => {
    const table = tableOf(gpt2);
    const short = { ...table, data: table.data.subarray(WIDTH), dims: [table.dims[0] - 1, WIDTH] };
    await expect(transferEmbeddings(gpt2, gpt4, [short])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(transferEmbeddings(gpt2, gpt4, [table], { batchSize: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(transferEmbeddings(gpt2, gpt4, [table], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    const nothing = { method: () => ({}) as TokenAdaptEmbedder };
    await expect(transferEmbeddings(gpt2, gpt4, [table], nothing)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
