/**
 * Makes dist/encodings/*.bin from the vocabularies in the dev dependency `tiktoken`, and proves that they are the published ones: each is
 * written out as the file that OpenAI publishes, whose SHA-256 must be the one in tiktoken's own source.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../lib/package-root';
import { parseRanksFile, sourceSha256, writeRanksFile } from '../lib/tokenizer/encodings/ranks-file';
import { gpt2MergesFile, tiktokenFile } from './published-vocabularies';

/** Source: tiktoken_ext/openai_public.py of tiktoken 0.14.0. */
const PUBLISHED_SHA256 = {
  r50k_base: '306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930',
  p50k_base: '94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069',
  cl100k_base: '223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7',
  o200k_base: '446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d',
};
/** GPT-2's vocab.bpe; that its ids are r50k's is what tiktoken asserts when it loads both of GPT-2's files. */
const GPT2_MERGES_SHA256 = '1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5';
const R50K_TOKENS = 50256;

/** One token per id; empty for ids without one. */
function readVocabulary(name: string): Uint8Array[] {
  const path = require.resolve(`tiktoken/encoders/${name}.json`);
  const { bpe_ranks: lines } = JSON.parse(readFileSync(path, 'utf8')) as { bpe_ranks: string };
  const tokens: Uint8Array[] = [];
  for (const line of lines.split('\n')) {
    const [, first, ...encoded] = line.split(' ');
    encoded.forEach((token, index) => (tokens[Number(first) + index] = Buffer.from(token, 'base64')));
  }
  return Array.from(tokens, (token) => token ?? new Uint8Array());
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

function verify(what: string, contents: string, expected: string): Buffer {
  const digest = sha256(contents);
  if (digest.toString('hex') !== expected) {
    throw new Error(`Expected ${what} to have the published SHA-256 ${expected}, but it has ${digest.toString('hex')}.`);
  }
  return digest;
}

function compact(tokens: readonly Uint8Array[], digest: Uint8Array): Uint8Array {
  const tokenOffsets = new Uint32Array(tokens.length + 1);
  tokens.forEach((token, id) => (tokenOffsets[id + 1] = tokenOffsets[id] + token.length));
  return writeRanksFile({ tokenBytes: Buffer.concat(tokens), tokenOffsets }, digest);
}

function isCurrent(path: string, digest: string): boolean {
  return existsSync(path) && sourceSha256(readFileSync(path)) === digest;
}

function build(): void {
  const folder = join(packageRoot(), 'dist', 'encodings');
  mkdirSync(folder, { recursive: true });
  for (const name of ['p50k_base', 'cl100k_base', 'o200k_base'] as const) {
    const path = join(folder, `${name}.bin`);
    if (isCurrent(path, PUBLISHED_SHA256[name])) continue;
    const tokens = readVocabulary(name);
    const file = compact(tokens, verify(`${name}.tiktoken`, tiktokenFile(tokens), PUBLISHED_SHA256[name]));
    parseRanksFile(file);
    if (name === 'p50k_base') {
      const r50k = tokens.slice(0, R50K_TOKENS);
      verify('r50k_base.tiktoken', tiktokenFile(r50k), PUBLISHED_SHA256.r50k_base);
      verify("GPT-2's vocab.bpe", gpt2MergesFile(r50k), GPT2_MERGES_SHA256);
    }
    writeFileSync(path, file);
    console.log(`dist/encodings/${name}.bin: ${tokens.length} ids, ${file.length} bytes, checksum verified`);
  }
}

build();
