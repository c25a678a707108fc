import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { get_encoding } from 'tiktoken';
import { command, temporaryFolder } from './command';

const path = temporaryFolder();
const oracle = get_encoding('gpt2');
const GPT2 = ['-e', 'gpt2'];
const TEXT = 'Où est le canard? 🦆\nHere it is,\r\n\n  diving.';

afterAll(() => oracle.free());

/** The text as chunks that end anywhere, also inside characters. */
function chunksOf(text: string, size: number): Uint8Array[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

test('ids of standard input in every format', async () => {
  const ids = oracle.encode(TEXT);
  const stdin = chunksOf(TEXT, 3);
  expect((await command(['encode', ...GPT2], { stdin })).text).toBe(`${ids.join(' ')}\n`);
  expect((await command(['encode', ...GPT2, '--format', 'json', '-'], { stdin })).text).toBe(`[${ids.join(',')}]\n`);
  expect([...(await command(['encode', ...GPT2, '-f', 'u16'], { stdin })).stdout]).toEqual([
    ...new Uint8Array(Uint16Array.from(ids).buffer),
  ]);
  expect([...(await command(['encode', ...GPT2, '-f', 'u32'], { stdin })).stdout]).toEqual([
    ...new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength),
  ]);
});

test('a line of ids for each file, or for each line', async () => {
  writeFileSync(path('a.txt'), 'one two\nthree');
  writeFileSync(path('b.txt'), '');
  const ids = (text: string): string => oracle.encode(text).join(' ');
  expect((await command(['encode', ...GPT2, path('a.txt'), path('b.txt')])).text).toBe(`${ids('one two\nthree')}\n\n`);
  expect((await command(['encode', ...GPT2, '--lines'], { stdin: chunksOf('one two\r\n\nthree\n', 2) })).text).toBe(
    `${ids('one two')}\n\n${ids('three')}\n`,
  );
  expect((await command(['encode', ...GPT2, '-l', '-f', 'json'], { stdin: ['a\n\nb'] })).text).toBe(`[${ids('a')}]\n[]\n[${ids('b')}]\n`);
});

test.each(['text', 'json', 'u16', 'u32'])('decode gives back what encode took (%s)', async (format) => {
  const { stdout } = await command(['encode', ...GPT2, '-f', format], { stdin: [TEXT.repeat(50)] });
  const outcome = await command(['decode', ...GPT2, '-f', format], {
    stdin: Array.from({ length: Math.ceil(stdout.length / 7) }, (_, i) => stdout.subarray(7 * i, 7 * i + 7)),
  });
  expect(outcome).toMatchObject({ status: 0, stderr: '', text: TEXT.repeat(50) });
});

test('decode --lines ends every text', async () => {
  const texts = ['one', '', 'two 🦆'];
  const lines = texts.map((text) => `${oracle.encode(text).join(' ')}\n`).join('');
  expect((await command(['decode', ...GPT2, '--lines'], { stdin: [lines] })).text).toBe('one\n\ntwo 🦆\n');
  expect((await command(['decode', ...GPT2], { stdin: [lines] })).text).toBe('onetwo 🦆');
});

test('special tokens are refused, ordinary text, or themselves', async () => {
  const stdin = ['a<|endoftext|>'];
  expect(await command(['encode', ...GPT2], { stdin })).toMatchObject({
    status: 2,
    text: '',
    stderr: expect.stringMatching(/^merganser: .*\[DISALLOWED_SPECIAL\]\n$/),
  });
  expect((await command(['encode', ...GPT2, '--special', 'none'], { stdin })).text).toBe(`${oracle.encode(stdin[0], [], []).join(' ')}\n`);
  const recognised = `${oracle.encode(stdin[0], 'all').join(' ')}\n`;
  expect((await command(['encode', ...GPT2, '--special', 'all'], { stdin })).text).toBe(recognised);
  expect((await command(['encode', ...GPT2, '--special', '<|x|>,<|endoftext|>'], { stdin })).text).toBe(recognised);
  expect((await command(['decode', ...GPT2], { stdin: [recognised] })).text).toBe('a<|endoftext|>');
  expect((await command(['decode', ...GPT2, '--skip-special-tokens'], { stdin: [recognised] })).text).toBe('a');
});

test('a .tiktoken file with an encoding or a pattern', async () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => `${Buffer.from([byte]).toString('base64')} ${byte}\n`).join('');
  writeFileSync(path('bytes.tiktoken'), `${bytes}${Buffer.from('ab').toString('base64')} 256\n`);
  const file = ['-t', path('bytes.tiktoken')];
  expect((await command(['encode', ...file, '-e', 'gpt2'], { stdin: ['abc'] })).text).toBe('256 99\n');
  expect((await command(['encode', ...file, '--pattern', '.'], { stdin: ['abc'] })).text).toBe('97 98 99\n');
  expect(await command(['encode', ...file], { stdin: ['abc'] })).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('[INVALID_ARGUMENT]'),
  });
});

test('files appear whole or not at all', async () => {
  const output = path('ids.txt');
  writeFileSync(path('special.txt'), 'ab '.repeat(100_000) + '<|endoftext|>');
  const before = readdirSync(dirname(output));
  expect((await command(['encode', ...GPT2, '-o', output, path('special.txt')])).status).toBe(2);
  expect(readdirSync(dirname(output))).toEqual(before);
  expect(await command(['encode', ...GPT2, '-o', output], { stdin: ['ab'] })).toMatchObject({ status: 0, text: '' });
  expect(readFileSync(output, 'utf8')).toBe(`${oracle.encode('ab').join(' ')}\n`);
  expect((await command(['decode', ...GPT2, '-o', output], { stdin: ['1 x'] })).status).toBe(2);
  expect(readFileSync(output, 'utf8')).toBe(`${oracle.encode('ab').join(' ')}\n`);
  expect(await command(['encode', ...GPT2, '-o', path('missing/ids')], { stdin: ['ab'] })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('[NOT_FOUND]'),
  });
});

test('an interruption leaves no file', async () => {
  const interruption = new AbortController();
  const outcome = command(['encode', ...GPT2, '-o', path('interrupted')], { stdin: ['ab'], signal: interruption.signal });
  interruption.abort();
  expect((await outcome).status).not.toBe(0);
  expect(existsSync(path('interrupted'))).toBe(false);
});

test.each([
  ['text', '1 -2'],
  ['text', '4294967296'],
  ['json', '[1 2]'],
  ['json', '[1,]'],
  ['json', '1'],
  ['json', '[1'],
  ['json', '[[1]]'],
  ['u16', 'a\0b'],
  ['u32', '\0\0\0\0abc'],
])('ids that are not %s: %s', async (format, ids) => {
  expect(await command(['decode', ...GPT2, '-f', format], { stdin: [ids] })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('[MALFORMED_FILE]'),
  });
});

test('ids that do not fit into u16, raw ids on a terminal, unknown ids', async () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => `${Buffer.from([byte]).toString('base64')} ${byte === 65 ? 65536 : byte}\n`).join(
    '',
  );
  writeFileSync(path('large.tiktoken'), bytes);
  const large = ['-t', path('large.tiktoken'), '--pattern', '.'];
  expect(await command(['encode', ...large, '-f', 'u16'], { stdin: ['A'] })).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('65536'),
  });
  expect([...(await command(['encode', ...large, '-f', 'u32'], { stdin: ['A'] })).stdout]).toEqual([0, 0, 1, 0]);
  expect(await command(['encode', ...GPT2, '-f', 'u32'], { stdin: ['A'], isTTY: true })).toMatchObject({ status: 1, text: '' });
  expect(await command(['decode', ...GPT2], { stdin: ['60000'] })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('[UNKNOWN_TOKEN]'),
  });
});

test('malformed UTF-8 is replaced or refused', async () => {
  const stdin = [Uint8Array.of(0x61, 0xff)];
  expect((await command(['encode', ...GPT2], { stdin })).text).toBe(`${oracle.encode('a\ufffd').join(' ')}\n`);
  expect(await command(['encode', ...GPT2, '--invalid-utf8', 'error'], { stdin })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('[INVALID_UTF8]'),
  });
});
