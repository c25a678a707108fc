/**
 * Training gives what Python `tokenizers` gave: test/fixtures/training.json, written by scripts/python-oracle/training_fixture.py.
 * MERGANSER_TRAINING_CASES names another file of that script, for longer runs.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainBpe, type TrainingInput, type TrainingOptions } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';

interface Definition {
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly decoder: unknown;
  readonly model: { readonly merges: unknown[] };
}
interface Case {
  readonly seed: number;
  readonly texts: string[];
  readonly feeding: 'lines' | 'items';
  readonly options: {
    vocab_size: number;
    min_frequency: number;
    special_tokens?: string[];
    initial_alphabet?: string[];
    max_token_length?: number;
    limit_alphabet?: number;
  };
  readonly model?: { unk_token?: string; fuse_unk?: boolean; ignore_merges?: boolean };
  /** The 256 tokens of bytes are special ones there. */
  readonly byte_fallback?: boolean;
  readonly expected: Definition;
}

const file = process.env['MERGANSER_TRAINING_CASES'] ?? join(__dirname, '../fixtures/training.json');
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'merganser-test-'))));
afterAll(() => rm(folder, { recursive: true }));

async function inputOf({ seed, texts, feeding }: Case): Promise<TrainingInput> {
  if (feeding === 'items') return texts;
  const files = texts.map((_, i) => join(folder, `${seed}-${i}.txt`));
  await Promise.all(files.map((path, i) => writeFile(path, texts[i])));
  return { files };
}

function optionsOf(
  { options, model = {}, byte_fallback: byteFallback, feeding, expected }: Case,
  backend: 'native' | 'js',
): TrainingOptions {
  const { unk_token: unkToken, fuse_unk: fuseUnk, ignore_merges: ignoreMerges } = model;
  const specialTokens = [...(options.special_tokens ?? []), ...(unkToken === undefined ? [] : [unkToken])];
  return {
    backend,
    feeding,
    vocabSize: options.vocab_size,
    minFrequency: options.min_frequency,
    ...(specialTokens.length === 0 ? {} : { specialTokens }),
    ...(byteFallback ? { byteFallback } : {}),
    ...(unkToken === undefined ? {} : { unkToken }),
    ...(fuseUnk === undefined ? {} : { fuseUnk }),
    ...(ignoreMerges === undefined ? {} : { ignoreMerges }),
    ...(options.limit_alphabet === undefined ? {} : { limitAlphabet: options.limit_alphabet }),
    ...(options.initial_alphabet === undefined ? {} : { initialAlphabet: options.initial_alphabet }),
    ...(options.max_token_length === undefined ? {} : { maxTokenLength: options.max_token_length }),
    normalizer: expected.normalizer,
    preTokenizer: expected.pre_tokenizer,
    decoder: expected.decoder,
  };
}

/** Tokens of bytes are no added tokens here. */
function comparable(definition: Definition, { byte_fallback: byteFallback }: Case): unknown {
  return byteFallback ? definition.model : definition;
}

describeEachBackend('training as Hugging Face', (backend) => {
  test('the oracle merged something in most cases', () => {
    expect(cases.filter(({ expected }) => expected.model.merges.length > 0).length).toBeGreaterThan(cases.length / 2);
  });

  test.each(cases.map((entry) => [entry.seed, entry] as const))('seed %i', async (_, entry) => {
    const training = trainBpe(await inputOf(entry), optionsOf(entry, backend));
    const { merges } = entry.expected.model;
    // The reference takes a vocabulary without room for the alphabet, and text without words; nothing is merged then.
    const outcome = await training.then(
      (tokenizer) => comparable(JSON.parse(JSON.stringify(tokenizer.toJSON())) as Definition, entry),
      (error: Error) =>
        /vocabSize to be at least|no words/.test(error.message) && merges.length === 0
          ? comparable(entry.expected, entry)
          : Promise.reject(error),
    );
    expect(outcome).toEqual(comparable(entry.expected, entry));
  });
});
