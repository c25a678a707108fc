/** Prints how many megabytes a process grows by for each tokenizer that it loads from one compiled file and holds; run by held-loads.test.ts. */
require('tsx/cjs');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { setTimeout } = require('node:timers');
const { Tokenizer } = require('../../lib/index.ts');

const LOADS = 10;

function residentMegabytes() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().rss / 2 ** 20;
}

const cache = mkdtempSync(join(tmpdir(), 'merganser-held-'));
const held = [];

/** What was begun on other threads is over by then, or was never begun. */
async function load() {
  held.push(Tokenizer.forEncodingSync('o200k_base', { cache, backend: 'native' }));
  held.at(-1).encode('Hello');
  await new Promise((resolve) => setTimeout(resolve, 20));
}

async function main() {
  try {
    for (let i = 0; i < 3; i++) await load();
    const before = residentMegabytes();
    for (let i = 0; i < LOADS; i++) await load();
    console.log((residentMegabytes() - before) / LOADS);
  } finally {
    rmSync(cache, { recursive: true });
  }
}

void main();
