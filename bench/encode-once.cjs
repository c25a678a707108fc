// One text in a fresh process, for command.ts: prints the number of tokens and the milliseconds of one call of the library on one thread, loading and reading not counted.
const { readFileSync } = require('node:fs');
const { performance } = require('node:perf_hooks');
const { Tokenizer } = require('../dist/index.cjs');

const [file, text, method] = process.argv.slice(2);
const tokenizer = Tokenizer.fromFileSync(file);
const bytes = readFileSync(text);
const start = performance.now();
const result = tokenizer[method](bytes, { allowedSpecial: 'none', addSpecialTokens: false });
const milliseconds = performance.now() - start;
console.log(method === 'count' ? result : result.length, milliseconds);
