import { selectKernels } from '../../../lib/backend/select';
import { MerganserError, Tokenizer } from '../../../lib/index';
import { checksumOf } from '../../../lib/tokenizer/compiled/container';
import { smallTokenizer } from '../../attack/small-tokenizer';
import { describeEachBackend } from '../../conformance/backends';
import { TEXT_SAMPLES } from '../../conformance/texts';
import { realTokenizerPath } from '../../oracles/real-tokenizers';

const SHORT_TEXTS = [
  '',
  ' ',
  'Hello, world!',
  '  two  spaces\n\n',
  'naïve — 中文 テスト 😀',
  '▁already▁',
  'abcd ABCD 12345',
  '<s>x</s>',
  'a\u0000b',
];
const TEXTS = [...SHORT_TEXTS, ...TEXT_SAMPLES.map(({ text }) => text.slice(0, 3_000))];

function expectSame(actual: Tokenizer, expected: Tokenizer): void {
  for (const text of TEXTS) {
    const options = { allowedSpecial: 'all' } as const;
    const ids = expected.encode(text, options);
    expect(actual.encode(text, options)).toEqual(ids);
    expect(actual.decode(ids)).toBe(expected.decode(ids));
  }
  for (const text of SHORT_TEXTS) expect(actual.encodeFull(text)).toEqual(expected.encodeFull(text));
  // As text: Jest compares large maps entry by entry with each other.
  expect(JSON.stringify([...actual.getVocab()]) === JSON.stringify([...expected.getVocab()])).toBe(true);
  expect(actual.addedTokens).toEqual(expected.addedTokens);
  expect(actual.tokenToId('a')).toBe(expected.tokenToId('a'));
}

function fails(bytes: Uint8Array, options: { backend: 'native' | 'js' }): unknown {
  try {
    Tokenizer.fromCompiled(bytes, options);
    return null;
  } catch (error) {
    return error;
  }
}

describeEachBackend('compiled tokenizers', (backend) => {
  const options = { backend };

  describe.each(['gpt2', 'llama3', 'llama2', 'deepseek_v3'])('%s', (name) => {
    it('are the same tokenizer', () => {
      const loaded = Tokenizer.fromFileSync(realTokenizerPath(name), options);
      const restored = Tokenizer.fromCompiled(loaded.compile(), options);
      expectSame(restored, loaded);
    });
  });

  it.each(['cl100k_base', 'o200k_harmony'])('are the same as the encoding %s', (name) => {
    const loaded = Tokenizer.forEncodingSync(name, options);
    expectSame(Tokenizer.fromCompiled(loaded.compile(), options), loaded);
  });

  it('are the same on the general path', () => {
    const loaded = Tokenizer.fromJSON(smallTokenizer(), options);
    expectSame(Tokenizer.fromCompiled(loaded.compile(), options), loaded);
  });

  it('take new tokens and are saved as others', () => {
    const loaded = Tokenizer.fromFileSync(realTokenizerPath('llama2'), options);
    const restored = Tokenizer.fromCompiled(loaded.compile(), options);
    for (const tokenizer of [loaded, restored]) tokenizer.addTokens(['world', { content: '<new>', lstrip: true }]);
    expectSame(restored, loaded);
    expect(JSON.stringify(restored.toJSON()) === JSON.stringify(loaded.toJSON())).toBe(true);
    expectSame(Tokenizer.fromCompiled(restored.compile(), options), loaded);
  });

  it('are refused if they are cut off anywhere', () => {
    const bytes = Tokenizer.fromJSON(smallTokenizer(), options).compile();
    for (let length = 0; length < bytes.length; length += length < 400 ? 1 : 97) {
      expect(fails(bytes.slice(0, length), options)).toMatchObject({ code: 'MALFORMED_FILE' });
    }
    expect(fails(Uint8Array.from([...bytes, 0]), options)).toMatchObject({ code: 'MALFORMED_FILE' });
  });

  it('are refused if a bit is wrong anywhere', () => {
    const bytes = Tokenizer.fromJSON(smallTokenizer(), options).compile();
    // The source's stamp is free to be anything, but the checksum covers it too.
    for (let at = 0; at < bytes.length; at += at < 400 ? 1 : 31) {
      bytes[at] ^= 1 << (at % 8);
      expect(fails(bytes, options)).toMatchObject({ code: 'MALFORMED_FILE' });
      bytes[at] ^= 1 << (at % 8);
    }
    expect(fails(bytes, options)).toBeNull();
  });

  it('do no more than throw if somebody forges the checksum', () => {
    const kernels = selectKernels(backend);
    const whole = Tokenizer.forEncodingSync('gpt2', options).compile();
    const { length } = whole;
    let opened = 0;
    for (let run = 0; run < 60; run++) {
      const bytes = whole.slice();
      // From one wrong byte to a thousand, in one place.
      const at = 64 + Math.floor(((length - 64) * run) / 60);
      for (let i = 0; i < 1 << (run % 11); i++) bytes[Math.min(at + i, length - 1)] ^= 0x80 | run;
      new DataView(bytes.buffer).setBigUint64(24, checksumOf(bytes, kernels), true);
      try {
        const tokenizer = Tokenizer.fromCompiled(bytes, options);
        tokenizer.encode('Hello, world! 12345 中文');
        tokenizer.encodeFull('Hello');
        opened++;
      } catch (error) {
        expect(error).toHaveProperty('message');
      }
    }
    // Damage within the tokens' bytes cannot be seen.
    expect(opened).toBeGreaterThan(0);
  }, 60_000);

  it('of another version are refused, and what is none', () => {
    const bytes = Tokenizer.fromJSON(smallTokenizer(), options).compile();
    const text = Buffer.from(bytes).indexOf('"merganser":"');
    bytes[text + 13] ^= 1;
    new DataView(bytes.buffer).setBigUint64(24, checksumOf(bytes, selectKernels(backend)), true);
    expect(fails(bytes, options)).toMatchObject({ code: 'MALFORMED_FILE', message: expect.stringContaining('compiled by merganser') });
    expect(fails(new Uint8Array(1000), options)).toBeInstanceOf(MerganserError);
  });

  it('can be read from any place in memory', () => {
    const bytes = Tokenizer.fromJSON(smallTokenizer(), options).compile();
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(Tokenizer.fromCompiled(shifted.subarray(3), options).encode('abcd')).toEqual(Uint32Array.of(8, 7));
  });
});

it('a compiled tokenizer of one backend is loaded by the others', () => {
  const loaded = Tokenizer.forEncodingSync('gpt2');
  expectSame(Tokenizer.fromCompiled(loaded.compile(), { backend: 'js' }), loaded);
  expectSame(Tokenizer.fromCompiled(Tokenizer.forEncodingSync('gpt2', { backend: 'js' }).compile()), loaded);
});
