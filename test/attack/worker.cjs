/** Runs in the worker threads of workers.test.ts. */
const { TextEncoder } = require('node:util');
const { parentPort, workerData } = require('node:worker_threads');
require('tsx/cjs');
const { Tokenizer } = require('../../lib/index.ts');

async function main() {
  const { path, backend, texts, forever } = workerData;
  const tokenizer = await Tokenizer.fromFile(path, { backend });
  if (forever) {
    const many = Array(200).fill(texts.join('\n'));
    // More than is copied at once.
    const large = new TextEncoder().encode(texts.join('\n').repeat(3000));
    const work = Promise.all([
      tokenizer.encodeBatch(many),
      tokenizer.encodeBatch(many),
      tokenizer.encodeAsync(many.join('\n')),
      tokenizer.encodeAsync(large),
    ]);
    parentPort.postMessage('under way');
    await work;
    return main();
  }
  const { values, offsets } = await tokenizer.encodeBatch(texts);
  parentPort.postMessage({
    sync: texts.map((text) => Array.from(tokenizer.encode(text))),
    async: texts.map((_, i) => Array.from(values.subarray(offsets[i], offsets[i + 1]))),
  });
}

void main();
