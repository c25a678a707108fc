/** Damaged .tiktoken files, and vocab.json with merges.txt: each must be refused with a stable code. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer } from '../../lib/index';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** All single bytes, as real files begin. */
const SINGLE_BYTES = Array.from({ length: 256 }, (_, byte) => `${Buffer.from([byte]).toString('base64')} ${byte}\n`).join('');

const options = { pattern: '\\w+|\\W+', specialTokens: { '<|end|>': 300 }, backend: 'js' as const };

test('the undamaged file loads', async () => {
  const tokenizer = await Tokenizer.fromTiktoken(bytes(`${SINGLE_BYTES}YWI= 256\n`), options);
  expect(Array.from(tokenizer.encode('abc'))).toEqual([256, 99]);
});

const files: ReadonlyArray<readonly [string, string, string]> = [
  ['empty', '', 'MALFORMED_FILE'],
  ['base64 with characters outside the alphabet', `${SINGLE_BYTES}Y*I= 256\n`, 'MALFORMED_FILE'],
  ['base64 without its padding', `${SINGLE_BYTES}YWI 256\n`, 'MALFORMED_FILE'],
  ['base64 cut off', `${SINGLE_BYTES}Y 256\n`, 'MALFORMED_FILE'],
  ['a line without a rank', `${SINGLE_BYTES}YWI=\n`, 'MALFORMED_FILE'],
  ['a line of three fields', `${SINGLE_BYTES}YWI= 256 1\n`, 'MALFORMED_FILE'],
  ['a rank that is no number', `${SINGLE_BYTES}YWI= many\n`, 'MALFORMED_FILE'],
  ['a negative rank', `${SINGLE_BYTES}YWI= -1\n`, 'MALFORMED_FILE'],
  ['a fractional rank', `${SINGLE_BYTES}YWI= 256.5\n`, 'MALFORMED_FILE'],
  ['an empty rank', `${SINGLE_BYTES}YWI= \n`, 'MALFORMED_FILE'],
  ['an HTML page', '<!DOCTYPE html>\n<html>\n', 'MALFORMED_FILE'],
  ['an enormous rank', `${SINGLE_BYTES}YWI= 4294967296\n`, 'MALFORMED_FILE'],
  ['a rank twice', `${SINGLE_BYTES}YWI= 97\n`, 'INVALID_TOKENIZER'],
  ['a token twice', `${SINGLE_BYTES}YWI= 256\nYWI= 257\n`, 'INVALID_TOKENIZER'],
  ['a byte without a token', SINGLE_BYTES.replace('YQ== 97\n', ''), 'INVALID_TOKENIZER'],
  ['a rank that a special token has', `${SINGLE_BYTES}YWI= 300\n`, 'INVALID_TOKENIZER'],
];

test.each(files)('ranks: %s', async (_title, text, code) => {
  await expect(Tokenizer.fromTiktoken(bytes(text), options)).rejects.toMatchObject({ name: 'MerganserError', code });
});

const choices: ReadonlyArray<readonly [string, Record<string, unknown>, string]> = [
  ['neither encoding nor pattern', { specialTokens: {} }, 'INVALID_ARGUMENT'],
  ['an unknown encoding', { encoding: 'o900k' }, 'UNKNOWN_MODEL'],
  ['a pattern that is none', { pattern: '(' }, 'INVALID_PATTERN'],
  ['a pattern that is a number', { pattern: 7 }, 'INVALID_ARGUMENT'],
  ['a special token with a fraction for an id', { pattern: '.', specialTokens: { x: 0.5 } }, 'INVALID_ARGUMENT'],
  ['special tokens with one id', { pattern: '.', specialTokens: { '<a>': 300, '<b>': 300 } }, 'INVALID_TOKENIZER'],
];

test.each(choices)('options: %s', async (_title, wrong, code) => {
  await expect(Tokenizer.fromTiktoken(bytes(SINGLE_BYTES), { ...wrong, backend: 'js' } as never)).rejects.toMatchObject({
    name: 'MerganserError',
    code,
  });
});

test('names that are not known', async () => {
  for (const name of ['', 'gpt-none', 'constructor', '__proto__']) {
    await expect(Tokenizer.forModel(name)).rejects.toMatchObject({ name: 'MerganserError', code: 'UNKNOWN_MODEL' });
    await expect(Tokenizer.forEncoding(name)).rejects.toMatchObject({ name: 'MerganserError', code: 'UNKNOWN_MODEL' });
  }
});

describe('vocab.json and merges.txt', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'merganser-attack-'));
    writeFileSync(join(folder, 'vocab.json'), '{"a":0,"b":1,"ab":2}');
    writeFileSync(join(folder, 'merges.txt'), '#version: 0.2\na b\n');
    writeFileSync(join(folder, 'cut.json'), '{"a":0,"b"');
    writeFileSync(join(folder, 'array.json'), '["a","b"]');
    writeFileSync(join(folder, 'latin1.txt'), Uint8Array.from([0x61, 0x20, 0xe9, 0x0a]));
    writeFileSync(join(folder, 'three.txt'), 'a b c\n');
    writeFileSync(join(folder, 'unknown.txt'), 'a x\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const load = (vocab: string, merges: string): Promise<Tokenizer> =>
    Tokenizer.fromVocabMerges(join(folder, vocab), join(folder, merges), { backend: 'js' });

  test('the undamaged files load', async () => {
    expect(Array.from((await load('vocab.json', 'merges.txt')).encode('ab'))).toEqual([2]);
  });

  test.each([
    ['a cut vocabulary', 'cut.json', 'merges.txt', 'MALFORMED_FILE'],
    ['a vocabulary that is an array', 'array.json', 'merges.txt', 'MALFORMED_FILE'],
    ['a missing vocabulary', 'none.json', 'merges.txt', 'NOT_FOUND'],
    ['missing merges', 'vocab.json', 'none.txt', 'NOT_FOUND'],
    ['merges that are not UTF-8', 'vocab.json', 'latin1.txt', 'MALFORMED_FILE'],
    ['a merge of three', 'vocab.json', 'three.txt', 'INVALID_TOKENIZER'],
    ['a merge of an unknown token', 'vocab.json', 'unknown.txt', 'INVALID_TOKENIZER'],
  ])('%s', async (_title, vocab, merges, code) => {
    await expect(load(vocab, merges)).rejects.toMatchObject({ name: 'MerganserError', code });
  });
});
