/** Streams that look for a place to cut after every character: the ids of one call, and little held back. */
import { readFileSync } from 'node:fs';
import { selectKernels } from '../../lib/backend/select';
import type { NewToken } from '../../lib/tokenizer/added-tokens';
import { EncodeStreamer } from '../../lib/tokenizer/encode-stream';
import { Engine } from '../../lib/tokenizer/engine';
import { encodeIds } from '../../lib/tokenizer/id-encoding';
import { readTokenizerJson } from '../../lib/tokenizer/load/tokenizer-json';
import { printable } from '../oracles/minimise';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { anyText } from '../oracles/strings';
import { samples } from '../conformance/fuzz';
import { TEXT_SAMPLES } from '../conformance/texts';

const FLAGS: readonly NewToken[] = [
  { content: '<l>', special: true, singleWord: false, lstrip: true, rstrip: false, normalized: false },
  { content: '<r>', special: true, singleWord: false, lstrip: false, rstrip: true, normalized: false },
  { content: 'word', special: true, singleWord: true, lstrip: false, rstrip: false, normalized: false },
];

/** Memory is bounded for these kinds of text, so cuts must be found: at most this many bytes wait at the end of a sample. */
const MOST_HELD = 2_000;
const TIMEOUT = 60_000;

describe.each([
  ['gpt2', []],
  ['qwen3', []],
  ['deepseek_v3', []],
  ['llama2', []],
  ['gpt2', FLAGS],
  ['llama2', FLAGS],
])('%s with %j', (name, added) => {
  let engine: Engine;
  beforeAll(() => {
    const definition = readTokenizerJson(readFileSync(realTokenizerPath(name)));
    definition.addedTokens.add(added);
    engine = new Engine(definition, selectKernels('js'));
  }, TIMEOUT);
  afterAll(() => engine.dispose());

  function expectSameIds(text: string, step: number): void {
    const settings = engine.options.resolve({ allowedSpecial: 'all' });
    const streamer = new EncodeStreamer(engine, settings, 1);
    const ids: number[] = [];
    for (let start = 0; start < text.length; start += step) ids.push(...streamer.push(text.slice(start, start + step)));
    ids.push(...streamer.end());
    expect([printable(text), ids]).toEqual([printable(text), Array.from(encodeIds(engine, text, undefined, settings))]);
  }

  test(
    'any text',
    () => {
      const specials = engine.definition.addedTokens.list.slice(0, 8).map((token) => token.content);
      const texts = samples(anyText([...specials, ...added.map((token) => token.content), 'word', 'e\u0301', '  '], 24), 60);
      texts.forEach((text, i) => expectSameIds(text, 1 + (i % 7)));
    },
    TIMEOUT,
  );

  test(
    'natural text, decomposed and composed',
    () => {
      for (const { text } of TEXT_SAMPLES) {
        expectSameIds(text.slice(0, 400), 5);
        expectSameIds(text.slice(0, 400).normalize('NFD'), 9);
      }
    },
    TIMEOUT,
  );

  test(
    'little is held back',
    () => {
      const settings = engine.options.resolve({ allowedSpecial: 'all' });
      // Llama 2 puts a space before each text, so it can only be cut at spaces, which Chinese and Japanese have few of.
      const spaced = TEXT_SAMPLES.filter(({ text }) => name !== 'llama2' || text.split(' ').length > text.length / 12);
      for (const { text } of spaced) {
        const streamer = new EncodeStreamer(engine, settings);
        streamer.push(text);
        expect(new TextEncoder().encode(engine.tokenDecoder.decode(streamer.end(), true)).length).toBeLessThan(MOST_HELD);
      }
    },
    TIMEOUT,
  );
});
