/**
 * Prints by how many megabytes the process grows while a tokenizer encodes text that is new all the time; run by cache-bytes.test.ts.
 * Arguments: backend, cacheBytes, 'encode' or 'encodeFull', pieces.
 */
require('tsx/cjs');
const { Tokenizer } = require('../../lib/index.ts');

const [backend, cacheBytes, method, pieces] = process.argv.slice(2);

/** Words of 6 to 21 letters, each another, and every twentieth too long for the cache's tables. */
function text(first, count) {
  return Array.from({ length: count }, (_, i) => {
    const letters = ((first + i) * 2_654_435_761).toString(36).replace(/\d/g, (digit) => 'qzxjvkwygb'[Number(digit)]);
    return ` ${letters.repeat(i % 20 === 0 ? 6 : 1 + (i % 2))}`;
  }).join('');
}

function residentMegabytes() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().rss / 2 ** 20;
}

const AT_A_TIME = 5000;
const tokenizer = Tokenizer.forEncodingSync('cl100k_base', { backend, cacheBytes: Number(cacheBytes) });
tokenizer[method](text(0, AT_A_TIME));
const before = residentMegabytes();
for (let first = AT_A_TIME; first < Number(pieces); first += AT_A_TIME) tokenizer[method](text(first, AT_A_TIME));
console.log(residentMegabytes() - before);
