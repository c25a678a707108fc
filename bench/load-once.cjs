// One load in a fresh process, for load.ts: prints the milliseconds until the tokenizer has encoded its first words, modules not counted.
const { readFileSync } = require('node:fs');
const { performance } = require('node:perf_hooks');

const LOADERS = {
  merganser: (subject, cache) => {
    const { Tokenizer, backendInfo } = require('../dist/index.cjs');
    backendInfo();
    return () => {
      const options = cache === '' ? {} : { cache };
      const tokenizer = subject.endsWith('.json') ? Tokenizer.fromFileSync(subject, options) : Tokenizer.forEncodingSync(subject, options);
      return tokenizer.encode('Hello, world');
    };
  },
  tokenizers: (file) => {
    const { Tokenizer } = require('tokenizers');
    return async () => (await Tokenizer.fromFile(file).encode('Hello, world')).getIds();
  },
  tiktoken: (ranks) => {
    const { Tiktoken } = require('tiktoken');
    return () => {
      const { bpe_ranks, special_tokens, pat_str } = JSON.parse(readFileSync(ranks, 'utf8'));
      return new Tiktoken(bpe_ranks, special_tokens, pat_str).encode_ordinary('Hello, world');
    };
  },
  // Its vocabulary is a module.
  'gpt-tokenizer': (encoding) => () => require(`gpt-tokenizer/encoding/${encoding}`).encode('Hello, world'),
};

async function main() {
  const [loader, subject, cache] = process.argv.slice(2);
  const load = LOADERS[loader](subject, cache);
  const start = performance.now();
  await load();
  console.log(performance.now() - start);
}

main();
