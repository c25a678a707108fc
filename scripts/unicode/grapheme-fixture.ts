/**
 * Writes test/tokenizer/unicode/fixtures/grapheme-break-test.txt: Unicode 17.0's GraphemeBreakTest.txt, taken from the tests of the crate
 * unicode-segmentation 1.13.3, which carry it.
 *
 *   npx tsx scripts/unicode/grapheme-fixture.ts <the crate's tests/testdata/mod.rs>
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const TARGET = resolve(import.meta.dirname, '../../test/tokenizer/unicode/fixtures/grapheme-break-test.txt');
const HEADER = '# Unicode 17.0 GraphemeBreakTest.txt, from unicode-segmentation 1.13.3: one text a line, its clusters parted by ÷.\n';

const source = readFileSync(process.argv[2], 'utf8');
const graphemeTests = source.slice(source.indexOf('TEST_SAME'), source.indexOf('TEST_WORD'));

/** ("text", &["extended cluster", …] and perhaps the legacy clusters) */
const TEST = /\(\s*"[^"]*",\s*&\[([^\]]*)\]/g;

function clusters(list: string): string {
  const hex = (literal: string): string => [...literal.matchAll(/\\u\{([0-9a-f]+)\}/g)].map(([, digits]) => digits).join(' ');
  return [...list.matchAll(/"([^"]*)"/g)].map(([, literal]) => hex(literal)).join(' ÷ ');
}

const lines = [...graphemeTests.matchAll(TEST)].map(([, list]) => clusters(list));
writeFileSync(TARGET, `${HEADER}${lines.join('\n')}\n`);
console.log(`${lines.length} texts`);
