/** Streams of text that is hard to cut: the ids of one call for every chunking, whichever of the ways finds a place. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { selectKernels } from '../../lib/backend/select';
import type { NewToken } from '../../lib/tokenizer/added-tokens';
import { EncodeStreamer } from '../../lib/tokenizer/encode-stream';
import { Engine } from '../../lib/tokenizer/engine';
import { encodeIds } from '../../lib/tokenizer/id-encoding';
import { readTokenizerJson } from '../../lib/tokenizer/load/tokenizer-json';
import { printable } from '../oracles/minimise';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { anyText } from '../oracles/strings';
import { describeEachBackend } from './backends';
import { samples } from './fuzz';

const token = (content: string, flags: Partial<NewToken> = {}): NewToken => ({
  content,
  special: true,
  singleWord: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  ...flags,
});

/** With white space in them, taking some, standing alone; one that is searched in normalized text, and reaches over pieces. */
const TOKENS: readonly NewToken[] = [
  token('<l>', { lstrip: true }),
  token('<r>', { rstrip: true }),
  token('word', { singleWord: true }),
  token('a b'),
  token('\n\n#'),
];
const NORMALIZED: readonly NewToken[] = [token('two words', { normalized: true, special: false }), token(' of', { normalized: true })];

/** What pre-tokenization, merges and added tokens may reach over. */
const FRAGMENTS = [
  ...['a', 'Ab', 'word', 'two words', 'a b', ' of', 'naïve', 'e\u0301', '\u0301', "'s", "'", "'LL", '’s', 'ſ'],
  ...[' ', '  ', '          ', '\t', '\n', '\n\n', '\n\n#', '\r', '\r\n', '\u00a0', '\u3000', '\u2028', '\u2581', '\u2581\u2581'],
  ...['1', '12', '123', '1234567', '٣', '½', '1,000.5', '\n1', '2\n3', '7 8'],
  ...['.', ',', '/', '//', '\n/', ',\n', '!!', '->', '<', '<|', '|>', '<l>', '<r>', ' <l> ', ' <r> ', '<|endoftext|>', '<s>', '</s>'],
  ...['中', '中文', '。', '。\n', 'カ', 'か\u3099', '한', '\u1112\u1161', 'й', 'Привет', 'न', 'नि', 'ำ'],
  // NFC puts a mark behind a letter here.
  ...['\u0958', '\u0958\n', '\ufb2a\r\n\t', '\u09dc \n'],
  ...['🦆', '👩\u200d👩\u200d👧', '🇩🇪', '\u{10ffff}', '\ufffd', '\0'],
];
const hardText = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 14, size: 'max' }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...FRAGMENTS), fc.nat(40)).map(([part, times]) => part.repeat(times)) },
  { weight: 1, arbitrary: anyText(['<|endoftext|>', '<s>', '<l>', '<r>'], 24) },
);
const TIMEOUT = 120_000;

interface Subject {
  readonly name: string;
  readonly tokens: readonly NewToken[];
  readonly prefixSpace?: true;
}

const SUBJECTS: readonly Subject[] = [
  ...['gpt2', 'gpt4', 'gpt4o', 'deepseek_v3', 'qwen3', 'command_r_plus', 'llama2', 'gemma'].map((name) => ({ name, tokens: [] })),
  ...['gpt2', 'gpt4o', 'qwen3', 'llama2', 'gemma'].map((name) => ({ name, tokens: TOKENS })),
  { name: 'gpt2', tokens: TOKENS, prefixSpace: true },
  { name: 'gpt2', tokens: NORMALIZED },
  { name: 'gemma', tokens: NORMALIZED },
];

function engineOf({ name, tokens, prefixSpace }: Subject, backend: 'native' | 'js'): Engine {
  const json = JSON.parse(readFileSync(realTokenizerPath(name), 'utf8')) as { pre_tokenizer: object };
  if (prefixSpace) json.pre_tokenizer = { ...json.pre_tokenizer, add_prefix_space: true };
  const definition = readTokenizerJson(json);
  definition.addedTokens.add(tokens);
  return new Engine(definition, selectKernels(backend));
}

/** The same bytes, cut at places that follow from `seed`. */
function chunked(bytes: Uint8Array, seed: number, mean: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let state = seed | 1;
  for (let start = 0; start < bytes.length;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const length = 1 + ((state >>> 8) % (2 * mean - 1));
    chunks.push(bytes.subarray(start, start + length));
    start += length;
  }
  return chunks;
}

/** Some bytes of a text are others, or gone. */
const damaged = fc.tuple(hardText, fc.array(fc.tuple(fc.nat(), fc.constantFrom(-1, 0x80, 0xc3, 0xe2, 0xf0, 0xff, 0x20)), { maxLength: 4 }));

function damage([text, changes]: readonly [string, ReadonlyArray<readonly [number, number]>]): Uint8Array {
  let bytes = new TextEncoder().encode(text);
  for (const [place, byte] of changes) {
    if (bytes.length === 0) break;
    const at = place % bytes.length;
    bytes = Uint8Array.from([...bytes.subarray(0, at), ...(byte < 0 ? [] : [byte]), ...bytes.subarray(at + 1)]);
  }
  return bytes;
}

describeEachBackend('cuts of streams', (backend) => {
  describe.each(SUBJECTS.map((subject) => [subject.name, subject.tokens.length, subject.prefixSpace === true, subject] as const))(
    '%s, %i tokens more, space in front: %s',
    (_name, _count, _prefixSpace, subject) => {
      let engine: Engine;
      beforeAll(() => void (engine = engineOf(subject, backend)), TIMEOUT);
      afterAll(() => engine.dispose());

      function expectSameIds(bytes: Uint8Array, seed: number, mean: number): void {
        const settings = engine.options.resolve({ allowedSpecial: 'all' });
        const streamer = new EncodeStreamer(engine, settings, 1);
        const ids = chunked(bytes, seed, mean).flatMap((chunk) => Array.from(streamer.push(chunk)));
        ids.push(...streamer.end());
        const text = printable(new TextDecoder().decode(bytes));
        expect([text, seed, mean, ids]).toEqual([text, seed, mean, Array.from(encodeIds(engine, bytes, undefined, settings))]);
      }

      test(
        'hard text',
        () => samples(hardText, 60).forEach((text, i) => expectSameIds(new TextEncoder().encode(text), i + 1, 1 + (i % 5))),
        TIMEOUT,
      );

      test(
        'letters that are rewritten with a mark behind them',
        () => {
          for (const letter of ['\u0958', '\u09dc', '\ufb2a']) {
            for (const space of ['\n\tb ', '\r\n', ' \n', '\tb\n'])
              for (let mean = 1; mean < 5; mean++) expectSameIds(new TextEncoder().encode(`a${letter}${space}`.repeat(6)), mean, mean);
          }
        },
        TIMEOUT,
      );

      test('malformed bytes', () => samples(damaged, 30).forEach((input, i) => expectSameIds(damage(input), i + 1, 1 + (i % 3))), TIMEOUT);
    },
  );
});
