/** Real text under real tokenizers. */
import { readFileSync } from 'node:fs';
import { DynamicTokenizer, type MergeBoundary, Tokenizer } from '../../lib/index';
import { BYTE_CODE_POINTS } from '../../lib/tokenizer/byte-alphabet';
import { type BackendName, BACKENDS, describeEachBackend } from '../conformance/backends';
import { TEXT_SAMPLES } from '../conformance/texts';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { mergedTexts, MergeOracle } from './merge-oracle';

const MOST_CHARACTERS = 1500;
const MERGES = 200;

function linesOf(name: string): string[] {
  const { text } = TEXT_SAMPLES.find((sample) => sample.name === `${name}.txt`)!;
  return text
    .slice(0, MOST_CHARACTERS)
    .split(/(?<=\n)/u)
    .filter((line) => line.trim() !== '');
}

describe.each([
  ['gpt2', 'en', 'pretokens'],
  ['gpt4o', 'hi', 'pretokens'],
  ['deepseek_v3', 'markdown', 'pretokens'],
  ['gpt2', 'mixed', 'wordHyphen'],
  ['llama2', 'en', 'pretokens'],
  ['gemma3', 'fr', 'word'],
] as Array<[string, string, MergeBoundary]>)('%s on %s, %s', (name, sample, boundary) => {
  const path = realTokenizerPath(name);
  const definition = readFileSync(path, 'utf8');
  const byteLevel = !['llama2', 'gemma3'].includes(name);

  it.each(BACKENDS)("gives what the paper's rules give (%s)", async (backend) => {
    using tokenizer = Tokenizer.fromJSON(definition, { backend });
    using dynamic = new DynamicTokenizer(tokenizer, { boundary });
    const oracle = new MergeOracle(definition, tokenizer, byteLevel, boundary);
    const batch = await dynamic.encodeBatch(linesOf(sample), { merges: MERGES });
    const expected = oracle.merge(batch.base, { merges: MERGES });
    expect(expected.merges.length).toBeGreaterThan(10);
    expect(mergedTexts(batch, oracle)).toEqual(expected);
    expect(Array.from(batch.base.values)).toEqual(Array.from((await tokenizer.encodeBatch(linesOf(sample))).values));
  });
});

/** Subwords of the authors' own example (the README of their code), which are Mistral 7B's in byte-level form. */
const SUBWORDS = [
  '<s> ĠR ib on uc le op rote in Ġparticles Ġreg ulate Ġm R NA Ġstability . </s>',
  '<s> Ġm R NA Ġstability Ġis Ġmod ulated Ġby Ġrib on uc le op rote in Ġfactors . </s>',
].map((line) => line.split(' '));

/** A byte-level tokenizer with these subwords and no merges: they are given as ids. */
function subwordTokenizer(backend: BackendName): Tokenizer {
  const tokens = [...new Set([...String.fromCodePoint(...BYTE_CODE_POINTS), ...SUBWORDS.flat()])];
  const added = ['<s>', '</s>'].map((content) => ({
    id: tokens.indexOf(content),
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  }));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const definition = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: [] },
  };
  return Tokenizer.fromJSON(definition, { backend });
}

describeEachBackend("the authors' example", (backend) => {
  it('comes out as printed', () => {
    using tokenizer = subwordTokenizer(backend);
    using dynamic = new DynamicTokenizer(tokenizer);
    const values = Uint32Array.from(SUBWORDS.flat(), (token) => tokenizer.tokenToId(token)!);
    const offsets = Uint32Array.of(0, SUBWORDS[0].length, values.length);
    const batch = dynamic.mergeSync({ values, offsets }, { merges: 10 });
    const rows = [0, 1].map((i) =>
      Array.from(batch.values.subarray(batch.offsets[i], batch.offsets[i + 1]), (id) => batch.tokenString(id)).join(' '),
    );
    expect(batch.merges.length / 4).toBe(10);
    expect(rows).toEqual([
      '<s> ĠRibonucleoprotein Ġparticles Ġregulate ĠmRNA Ġstability . </s>',
      '<s> ĠmRNA Ġstability Ġis Ġmod ulated Ġby Ġrib onucleoprotein Ġfactors . </s>',
    ]);
  });

  // GPT-2's subwords are longer: four merges are enough, and more would join `Ġmod ulated`, as pairs that stand once are merged too.
  it('with places and words', () => {
    using tokenizer = Tokenizer.fromFileSync(realTokenizerPath('gpt2'), { backend });
    using dynamic = new DynamicTokenizer(tokenizer);
    const texts = [' Ribonucleoprotein particles regulate mRNA stability.', ' mRNA stability is modulated by ribonucleoprotein factors.'];
    const batch = dynamic.encodeBatchSync(texts, { merges: 4, alignment: true });
    const rows = [0, 1].map((i) =>
      Array.from(batch.values.subarray(batch.offsets[i], batch.offsets[i + 1]), (id) => batch.tokenString(id)).join(' '),
    );
    expect(rows).toEqual([
      'ĠRibonucleoprotein Ġparticles Ġregulate ĠmRNA Ġstability .',
      'ĠmRNA Ġstability Ġis Ġmod ulated Ġby Ġrib onucleoprotein Ġfactors .',
    ]);
    const places = Array.from({ length: batch.offsets[1] }, (_, i) =>
      texts[0].slice(batch.textOffsets![2 * i], batch.textOffsets![2 * i + 1]),
    );
    expect(places).toEqual(
      ['Ribonucleoprotein', ' particles', ' regulate', ' mRNA', ' stability', '.'].map((text, i) => (i === 0 ? ` ${text}` : text)),
    );
    expect(Array.from(batch.wordIds!.subarray(0, batch.offsets[1]))).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
