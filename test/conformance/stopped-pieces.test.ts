/** Encoding that ends within a piece: it ends soon, and nothing of it is taken for the whole piece afterwards. */
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

// The first makes words of the sample, so the second comes after the look-up.
const LATE_STEPS = [{ type: 'WhitespaceSplit' }, { type: 'Split', pattern: { Regex: 'c' }, behavior: 'Isolated', invert: false }];

const VOCAB_OF_PARTS = { a: 0, b: 1, c: 2 };

/** Of n letters `a` before a `b`, its pattern tries all beginnings and lengths, and reads on to the end each time. */
function searching(backend: BackendName): Tokenizer {
  const preTokenizer = { type: 'Split', pattern: { Regex: '(a+)(?=.*b)\\1c' }, behavior: 'Isolated', invert: false };
  return Tokenizer.fromJSON({ ...definitionOf({ preTokenizer }), model: { type: 'BPE', vocab: VOCAB_OF_PARTS, merges: [] } }, { backend });
}

/** Letters without a period, all of which may merge with their neighbours. */
function irregularLetters(count: number): string {
  const bytes = Buffer.alloc(count);
  for (let i = 0, state = 1; i < count; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = 97 + (state >>> 31);
  }
  return bytes.toString('latin1');
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

  test('by a limit, within the last parts that later steps made', () => {
    const model = { type: 'BPE', vocab: VOCAB_OF_PARTS, merges: [] };
    const tokenizer = Tokenizer.fromJSON(
      { ...definitionOf({ preTokenizer: { type: 'Sequence', pretokenizers: LATE_STEPS } }), model },
      { backend },
    );
    const text = 'ca'.repeat(300);
    const count = tokenizer.count(text, { limit: 1 });
    expect(count).toBeGreaterThan(1);
    if (backend === 'native') expect(count).toBeLessThan(20);
    expect(tokenizer.count(text)).toBe(600);
    tokenizer.dispose();
  });

  test('a pattern that looks for a match for too long is an error', () => {
    const tokenizer = searching(backend);
    expect(() => tokenizer.encode(`${'a'.repeat(2000)}b`)).toThrow(expect.objectContaining({ code: 'INVALID_PATTERN' }));
    expect(tokenizer.encode('aabaac').length).toBe(6);
    tokenizer.dispose();
  }, 60_000);

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

  // On JavaScript's thread nobody could abort meanwhile.
  const testNative = backend === 'native' ? test : test.skip;
  testNative('by a signal while a pattern looks for a match', async () => {
    const tokenizer = searching(backend);
    const control = new AbortController();
    const encoded = tokenizer.encodeBatch([`${'a'.repeat(2000)}b`], { signal: control.signal });
    control.abort();
    await expect(encoded).rejects.toMatchObject({ code: 'ABORTED' });
    tokenizer.dispose();
  });

  testNative.each([
    ['whole', {}],
    ['a part that later steps made', { preTokenizer: { type: 'Sequence', pretokenizers: LATE_STEPS } }],
  ])('by a signal while many letters merge: %s', async (_, parts) => {
    const model = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2, ba: 3, aba: 4, c: 5 }, merges: ['a b', 'b a', 'ab a'] };
    const tokenizer = Tokenizer.fromJSON({ ...definitionOf(parts), model }, { backend });
    const text = `c${irregularLetters(2_000_000)}`;
    const control = new AbortController();
    const told: number[] = [];
    const encoded = tokenizer.encodeBatch([text], {
      signal: control.signal,
      onProgress: (fraction) => {
        told.push(fraction);
        control.abort();
      },
    });
    await expect(encoded).rejects.toMatchObject({ name: 'MerganserError', code: 'ABORTED' });
    expect(told).toHaveLength(1);
    expect(told[0]).toBeGreaterThanOrEqual(0);
    expect(told[0]).toBeLessThan(1);
    const { values } = await tokenizer.encodeBatch([text]);
    expect(tokenizer.decode(values).replaceAll(' ', '') === text).toBe(true);
    tokenizer.dispose();
  });
});
