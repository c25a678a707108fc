/** Encoding that ends within a piece of a step that makes words, which the next steps divide: it ends soon, and nothing of it is taken for the whole piece afterwards. */
import { type MerganserError, Tokenizer } from '../../lib/index';
import { definitionOf } from '../tokenizer/character-tokenizer';
import { type BackendName, describeEachBackend } from './backends';

const VOCAB = { a: 0, b: 1 };

/** Every letter of a word is a piece. */
function tokenizerOf(backend: BackendName): Tokenizer {
  const pretokenizers = [{ type: 'WhitespaceSplit' }, { type: 'Split', pattern: { Regex: '[ab]' }, behavior: 'Isolated', invert: false }];
  const definition = definitionOf({ preTokenizer: { type: 'Sequence', pretokenizers } });
  return Tokenizer.fromJSON({ ...definition, model: { type: 'BPE', vocab: VOCAB, merges: [] } }, { backend });
}

function word(letters: number): string {
  return 'ab'.repeat(letters / 2);
}

describeEachBackend('stopped within a piece', (backend) => {
  test.each([2, 20, 200, 5000, 400_000])('by a limit, of %i letters', (letters) => {
    const tokenizer = tokenizerOf(backend);
    const count = tokenizer.count(word(letters), { limit: 1 });
    expect(count).toBeGreaterThan(1);
    // Some batches of pieces.
    if (backend === 'native') expect(count).toBeLessThan(5000);
    for (let run = 0; run < 2; run++) expect(tokenizer.count(word(letters))).toBe(letters);
    expect(tokenizer.count(`a ${word(letters)} b`, { limit: letters + 1 })).toBe(letters + 2);
    tokenizer.dispose();
  });

  test('by a signal', async () => {
    const tokenizer = tokenizerOf(backend);
    const letters = 300_000;
    const control = new AbortController();
    const encoded = tokenizer.encodeBatch([word(letters), word(letters)], { signal: control.signal });
    control.abort();
    const code = await encoded.then(
      () => 'encoded before',
      (error: unknown) => (error as MerganserError).code,
    );
    expect(['ABORTED', 'encoded before']).toContain(code);
    const ids = tokenizer.encode(word(letters));
    expect(ids.length).toBe(letters);
    expect(ids.every((id, i) => id === i % 2)).toBe(true);
    tokenizer.dispose();
  });
});
