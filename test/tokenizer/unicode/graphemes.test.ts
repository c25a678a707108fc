import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codePoints, normalizeAll } from '../../../scripts/unicode/oracle';
import { graphemeEnd } from '../../../lib/tokenizer/unicode/graphemes';
import { SAMPLE } from './sample';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function clusters(text: string): string[] {
  const bytes = encoder.encode(text);
  const found: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = graphemeEnd(bytes, start);
    found.push(decoder.decode(bytes.subarray(start, end)));
    start = end;
  }
  return found;
}

const show = (text: string): string =>
  codePoints(text)
    .map((cp) => cp.toString(16))
    .join(' ');

it("passes Unicode's own tests", () => {
  const lines = readFileSync(join(__dirname, 'fixtures/grapheme-break-test.txt'), 'utf8').split('\n');
  const tests = lines.filter((line) => line !== '' && !line.startsWith('#'));
  expect(tests.length).toBeGreaterThan(700);
  for (const test of tests) {
    const text = String.fromCodePoint(...test.split(/[ ÷]+/).map((hex) => parseInt(hex, 16)));
    expect(clusters(text).map(show).join(' ÷ ')).toBe(test);
  }
});

/** A precompiled character map (a Darts trie) with one entry: `a` becomes `b`. */
function mapOfA(): string {
  const trie = new Uint32Array(0x200);
  const children = 0x100;
  const a = 'a'.charCodeAt(0);
  const leafDistance = 1;
  trie[0] = children << 10;
  trie[children ^ a] = (leafDistance << 10) | (1 << 8) | a;
  trie[children ^ a ^ leafDistance] = 2 ** 31;
  const size = Buffer.alloc(4);
  size.writeUInt32LE(trie.byteLength);
  return Buffer.concat([size, Buffer.from(trie.buffer), Buffer.from('b\0')]).toString('base64');
}

it('keeps with a letter what the Precompiled normalizer keeps with it', () => {
  // A cluster that begins with an entry of the map is replaced whole, so that of `a` and what belongs to it a `b` is left.
  const followers = SAMPLE.filter((cp) => cp !== 0x2603).map((cp) => String.fromCodePoint(cp));
  const results = normalizeAll(
    { type: 'Precompiled', precompiled_charsmap: mapOfA() },
    followers.map((follower) => `a${follower}`),
  );
  const theirs = followers.filter((_, i) => results[i] === 'b');
  expect(theirs.length).toBeGreaterThan(1000);
  expect(followers.filter((follower) => clusters(`a${follower}`).length === 1)).toEqual(theirs);
});
