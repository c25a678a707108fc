/** Short texts one by one and in batches: results that share memory, and texts that share a look-up. */
import { type TextInput, Tokenizer } from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { nastyStrings } from '../oracles/strings';
import { describeEachBackend } from './backends';

const LONE_HALVES = ['a\ud83d', '\ude00b', '\ud83d', '\ude00', '\ud83d\ude00', 'x'.repeat(40) + '\ud83d', '\ude00' + 'y'.repeat(40)];
const LINES = Array.from({ length: 250 }, (_, i) => `  const item${i} = values[${i}] ?? 'item ${i % 7}';\n`);

describeEachBackend('short texts', (backend) => {
  // With a pre-tokenizer; with a space put in front; with added tokens at the ends of lines. Only natively do these take different ways.
  describe.each(backend === 'native' ? ['gpt4o', 'llama2', 'gemma3'] : ['gpt4o'])('%s', (name) => {
    let tokenizer: Tokenizer;
    beforeAll(async () => {
      tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
    });
    afterAll(() => tokenizer.dispose());

    const options = { addSpecialTokens: false } as const;
    const inFull = (text: TextInput): number[] => Array.from(tokenizer.encodeFull(text, options).ids);
    const expectBatch = (texts: readonly TextInput[]): void => {
      const { values, offsets } = tokenizer.encodeBatchSync(texts, options);
      texts.forEach((text, i) =>
        expect(Array.from(values.subarray(offsets[i], offsets[i + 1]))).toEqual(Array.from(tokenizer.encode(text, options))),
      );
      expect(offsets.length).toBe(texts.length + 1);
      expect(values.length).toBe(offsets[texts.length]);
    };

    test('results keep their ids while others are made', () => {
      const results = LINES.map((line) => tokenizer.encode(line, options));
      const joined = tokenizer.encode(LINES.join(''), options);
      results.forEach((ids, i) => expect(tokenizer.decode(ids).trimStart()).toBe(LINES[i].trimStart()));
      expect(joined.length).toBeGreaterThan(LINES.length);
    });

    test('a result whose memory is transferred takes no other with it', () => {
      const kept = tokenizer.encode('kept as it is', options);
      const ids = Array.from(kept);
      const given = tokenizer.encode('given away', options);
      try {
        structuredClone(given, { transfer: [given.buffer as ArrayBuffer] });
      } catch (error) {
        expect((error as Error).name).toBe('DataCloneError');
      }
      expect(Array.from(kept)).toEqual(ids);
    });

    test('every kind of text, alone', () => {
      for (const text of [...nastyStrings(), ...LONE_HALVES]) expect(Array.from(tokenizer.encode(text, options))).toEqual(inFull(text));
    });

    test('around the lengths at which strings and results take another way', () => {
      for (const length of [4094, 4095, 4096]) {
        for (const unit of ['é', 'x']) {
          const text = ' '.repeat(length % 3) + unit.repeat(length - (length % 3));
          const bytes = new TextEncoder().encode(text);
          expect(tokenizer.decode(tokenizer.encode(text, options)).trimStart()).toBe(text.trimStart());
          expect(Array.from(tokenizer.encode(bytes, options))).toEqual(Array.from(tokenizer.encode(text, options)));
        }
      }
    });

    test('batches give what single texts give', () => {
      expectBatch([]);
      expectBatch(['', '', '']);
      expectBatch(LINES);
      expectBatch(['', ...nastyStrings(), '', ...LONE_HALVES]);
      expectBatch([...LINES.slice(0, 50), new TextEncoder().encode('bytes, too'), 'é', '']);
    });
  });

  test('a refused token is named with its place in the batch', () => {
    const tokenizer = Tokenizer.forEncodingSync('cl100k_base', { backend });
    const texts = ['one', '', 'two <|endoftext|>', 'three <|fim_prefix|>'];
    expect(() => tokenizer.encodeBatchSync(texts)).toThrow('"<|endoftext|>" at byte 7.');
    expect(tokenizer.encodeBatchSync(texts.slice(0, 2)).offsets[2]).toBe(1);
    tokenizer.dispose();
  });
});
