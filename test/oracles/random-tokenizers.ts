/** Random small tokenizer.json definitions: what real vocabularies hold by accident happens here on purpose. */
import fc from 'fast-check';

/** The printable character of each byte in byte-level vocabularies (GPT-2's `bytes_to_unicode`). */
const BYTE_CHARACTERS: readonly string[] = (() => {
  const characters: string[] = [];
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    characters.push(String.fromCharCode(printable ? byte : next++));
  }
  return characters;
})();

function byteCharacters(text: string): string[] {
  return Array.from(new TextEncoder().encode(text), (byte) => BYTE_CHARACTERS[byte]);
}

/** The characters that random texts are rich in. */
export const RANDOM_ALPHABET = [...'aaabbcd', ' ', 'é', '\u2581', '😀', '1', 'A', "'"];

/** Texts over the alphabet of the random tokenizers. */
export const randomAlphabetText: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: fc.constantFrom(...RANDOM_ALPHABET), maxLength: 24 }) },
  {
    weight: 2,
    arbitrary: fc.string({
      unit: fc.constantFrom(...RANDOM_ALPHABET, '\n', 'Ω', 'x', '<x>', 'ab', 'e\u0301', '\u212b', '\ud800'),
      maxLength: 24,
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('a', 'ab', ' ', 'aab', '😀', 'é'), fc.integer({ min: 1, max: 70 }))
      .map(([unit, count]) => unit.repeat(count)),
  },
);

/** One place in a word: without prefix at its beginning, with suffix at its end. */
interface Piece {
  readonly text: string;
  readonly first: boolean;
  readonly last: boolean;
}

interface Affixes {
  readonly prefix: string;
  readonly suffix: string;
}

function pieceName({ text, first, last }: Piece, { prefix, suffix }: Affixes): string {
  return `${first ? '' : prefix}${text}${last ? suffix : ''}`;
}

interface RandomModel {
  readonly vocab: Record<string, number>;
  readonly merges: Array<[string, string]>;
}

/** Merges two random pieces at a time; products may coincide, be unreachable, or come before their parts could exist. */
function modelOf(
  base: readonly string[],
  affixes: Affixes,
  choices: ReadonlyArray<readonly [number, number]>,
  extras: readonly string[],
  idSeed: number,
  holes: boolean,
): RandomModel {
  const hasPrefix = affixes.prefix !== '';
  const hasSuffix = affixes.suffix !== '';
  const pieces = new Map<string, Piece>();
  const add = (piece: Piece): void => void pieces.set(pieceName(piece, affixes), piece);
  for (const text of base) {
    for (const first of hasPrefix ? [true, false] : [true]) {
      for (const last of hasSuffix ? [true, false] : [false]) add({ text, first, last });
    }
  }
  const merges: Array<[string, string]> = [];
  for (const [leftChoice, rightChoice] of choices) {
    const all = [...pieces.values()];
    const lefts = all.filter((piece) => !piece.last);
    const rights = hasPrefix ? all.filter((piece) => !piece.first) : all;
    if (lefts.length === 0 || rights.length === 0) continue;
    const left = lefts[leftChoice % lefts.length];
    const right = rights[rightChoice % rights.length];
    if (left.text.length + right.text.length > 24) continue;
    add({ text: left.text + right.text, first: left.first, last: right.last });
    merges.push([pieceName(left, affixes), pieceName(right, affixes)]);
  }
  return { vocab: numbered([...new Set([...pieces.keys(), ...extras])], idSeed, holes), merges };
}

/** Ids in an order of their own, with holes if asked for. */
function numbered(tokens: readonly string[], seed: number, holes: boolean): Record<string, number> {
  const order = tokens.map((token, i) => ({ token, key: Math.imul(i + 1, seed | 1) >>> 0 })).sort((a, b) => a.key - b.key);
  const vocab: Record<string, number> = {};
  let id = 0;
  for (const { token, key } of order) {
    if (holes && key % 7 === 0) id += 1 + (key % 3);
    vocab[token] = id++;
  }
  return vocab;
}

const mergeChoices = fc.array(fc.tuple(fc.nat(10_000), fc.nat(10_000)), { maxLength: 40, size: 'max' });

const randomBytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);

/** Character models: unknown tokens, byte fallback, affixes. */
const characterModel = fc
  .record({
    base: fc.subarray([...new Set(RANDOM_ALPHABET)], { minLength: 2 }),
    choices: mergeChoices,
    extras: fc.subarray(['aa', 'abab', 'zz', 'é😀', ' a', '\u2581\u2581', 'aaaaaaaa']),
    affixes: fc.oneof(
      { weight: 3, arbitrary: fc.constant({ prefix: '', suffix: '' }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom({ prefix: '##', suffix: '' }, { prefix: '', suffix: '</w>' }, { prefix: '@', suffix: '</w>' }),
      },
    ),
    unk: fc.boolean(),
    fuseUnk: fc.boolean(),
    byteFallback: fc.boolean(),
    bytes: fc.constantFrom('all', 'some', 'none'),
    ignoreMerges: fc.boolean(),
    idSeed: fc.integer(),
    holes: fc.boolean(),
  })
  .map(({ base, choices, extras, affixes, unk, fuseUnk, byteFallback, bytes, ignoreMerges, idSeed, holes }) => {
    const byteTokens = bytes === 'all' ? randomBytes : bytes === 'some' ? randomBytes.slice(0x80, 0xf1) : [];
    const model = modelOf(base, affixes, choices, [...extras, ...byteTokens, ...(unk ? ['<unk>'] : [])], idSeed, holes);
    return {
      type: 'BPE',
      dropout: null,
      unk_token: unk ? '<unk>' : null,
      continuing_subword_prefix: affixes.prefix === '' ? null : affixes.prefix,
      end_of_word_suffix: affixes.suffix === '' ? null : affixes.suffix,
      fuse_unk: fuseUnk,
      byte_fallback: byteFallback,
      ignore_merges: ignoreMerges,
      ...model,
    };
  });

/** Byte-level models, now and then without some of the bytes. */
const byteLevelModel = fc
  .record({
    allBytes: fc.boolean(),
    seeds: fc.subarray(['a', 'b', 'c', 'd', ' ', 'é', '😀', '1', "'"], { minLength: 3 }),
    choices: mergeChoices,
    extras: fc.subarray(['aa', 'abab', 'Ġa', 'ĠĠ', 'Ã©', 'ðŁĺĢ', 'Ċ']),
    ignoreMerges: fc.boolean(),
    idSeed: fc.integer(),
    holes: fc.boolean(),
  })
  .map(({ allBytes, seeds, choices, extras, ignoreMerges, idSeed, holes }) => {
    const base = [...new Set(seeds.flatMap(byteCharacters))];
    const model = modelOf(base, { prefix: '', suffix: '' }, choices, [...extras, ...(allBytes ? BYTE_CHARACTERS : [])], idSeed, holes);
    return {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: ignoreMerges,
      ...model,
    };
  });

const CL100K =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const byteLevelPreTokenizer = fc.constantFrom<object>(
  { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
  {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: CL100K }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: CL100K }, behavior: 'Removed', invert: true },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: '[aé]+' }, behavior: 'MergedWithNext', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Digits', individual_digits: true },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    ],
  },
  {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Punctuation', behavior: 'Contiguous' },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      { type: 'Digits', individual_digits: false },
    ],
  },
);

const characterPreTokenizer = fc.constantFrom<object | null>(
  null,
  null,
  { type: 'Whitespace' },
  { type: 'WhitespaceSplit' },
  { type: 'BertPreTokenizer' },
  { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true },
  { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'first', split: false },
  { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'never', split: true },
  { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
  { type: 'Split', pattern: { Regex: 'b+|\\s' }, behavior: 'Contiguous', invert: false },
  { type: 'Split', pattern: { String: 'a' }, behavior: 'Removed', invert: false },
  { type: 'CharDelimiterSplit', delimiter: 'b' },
  { type: 'Punctuation', behavior: 'Isolated' },
  { type: 'FixedLength', length: 3 },
);

const normalizer = fc.constantFrom<object | null>(
  null,
  null,
  null,
  { type: 'NFC' },
  { type: 'NFKC' },
  { type: 'NFD' },
  { type: 'Lowercase' },
  { type: 'Prepend', prepend: '\u2581' },
  { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
  { type: 'Replace', pattern: { Regex: 'a+' }, content: 'b' },
  {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: '\u2581' },
      { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
    ],
  },
  { type: 'Strip', strip_left: true, strip_right: true },
);

const characterDecoder = fc.constantFrom<object | null>(
  null,
  { type: 'Fuse' },
  { type: 'ByteFallback' },
  { type: 'BPEDecoder', suffix: '</w>' },
  { type: 'WordPiece', prefix: '##', cleanup: true },
  { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true },
  {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
);

// No two that a normalizer makes the same: which of them is found then depends on the order of a hash map in the library.
const addedTokens = fc.uniqueArray(
  fc.record({
    content: fc.constantFrom('<x>', '<xy>', 'ab', 'A', ' a', 'é', 'b ', '<|end|>', '😀😀', 'aac'),
    special: fc.boolean(),
    single_word: fc.boolean(),
    lstrip: fc.boolean(),
    rstrip: fc.boolean(),
    normalized: fc.boolean(),
  }),
  { maxLength: 4, selector: (token) => token.content },
);

export interface RandomTokenizer {
  readonly model: RandomModel & Record<string, unknown>;
  readonly added_tokens: Array<Record<string, unknown>>;
  readonly [part: string]: unknown;
}

type RandomParts = {
  model: RandomModel & Record<string, unknown>;
  preTokenizer: object | null;
  normalizer: object | null;
  decoder: object | null;
  added: Array<Record<string, unknown>>;
};

function assemble({ model, preTokenizer, normalizer, decoder, added }: RandomParts): RandomTokenizer {
  // Hugging Face numbers new tokens from the count of the vocabulary on, whatever the file says; a file that says otherwise is odd for another test.
  let next = Object.keys(model.vocab).length;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map((token) => ({ id: model.vocab[token['content'] as string] ?? next++, ...token })),
    normalizer,
    pre_tokenizer: preTokenizer,
    post_processor: null,
    decoder,
    model,
  };
}

/** Tokenizers over bytes. */
export const byteLevelTokenizer: fc.Arbitrary<RandomTokenizer> = fc
  .record({
    model: byteLevelModel,
    preTokenizer: byteLevelPreTokenizer,
    normalizer,
    decoder: fc.constant({ type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true }),
    added: addedTokens,
  })
  .map((parts) => assemble(parts.added.length > 0 ? withoutHoles(parts) : parts));

/** Tokenizers over characters. */
export const characterTokenizer: fc.Arbitrary<RandomTokenizer> = fc
  .record({ model: characterModel, preTokenizer: characterPreTokenizer, normalizer, decoder: characterDecoder, added: addedTokens })
  .map((parts) => assemble(parts.added.length > 0 ? withoutHoles(parts) : parts));

/** Ids 0 … n − 1 in the order they had, so that added tokens get ids of their own. */
function withoutHoles(parts: RandomParts): RandomParts {
  const tokens = Object.entries(parts.model.vocab).sort(([, a], [, b]) => a - b);
  return { ...parts, model: { ...parts.model, vocab: Object.fromEntries(tokens.map(([token], id) => [token, id])) } };
}
