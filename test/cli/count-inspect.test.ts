import { writeFileSync } from 'node:fs';
import { get_encoding } from 'tiktoken';
import { command, temporaryFolder } from './command';

const path = temporaryFolder();
const oracle = get_encoding('gpt2');
const GPT2 = ['-e', 'gpt2'];
const COLOUR = '\u001b[';

/** A model of letters that puts `<s>` before a text and knows bytes that are no letters. */
const LETTERS = {
  version: '1.0',
  added_tokens: [{ id: 2, content: '<s>', special: true, single_word: false, lstrip: false, rstrip: false, normalized: false }],
  normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
  pre_tokenizer: null,
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [2], tokens: ['<s>'] } },
  },
  decoder: { type: 'ByteFallback' },
  model: {
    type: 'BPE',
    byte_fallback: true,
    vocab: Object.fromEntries(
      ['a', '▁', '<s>', ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)].map(
        (token, id) => [token, id],
      ),
    ),
    merges: [],
  },
};

beforeAll(() => {
  writeFileSync(path('letters.json'), JSON.stringify(LETTERS));
  writeFileSync(path('a.txt'), 'one two three');
  writeFileSync(path('b.txt'), 'a b c d e f g h i j k l m');
});
afterAll(() => oracle.free());

test('count of files and in all, as wc', async () => {
  expect((await command(['count', ...GPT2], { stdin: ['one two'] })).text).toBe(`${oracle.encode('one two').length}\n`);
  expect((await command(['count', ...GPT2, path('a.txt'), path('b.txt')])).text).toBe(
    ` 3 ${path('a.txt')}\n13 ${path('b.txt')}\n16 total\n`,
  );
  const { text } = await command(['count', ...GPT2, '--json', path('a.txt')]);
  expect(JSON.parse(text)).toEqual({ files: [{ name: path('a.txt'), tokens: 3 }], total: 3 });
});

test('count --limit', async () => {
  expect(await command(['count', ...GPT2, '--limit', '16', path('a.txt'), path('b.txt')])).toMatchObject({ status: 0, stderr: '' });
  const over = await command(['count', ...GPT2, '--limit', '15', path('a.txt'), path('b.txt')]);
  expect(over).toMatchObject({ status: 1, stderr: 'merganser: There are more than 15 tokens.\n' });
  expect(over.text).toMatch(/≥\d+ total\n$/);
  const json = await command(['count', ...GPT2, '-n', '2', '--json', path('a.txt'), path('b.txt')]);
  expect(JSON.parse(json.text)).toMatchObject({ files: [{ name: path('a.txt') }], limit: 2, overLimit: true });
  expect((await command(['count', ...GPT2, '--limit', 'many'])).status).toBe(1);
});

test('inspect shows tokens with ids, offsets and bytes', async () => {
  const ids = oracle.encode('a🦆\n');
  const { text, status } = await command(['inspect', ...GPT2, 'a🦆\n']);
  expect(status).toBe(0);
  expect(text.split('\n')[0]).toBe('a|<0xF0><0x9F>|<0xA6>|<0x86>|\\n');
  expect(text.match(/^ *\d+(?= +\d+-)/gm)!.map(Number)).toEqual([...ids]);
  expect(text).toMatch(/^ *198 +3-4 {2}\\n$/m);
  expect(text).toMatch(/\n5 tokens, 6 bytes, 1.20 bytes per token\n$/);
});

test('inspect marks special tokens and shows tokens of byte fallback', async () => {
  const letters = ['-t', path('letters.json')];
  const { text } = await command(['inspect', ...letters, '--file', '-'], { stdin: ['a b'] });
  expect(text).toBe(
    '<s>|a|▁|<0x62>\n\n id  offsets  token\n  2      0-0  <s>  (special)\n  0      0-1  a\n  1      1-2  ▁\n101      2-3  <0x62>\n\n4 tokens, 3 bytes, 0.75 bytes per token\n',
  );
  const { text: json } = await command(['inspect', ...letters, '--json', '--no-add-special-tokens', 'b']);
  expect(JSON.parse(json)).toEqual({
    tokens: [{ id: 101, token: '<0x62>', shown: '<0x62>', offsets: [0, 1], byteOffsets: [0, 1], kind: 'text' }],
    bytes: 1,
  });
});

test('inspect lets no control characters through to the terminal', async () => {
  const { text } = await command(['inspect', ...GPT2, '\u001b[31m\u202e\\'], {});
  expect(text).not.toMatch(/[\u001b\u202e]/);
  expect(text).toContain('\\u{1b}');
});

test('colours on terminals, unless they are not wanted', async () => {
  const args = ['inspect', ...GPT2, 'one two'];
  expect((await command(args, { isTTY: true })).text).toContain(COLOUR);
  expect((await command(args, { isTTY: true, env: { NO_COLOR: '' } })).text).toContain(COLOUR);
  for (const setting of [{ isTTY: false }, { isTTY: true, env: { NO_COLOR: '1' } }])
    expect((await command(args, setting)).text).not.toContain(COLOUR);
  expect((await command([...args, '--no-color'], { isTTY: true })).text).not.toContain(COLOUR);
});

test('inspect without a text tells about the tokenizer', async () => {
  const { text } = await command(['inspect', '-t', path('letters.json'), '--backend', 'js']);
  expect(text).toMatch(
    /^model +BPE with byte fallback\nnormalizer +Replace\npre-tokenizer +none\npost-processor +TemplateProcessing\ndecoder +ByteFallback$/m,
  );
  expect(text).toMatch(/^special tokens +<s> 2\nbackend +js$/m);
  const json = await command(['inspect', ...GPT2, '--json']);
  expect(JSON.parse(json.text)).toMatchObject({ vocabSize: 50257, specialTokens: [{ content: '<|endoftext|>', id: 50256 }] });
});
