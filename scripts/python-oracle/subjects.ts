/** What the proof compares: each subject is one tokenizer, loaded by merganser and by the Python library that defines it. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer } from '../../lib/index';
import { REAL_TOKENIZERS, realTokenizerPath, TIKTOKEN_ENCODINGS, type TiktokenEncodingName } from '../../test/oracles/real-tokenizers';
import { readTiktokenRanks, TIKTOKEN_PATTERNS, tiktokenFile } from '../../test/oracles/tiktoken';

export interface Subject {
  readonly name: string;
  readonly kind: 'huggingface' | 'tiktoken';
  /** The oracle's `load` request. */
  readonly request: () => Record<string, unknown>;
  readonly load: (backend: 'native' | 'js') => Promise<Tokenizer>;
}

const huggingFace: Subject[] = REAL_TOKENIZERS.map(({ name }) => ({
  name,
  kind: 'huggingface',
  request: () => ({ op: 'load', name, kind: 'huggingface', path: realTokenizerPath(name) }),
  load: (backend) => Tokenizer.fromFile(realTokenizerPath(name), { backend }),
}));

const tiktoken: Subject[] = TIKTOKEN_ENCODINGS.map((encoding) =>
  tiktokenSubject(encoding, encoding, readTiktokenRanks(encoding).specialTokens),
);

/** The special tokens of o200k_harmony (tiktoken_ext/openai_public.py of tiktoken 0.14). */
const HARMONY_SPECIALS: Record<string, number> = {
  '<|endofprompt|>': 200018,
  '<|startoftext|>': 199998,
  '<|endoftext|>': 199999,
  '<|return|>': 200002,
  '<|constrain|>': 200003,
  '<|channel|>': 200005,
  '<|start|>': 200006,
  '<|end|>': 200007,
  '<|message|>': 200008,
  '<|call|>': 200012,
};
for (const id of [200000, 200001, 200004, 200009, 200010, 200011, ...Array.from({ length: 201088 - 200013 }, (_, i) => 200013 + i)]) {
  HARMONY_SPECIALS[`<|reserved_${id}|>`] = id;
}

function tiktokenSubject(name: string, ranks: TiktokenEncodingName, specialTokens: Record<string, number>): Subject {
  return {
    name: `tiktoken:${name}`,
    kind: 'tiktoken',
    request: () => {
      const path = join(mkdtempSync(join(tmpdir(), 'merganser-proof-')), `${name}.tiktoken`);
      writeFileSync(path, tiktokenFile(readTiktokenRanks(ranks).ranks));
      return { op: 'load', name: `tiktoken:${name}`, kind: 'tiktoken', path, pattern: TIKTOKEN_PATTERNS[ranks], specialTokens };
    },
    load: (backend) => Tokenizer.forEncoding(name, { backend }),
  };
}

export const SUBJECTS: readonly Subject[] = [...huggingFace, ...tiktoken, tiktokenSubject('o200k_harmony', 'o200k_base', HARMONY_SPECIALS)];
