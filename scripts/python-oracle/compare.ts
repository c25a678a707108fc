/**
 * The long proof: every real tokenizer against the Python libraries, on generated strings and on corpora.
 *
 *   npm run proof -- --strings 1000000 [--tokenizers gpt2,llama2] [--backend native,js] [--seed 1] [--corpus FOLDER] [--corpus-bytes 2000000]
 *
 * `--strings` is the number for each tokenizer and backend. One string in four is compared in full (tokens, offsets, words, masks, decoded
 * text), the others by their ids. The first difference of each subject is shrunk and printed; the exit status is then 1.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import type { Tokenizer } from '../../lib/index';
import type { Encoding } from '../../lib/tokenizer/types';
import { minimise, printable } from '../../test/oracles/minimise';
import { anyText, codePointBlocks, nastyStrings, wellFormed } from '../../test/oracles/strings';
import { PythonOracle } from './python-oracle';
import { SUBJECTS, type Subject } from './subjects';

const BATCH = 2000;
const FULL_ONE_IN = 4;
const CORPUS_CHUNK = 20_000;

const { values: options } = parseArgs({
  options: {
    strings: { type: 'string', default: '10000' },
    tokenizers: { type: 'string' },
    backend: { type: 'string', default: 'native,js' },
    seed: { type: 'string', default: '1' },
    corpus: { type: 'string' },
    'corpus-bytes': { type: 'string', default: '2000000' },
  },
});

interface Check {
  readonly title: string;
  readonly ours: (tokenizer: Tokenizer, texts: readonly string[]) => unknown[];
  readonly theirs: (oracle: PythonOracle, subject: Subject, texts: readonly string[]) => Promise<unknown[]>;
}

const asPython = (texts: readonly string[]): string[] => texts.map(wellFormed);

const IDS: Check = {
  title: 'ids',
  ours: (tokenizer, texts) => texts.map((text) => Array.from(tokenizer.encode(text, { addSpecialTokens: true, allowedSpecial: 'all' }))),
  theirs: (oracle, { name }, texts) => oracle.ask({ op: 'encode', name, texts: asPython(texts), allowedSpecial: 'all' }),
};

const NOTHING_ALLOWED: Check = {
  title: 'ids, special tokens as text',
  ours: (tokenizer, texts) => texts.map((text) => Array.from(tokenizer.encode(text, { allowedSpecial: 'none' }))),
  theirs: (oracle, { name }, texts) => oracle.ask({ op: 'encode', name, texts: asPython(texts), allowedSpecial: [] }),
};

const FULL: Check = {
  title: 'everything',
  ours: (tokenizer, texts) => texts.map((text) => comparable(tokenizer.encodeFull(text), text)),
  theirs: (oracle, { name }, texts) => oracle.ask({ op: 'full', name, texts: asPython(texts) }),
};

const DECODED: Check = {
  title: 'decoded text',
  ours: (tokenizer, texts) => texts.map((text) => tokenizer.decode(tokenizer.encode(text), { skipSpecialTokens: false })),
  theirs: async (oracle, { name }, texts) =>
    oracle.ask({ op: 'decode', name, batch: await oracle.ask({ op: 'encode', name, texts: asPython(texts) }), skipSpecialTokens: false }),
};

const DECODED_BYTES: Check = {
  title: 'decoded bytes',
  ours: (tokenizer, texts) =>
    texts.map((text) => Buffer.from(tokenizer.decodeBytes(tokenizer.encode(text, { allowedSpecial: 'all' }))).toString('base64')),
  theirs: async (oracle, { name }, texts) =>
    oracle.ask({ op: 'decode', name, batch: await oracle.ask({ op: 'encode', name, texts: asPython(texts), allowedSpecial: 'all' }) }),
};

/** Offsets in code points, as Python has them. */
function comparable(encoding: Encoding, text: string): unknown {
  const points = codePointIndex(text);
  return {
    ids: Array.from(encoding.ids),
    tokens: encoding.tokens,
    offsets: Array.from(encoding.offsets, (unit) => points[unit]),
    wordIds: Array.from(encoding.wordIds),
    sequenceIds: Array.from(encoding.sequenceIds),
    typeIds: Array.from(encoding.typeIds),
    specialTokensMask: Array.from(encoding.specialTokensMask),
    attentionMask: Array.from(encoding.attentionMask),
    overflowing: encoding.overflowing.map((part) => comparable(part, text)),
  };
}

/** Number of code points before each UTF-16 unit; −1 inside a pair. */
function codePointIndex(text: string): number[] {
  const index: number[] = [];
  let points = 0;
  for (const character of text) {
    index.push(points++);
    if (character.length === 2) index.push(-1);
  }
  index.push(points);
  return index;
}

/** True if all is well. */
async function compare(
  oracle: PythonOracle,
  subject: Subject,
  tokenizer: Tokenizer,
  texts: readonly string[],
  check: Check,
): Promise<boolean> {
  const expected = await check.theirs(oracle, subject, texts);
  const received = answers(check, tokenizer, texts);
  const at = expected.findIndex((value, i) => JSON.stringify(value) !== JSON.stringify(received[i]));
  if (at < 0) return true;
  const differs = async (text: string): Promise<boolean> =>
    JSON.stringify((await check.theirs(oracle, subject, [text]))[0]) !== JSON.stringify(answers(check, tokenizer, [text])[0]);
  const text = await minimise(texts[at], differs);
  console.log(`  DIFFERS in ${check.title}: ${printable(text)}`);
  console.log(`    expected ${JSON.stringify((await check.theirs(oracle, subject, [text]))[0]).slice(0, 1000)}`);
  console.log(`    received ${JSON.stringify(answers(check, tokenizer, [text])[0]).slice(0, 1000)}`);
  return false;
}

function answers(check: Check, tokenizer: Tokenizer, texts: readonly string[]): unknown[] {
  try {
    return check.ours(tokenizer, texts);
  } catch {
    return texts.map((text) => {
      try {
        return check.ours(tokenizer, [text])[0];
      } catch (error) {
        return `threw ${String(error)}`;
      }
    });
  }
}

function* batches(subject: Subject, specials: readonly string[], count: number, seed: number): Generator<string[]> {
  yield nastyStrings(specials.slice(0, 8));
  const codePoints = [...codePointBlocks(64), ...codePointBlocks(64, 'a'), ...codePointBlocks(64, ' ')];
  for (let i = 0; i < codePoints.length; i += BATCH) yield codePoints.slice(i, i + BATCH);
  const arbitrary = anyText(specials);
  for (let done = 0, round = 0; done < count; done += BATCH, round++) {
    yield fc.sample(arbitrary, { numRuns: Math.min(BATCH, count - done), seed: seed + round * 7919 + subject.name.length });
  }
}

function corpusTexts(): string[] {
  const folder = options.corpus;
  if (folder === undefined) return [];
  const bytes = Number(options['corpus-bytes']);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .flatMap((name) => {
      const text = readFileSync(join(folder, name)).subarray(0, bytes).toString('utf8');
      return Array.from({ length: Math.ceil(text.length / CORPUS_CHUNK) }, (_, i) => text.slice(i * CORPUS_CHUNK, (i + 1) * CORPUS_CHUNK));
    });
}

async function prove(oracle: PythonOracle, subject: Subject, backend: 'native' | 'js', corpus: readonly string[]): Promise<boolean> {
  const tokenizer = await subject.load(backend);
  const started = Date.now();
  let strings = 0;
  let ok = true;
  const run = async (texts: string[], checks: readonly Check[]): Promise<void> => {
    for (const check of checks) ok = ok && (await compare(oracle, subject, tokenizer, texts, check));
    strings += texts.length;
  };
  const all = subject.kind === 'tiktoken' ? [IDS, NOTHING_ALLOWED, DECODED_BYTES] : [IDS, NOTHING_ALLOWED, FULL, DECODED];
  const specials = tokenizer.addedTokens.map((token) => token.content);
  let round = 0;
  for (const texts of batches(subject, specials, Number(options.strings), Number(options.seed))) {
    await run(texts, round++ % FULL_ONE_IN === 0 ? all : [IDS]);
    if (!ok) break;
  }
  for (let i = 0; ok && i < corpus.length; i += 100) await run(corpus.slice(i, i + 100), [IDS]);
  tokenizer.dispose();
  console.log(
    `${ok ? 'equal  ' : 'FAILED '} ${subject.name} (${backend}): ${strings.toLocaleString('en')} texts in ${((Date.now() - started) / 1000).toFixed(0)} s`,
  );
  return ok;
}

async function main(): Promise<void> {
  const oracle = PythonOracle.start();
  console.log('oracles', await oracle.ask({ op: 'versions' }), 'seed', options.seed);
  const chosen = options.tokenizers?.split(',');
  const corpus = corpusTexts();
  let ok = true;
  for (const subject of SUBJECTS.filter(({ name }) => !chosen || chosen.includes(name))) {
    await oracle.ask(subject.request());
    for (const backend of options.backend.split(',') as Array<'native' | 'js'>) ok = (await prove(oracle, subject, backend, corpus)) && ok;
  }
  oracle.stop();
  process.exitCode = ok ? 0 : 1;
}

void main();
