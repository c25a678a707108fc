/** Streams give what one call gives, however the text or the ids are cut. */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { anyText, nastyStrings } from '../oracles/strings';
import { describeEachBackend } from './backends';
import { samples } from './fuzz';
import { TEXT_SAMPLES } from './texts';

const NAMES = ['gpt2', 'gpt4o', 'deepseek_v3', 'qwen3', 'claude', 'llama2', 'gemma3'];

/** Cuts at places that follow from `seed`, also through surrogate pairs. */
function chunked(text: string, seed: number, mean: number): string[] {
  const chunks: string[] = [];
  let state = seed | 1;
  for (let start = 0; start < text.length;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const length = state % (2 * mean + 1);
    chunks.push(text.slice(start, start + length));
    start += length;
  }
  return chunks;
}

function chunkedBytes(bytes: Uint8Array, seed: number, mean: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let state = seed | 1;
  for (let start = 0; start < bytes.length;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const length = state % (2 * mean + 1);
    chunks.push(bytes.subarray(start, start + length));
    start += length;
  }
  return chunks;
}

async function collected(stream: AsyncIterable<Uint32Array>): Promise<number[]> {
  const ids: number[] = [];
  for await (const part of stream) ids.push(...part);
  return ids;
}

describeEachBackend('streams', (backend) => {
  describe.each(NAMES)('%s', (name) => {
    let tokenizer: Tokenizer;
    let texts: string[];
    beforeAll(async () => {
      tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
      const specials = tokenizer.addedTokens.slice(0, 3).map((token) => token.content);
      texts = [...TEXT_SAMPLES.map((sample) => sample.text), ...nastyStrings(specials), ...samples(anyText(specials, 40), 60)];
    });
    afterAll(() => tokenizer.dispose());

    test('encodeStream of strings', async () => {
      for (const [i, text] of texts.entries()) {
        const expected = Array.from(tokenizer.encode(text));
        for (const mean of [1, 5, 200])
          expect([text, mean, await collected(tokenizer.encodeStream(chunked(text, i + 1, mean)))]).toEqual([text, mean, expected]);
      }
    });

    test('encodeStream of bytes', async () => {
      for (const [i, text] of texts.entries()) {
        const bytes = new TextEncoder().encode(text);
        const expected = Array.from(tokenizer.encode(bytes));
        for (const mean of [1, 7])
          expect([text, mean, await collected(tokenizer.encodeStream(chunkedBytes(bytes, i + 1, mean)))]).toEqual([text, mean, expected]);
      }
    });

    test('encodeTransform, ReadableStream and async iterables', async () => {
      const { text } = TEXT_SAMPLES[0];
      const expected = Array.from(tokenizer.encode(text));
      const readable = (): ReadableStream<string> =>
        new ReadableStream({
          start(controller) {
            for (const chunk of chunked(text, 3, 20)) controller.enqueue(chunk);
            controller.close();
          },
        });
      const ids: number[] = [];
      const reader = readable().pipeThrough(tokenizer.encodeTransform()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) ids.push(...part.value);
      expect(ids).toEqual(expected);
      expect(await collected(tokenizer.encodeStream(readable()))).toEqual(expected);
      async function* source(): AsyncGenerator<string> {
        yield* chunked(text, 4, 30);
      }
      expect(await collected(tokenizer.encodeStream(source()))).toEqual(expected);
    });

    test('decodeStream gives what decode gives, and never half a character', () => {
      for (const [i, text] of texts.entries()) {
        const ids = tokenizer.encode(text);
        for (const skipSpecialTokens of [true, false]) {
          const stream = tokenizer.decodeStream({ skipSpecialTokens });
          const parts: string[] = [];
          for (let start = 0; start < ids.length; start += 1 + (i % 3)) parts.push(stream.push(ids.subarray(start, start + 1 + (i % 3))));
          parts.push(stream.flush());
          const whole = tokenizer.decode(ids, { skipSpecialTokens });
          expect(parts.join('')).toBe(whole);
          if (!whole.includes('\ufffd')) expect(parts.filter((part) => part.includes('\ufffd'))).toEqual([]);
        }
      }
    });

    test('decodeStream of any ids', () => {
      const anyIds = fc.array(fc.nat(tokenizer.vocabSize - 1), { maxLength: 12, size: 'max' });
      for (const ids of samples(anyIds, 300)) {
        const known = ids.filter((id) => tokenizer.idToToken(id) !== undefined);
        const stream = tokenizer.decodeStream();
        const parts = known.map((id) => stream.push(id));
        expect([known, parts.join('') + stream.flush()]).toEqual([known, tokenizer.decode(known)]);
      }
    });
  });
});
