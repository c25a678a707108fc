/** The kernels themselves: the native ones against the TypeScript ones, to the bit, and the fused path against the general one. */
import fc from 'fast-check';
import { AddedTokenAction, type EncodeControl, type Kernels } from '../../lib/backend/kernels';
import { selectKernels } from '../../lib/backend/select';
import { Engine } from '../../lib/tokenizer/engine';
import { planEncoding } from '../../lib/tokenizer/fused-plan';
import { readTokenizerJson } from '../../lib/tokenizer/load/tokenizer-json';
import { compilePattern } from '../../lib/tokenizer/pattern/compile';
import { byteLevelTokenizer, characterTokenizer, randomAlphabetText } from '../oracles/random-tokenizers';
import { anyText, wellFormed } from '../oracles/strings';
import { BACKENDS } from './backends';
import { FUZZ_SEED, fuzzRuns, samples } from './fuzz';

const TEXTS_FOR_EACH = 10;
const encoder = new TextEncoder();

/** Patterns of real tokenizers, and such as need each part of the engines: look-around, back-references, laziness, classes. */
const PATTERNS: ReadonlyArray<readonly ['oniguruma' | 'fancy-regex', string]> = [
  ['oniguruma', "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"],
  [
    'oniguruma',
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ],
  [
    'fancy-regex',
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
  ],
  ['oniguruma', '[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+'],
  ['oniguruma', '\\s+'],
  ['oniguruma', 'a+?b'],
  ['oniguruma', '(a|b)\\1'],
  ['oniguruma', '(?<=a)b|(?<!a)c'],
  ['oniguruma', '(?=\\p{L})'],
  ['oniguruma', '[[:alpha:]&&[^a-c]]+'],
  ['oniguruma', '\\b\\w+\\b'],
  ['oniguruma', 'x*'],
  ['fancy-regex', '(?i)ſ|k|å'],
  ['fancy-regex', '\\w+|[^\\w\\s]+'],
  ['fancy-regex', '^a|b$'],
];

const arbitraries: ReadonlyArray<readonly [string, fc.Arbitrary<object>]> = [
  ['byte-level', byteLevelTokenizer],
  ['character', characterTokenizer],
];

function textsOf(index: number): string[] {
  const all = fc.sample(fc.oneof({ weight: 3, arbitrary: randomAlphabetText }, { weight: 1, arbitrary: anyText(['<x>', '<xy>']) }), {
    numRuns: TEXTS_FOR_EACH,
    seed: FUZZ_SEED + index,
  });
  return all.map(wellFormed);
}

function flat(texts: readonly string[]): { text: Uint8Array; offsets: Uint32Array } {
  const parts = texts.map((text) => encoder.encode(text));
  const offsets = Uint32Array.from([0, ...parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, part) => sum + part.length, 0))]);
  return { text: Uint8Array.from(parts.flatMap((part) => Array.from(part))), offsets };
}

const ALL: EncodeControl = { actions: null };

/** Every answer that the kernels give about a tokenizer and texts, as plain values. */
async function answers(kernels: Kernels, definition: object, texts: readonly string[]): Promise<unknown> {
  const parsed = readTokenizerJson(definition);
  const { model, fused } = planEncoding(parsed);
  const { text, offsets } = flat(texts);
  const bpe = kernels.createBpe(model, 1 << 20);
  const pieces = kernels.encodePieces(bpe, text, offsets);
  const decoder = kernels.createDecoder({ ...model, traits: new Uint8Array(model.tokenOffsets.length - 1) });
  const result: Record<string, unknown> = {
    pieces: [Array.from(pieces.ids), Array.from(pieces.spans), Array.from(pieces.offsets)],
    decoded: Array.from(kernels.decode(decoder, pieces.ids, false)!),
  };
  if (fused !== null) {
    const handle = kernels.createEncoder({ model, ...fused, cacheBytes: 1 << 16 });
    const asText: EncodeControl = { actions: new Uint8Array(fused.added.length).fill(AddedTokenAction.Text) };
    result['encode'] = texts.map((one) => Array.from(kernels.encode(handle, one, ALL)));
    result['encode again'] = texts.map((one) => Array.from(kernels.encode(handle, encoder.encode(one), ALL)));
    result['added as text'] = texts.map((one) => Array.from(kernels.encode(handle, one, asText)));
    result['count'] = texts.map((one) => kernels.count(handle, one, ALL, 1e9));
    const batch = kernels.encodeBatch(handle, text, offsets, ALL);
    result['batch'] = [Array.from(batch.values), Array.from(batch.offsets)];
    const batchAsync = await kernels.encodeBatchAsync(handle, { chunks: [text], offsets, checked: true }, ALL);
    result['async'] = [Array.from(batchAsync.values), Array.from(batchAsync.offsets)];
    kernels.dispose(handle);
  }
  kernels.dispose(bpe);
  kernels.dispose(decoder);
  return result;
}

describe.each(arbitraries)('random %s tokenizers', (_kind, arbitrary) => {
  if (BACKENDS.includes('native')) {
    test('the native kernels answer as the TypeScript ones', async () => {
      const [native, js] = [selectKernels('native'), selectKernels('js')];
      for (const [i, definition] of samples(arbitrary, 200).entries()) {
        const texts = textsOf(i);
        expect([definition, texts, await answers(native, definition, texts)]).toEqual([
          definition,
          texts,
          await answers(js, definition, texts),
        ]);
      }
    });
  }

  test.each(BACKENDS)('the fused path is the general path, batch is singles, count is the length (%s)', async (backend) => {
    let fusedOnes = 0;
    for (const [i, definition] of samples(arbitrary, 200).entries()) {
      const engine = new Engine(readTokenizerJson(definition), selectKernels(backend));
      if (engine.encoder === null) continue;
      fusedOnes++;
      const texts = textsOf(i);
      for (const text of texts) {
        const general = Array.from(engine.encodeGeneral(encoder.encode(text), ALL, false).ids);
        expect([definition, text, Array.from(engine.textIds(text, ALL))]).toEqual([definition, text, general]);
        expect(selectKernels(backend).count(engine.encoder, text, ALL, 1e9)).toBe(general.length);
      }
      engine.dispose();
    }
    expect(fusedOnes).toBeGreaterThan(fuzzRuns(200) / 10);
  });
});

if (BACKENDS.includes('native')) {
  test.each(PATTERNS)('findMatches of the native kernels: %s %s', (dialect, source) => {
    const program = compilePattern(source, dialect);
    const [native, js] = [selectKernels('native'), selectKernels('js')];
    const [nativePattern, jsPattern] = [native.createPattern(program), js.createPattern(program)];
    for (const text of ['', ...samples(anyText(), 300).map(wellFormed), ...samples(randomAlphabetText, 200).map(wellFormed)]) {
      const bytes = encoder.encode(text);
      expect([text, Array.from(native.findMatches(nativePattern, bytes))]).toEqual([text, Array.from(js.findMatches(jsPattern, bytes))]);
    }
    native.dispose(nativePattern);
    js.dispose(jsPattern);
  });
}
