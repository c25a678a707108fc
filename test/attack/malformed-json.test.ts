/** Damaged tokenizer.json files: each must be refused with a stable code and a message that names what is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer } from '../../lib/index';
import { plain } from '../conformance/compare';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { smallTokenizer, type Definition } from './small-tokenizer';

function load(definition: unknown): unknown {
  return Tokenizer.fromJSON(typeof definition === 'string' ? definition : (definition as object), { backend: 'js' });
}

function failure(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (error) {
    return error;
  }
  return 'it was accepted';
}

test('the undamaged file loads', () => {
  const tokenizer = Tokenizer.fromJSON(smallTokenizer(), { backend: 'js' });
  expect(Array.from(tokenizer.encode('abcd'))).toEqual([8, 7]);
});

/** What is damaged, how, the code, and what the message must name. */
type Case = readonly [title: string, damage: (definition: Definition) => unknown, code: string, message: RegExp];

const set =
  (path: string, value: unknown) =>
  (definition: Definition): void => {
    const names = path.split('.');
    const last = names.pop()!;
    names.reduce((object, name) => object[name], definition)[last] = value;
  };

const remove =
  (path: string) =>
  (definition: Definition): void => {
    const names = path.split('.');
    const last = names.pop()!;
    delete names.reduce((object, name) => object[name], definition)[last];
  };

function nested(depth: number, innermost: unknown, wrap: (inner: unknown) => unknown): unknown {
  let value = innermost;
  for (let i = 0; i < depth; i++) value = wrap(value);
  return value;
}

const cyclicSequence = (type: string, children: string): object => {
  const sequence: Definition = { type };
  sequence[children] = [sequence];
  return sequence;
};

const cases: readonly Case[] = [
  ['no model', remove('model'), 'INVALID_TOKENIZER', /model/],
  ['model null', set('model', null), 'INVALID_TOKENIZER', /model/],
  ['model an array', set('model', []), 'INVALID_TOKENIZER', /model/],
  ['model a string', set('model', 'BPE'), 'INVALID_TOKENIZER', /model/],
  ['a version of the future', set('version', '2.0'), 'INVALID_TOKENIZER', /version/],

  ['no vocab', remove('model.vocab'), 'INVALID_TOKENIZER', /vocab/],
  ['vocab an array', set('model.vocab', ['a', 'b']), 'INVALID_TOKENIZER', /vocab/],
  ['vocab null', set('model.vocab', null), 'INVALID_TOKENIZER', /vocab/],
  ['vocab of strings', set('model.vocab.a', '1'), 'INVALID_TOKENIZER', /vocab\["a"\]/],
  ['negative id', set('model.vocab.a', -1), 'INVALID_TOKENIZER', /vocab\["a"\]/],
  ['fractional id', set('model.vocab.a', 1.5), 'INVALID_TOKENIZER', /vocab\["a"\]/],
  ['NaN id', set('model.vocab.a', Number.NaN), 'INVALID_TOKENIZER', /vocab\["a"\]/],
  ['infinite id', set('model.vocab.a', Number.POSITIVE_INFINITY), 'INVALID_TOKENIZER', /vocab\["a"\]/],
  ['enormous id', set('model.vocab.a', 2 ** 31), 'INVALID_TOKENIZER', /vocab\["a"\]/],
  ['id beyond 2^53', set('model.vocab.a', 1e300), 'INVALID_TOKENIZER', /vocab\["a"\]/],
  ['boolean id', set('model.vocab.a', true), 'INVALID_TOKENIZER', /vocab\["a"\]/],
  ['null id', set('model.vocab.a', null), 'INVALID_TOKENIZER', /vocab\["a"\]/],
  ['two tokens with one id', set('model.vocab.b', 1), 'INVALID_TOKENIZER', /"a" and "b" both have 1/],
  ['a lone surrogate in the vocabulary', set('model.vocab.\ud800', 9), 'INVALID_TOKENIZER', /ud800/],

  ['no merges', remove('model.merges'), 'INVALID_TOKENIZER', /merges/],
  ['merges an object', set('model.merges', {}), 'INVALID_TOKENIZER', /merges/],
  ['merge of an unknown left token', set('model.merges', ['x b']), 'INVALID_TOKENIZER', /merges\[0\].*"x"/],
  ['merge of an unknown right token', set('model.merges', ['a b', ['a', 'x']]), 'INVALID_TOKENIZER', /merges\[1\].*"x"/],
  ['merge with an unknown product', set('model.merges', ['a c']), 'INVALID_TOKENIZER', /merges\[0\].*"ac"/],
  ['merge of one token', set('model.merges', ['ab']), 'INVALID_TOKENIZER', /merges\[0\]/],
  ['merge of three tokens', set('model.merges', ['a b c']), 'INVALID_TOKENIZER', /merges\[0\]/],
  ['merge pair of three', set('model.merges', [['a', 'b', 'c']]), 'INVALID_TOKENIZER', /merges\[0\]/],
  ['merge pair of numbers', set('model.merges', [[1, 2]]), 'INVALID_TOKENIZER', /merges\[0\]/],
  ['merge null', set('model.merges', [null]), 'INVALID_TOKENIZER', /merges\[0\]/],
  ['merge with itself (its product is no token)', set('model.merges', [['a', 'a']]), 'INVALID_TOKENIZER', /merges\[0\].*"aa"/],

  ['unk_token that is no token', set('model.unk_token', '<nothing>'), 'INVALID_TOKENIZER', /unk_token.*<nothing>/],
  ['unk_token a number', set('model.unk_token', 0), 'INVALID_TOKENIZER', /unk_token/],
  ['fuse_unk a string', set('model.fuse_unk', 'yes'), 'INVALID_TOKENIZER', /fuse_unk/],
  ['byte_fallback a number', set('model.byte_fallback', 1), 'INVALID_TOKENIZER', /byte_fallback/],
  ['ignore_merges a string', set('model.ignore_merges', 'true'), 'INVALID_TOKENIZER', /ignore_merges/],
  ['dropout', set('model.dropout', 0.1), 'UNSUPPORTED', /dropout/],
  ['dropout above one', set('model.dropout', 2), 'INVALID_TOKENIZER', /dropout/],
  ['continuing_subword_prefix an array', set('model.continuing_subword_prefix', ['##']), 'INVALID_TOKENIZER', /continuing_subword_prefix/],

  ['a model of type WordPiece', set('model.type', 'WordPiece'), 'UNSUPPORTED', /WordPiece/],
  ['a model of type WordLevel', set('model.type', 'WordLevel'), 'UNSUPPORTED', /WordLevel/],
  ['a model of type Unigram', set('model.type', 'Unigram'), 'UNSUPPORTED', /Unigram/],
  ['a model of an unknown type', set('model.type', 'Quantum'), 'INVALID_TOKENIZER', /Quantum/],
  ['a model of type constructor', set('model.type', 'constructor'), 'INVALID_TOKENIZER', /constructor/],

  ['added_tokens an object', set('added_tokens', {}), 'INVALID_TOKENIZER', /added_tokens/],
  ['added token null', set('added_tokens', [null]), 'INVALID_TOKENIZER', /added_tokens\[0\]/],
  ['added token without content', remove('added_tokens.0.content'), 'INVALID_TOKENIZER', /added_tokens\[0\].*content/],
  ['added token without flags', remove('added_tokens.0.lstrip'), 'INVALID_TOKENIZER', /added_tokens\[0\].*lstrip/],
  ['added token with an enormous id', set('added_tokens.0.id', 2 ** 40), 'INVALID_TOKENIZER', /added_tokens\[0\].*id/],
  ['added token with the id of another token', set('added_tokens.0.id', 3), 'INVALID_TOKENIZER', /"<s>"/],
  [
    'two added tokens with one id',
    (d) => {
      d.added_tokens.push({ ...d.added_tokens[0], content: '<t>' });
    },
    'INVALID_TOKENIZER',
    /"<t>"/,
  ],

  ['an unknown normalizer', set('normalizer', { type: 'Shuffle' }), 'UNSUPPORTED', /Shuffle/],
  ['an unknown pre-tokenizer', set('pre_tokenizer', { type: 'Oracle' }), 'UNSUPPORTED', /Oracle/],
  ['an unknown post-processor', set('post_processor', { type: 'Polish' }), 'UNSUPPORTED', /Polish/],
  ['an unknown decoder', set('decoder', { type: 'Enigma' }), 'UNSUPPORTED', /Enigma/],
  ['a normalizer of type __proto__', set('normalizer', { type: '__proto__' }), 'UNSUPPORTED', /__proto__/],
  ['a decoder of type toString', set('decoder', { type: 'toString' }), 'UNSUPPORTED', /toString/],
  ['a normalizer without a type', set('normalizer', {}), 'INVALID_TOKENIZER', /normalizer/],
  ['a normalizer with a type of number', set('normalizer', { type: 7 }), 'INVALID_TOKENIZER', /normalizer/],
  ['a normalizer that is a string', set('normalizer', 'NFC'), 'INVALID_TOKENIZER', /normalizer/],
  ['an unknown normalizer in a sequence', set('normalizer.normalizers', [{ type: 'NFC' }, { type: 'Shuffle' }]), 'UNSUPPORTED', /Shuffle/],
  ['a sequence without members', set('normalizer', { type: 'Sequence' }), 'INVALID_TOKENIZER', /normalizer/],
  ['a sequence of null', set('pre_tokenizer', { type: 'Sequence', pretokenizers: [null] }), 'INVALID_TOKENIZER', /pre_?tokenizer/i],
  ['Replace without a pattern', set('normalizer', { type: 'Replace', content: 'x' }), 'INVALID_TOKENIZER', /pattern/],
  [
    'Replace with a pattern of both kinds of nothing',
    set('normalizer', { type: 'Replace', pattern: {}, content: 'x' }),
    'INVALID_TOKENIZER',
    /pattern/,
  ],
  ['Prepend of a number', set('normalizer', { type: 'Prepend', prepend: 1 }), 'INVALID_TOKENIZER', /prepend/],
  [
    'Precompiled of damaged base64',
    set('normalizer', { type: 'Precompiled', precompiled_charsmap: '!!!' }),
    'INVALID_TOKENIZER',
    /precompiled_charsmap/i,
  ],
  [
    'Precompiled with a trie longer than itself',
    set('normalizer', { type: 'Precompiled', precompiled_charsmap: Buffer.from([255, 255, 255, 127, 0, 0]).toString('base64') }),
    'INVALID_TOKENIZER',
    /precompiled_charsmap/i,
  ],

  ['Split with an unclosed group', set('pre_tokenizer.pretokenizers.0.pattern', { Regex: '(a' }), 'INVALID_PATTERN', /\(a/],
  ['Split with an unclosed class', set('pre_tokenizer.pretokenizers.0.pattern', { Regex: '[a' }), 'INVALID_PATTERN', /\[a/],
  ['Split with nothing to repeat', set('pre_tokenizer.pretokenizers.0.pattern', { Regex: '*a' }), 'INVALID_PATTERN', /\*a/],
  ['Split with an unknown property', set('pre_tokenizer.pretokenizers.0.pattern', { Regex: '\\p{Klingon}' }), 'INVALID_PATTERN', /Klingon/],
  ['Split with a reversed range', set('pre_tokenizer.pretokenizers.0.pattern', { Regex: '[z-a]' }), 'INVALID_PATTERN', /z-a/],
  ['Split with a trailing backslash', set('pre_tokenizer.pretokenizers.0.pattern', { Regex: 'a\\' }), 'INVALID_PATTERN', /a\\/],
  [
    'Split with parentheses ten thousand deep',
    set('pre_tokenizer.pretokenizers.0.pattern', { Regex: `${'('.repeat(10_000)}a${')'.repeat(10_000)}` }),
    'INVALID_PATTERN',
    /./,
  ],
  [
    'Split with a repetition of billions',
    set('pre_tokenizer.pretokenizers.0.pattern', { Regex: '(a{1000000}){1000000}' }),
    'INVALID_PATTERN',
    /1000000|large|long/,
  ],
  ['Split with an unknown behaviour', set('pre_tokenizer.pretokenizers.0.behavior', 'Vanish'), 'INVALID_TOKENIZER', /behavior/],
  ['Split without a pattern', remove('pre_tokenizer.pretokenizers.0.pattern'), 'INVALID_TOKENIZER', /pattern/],
  ['Split with a pattern of another kind', set('pre_tokenizer.pretokenizers.0.pattern', { Glob: '*' }), 'INVALID_TOKENIZER', /pattern/],
  ['Digits without its flag', remove('pre_tokenizer.pretokenizers.1.individual_digits'), 'INVALID_TOKENIZER', /individual_digits/],
  [
    'CharDelimiterSplit of two characters',
    set('pre_tokenizer', { type: 'CharDelimiterSplit', delimiter: 'ab' }),
    'INVALID_TOKENIZER',
    /delimiter/,
  ],
  [
    'Metaspace with an unknown scheme',
    set('pre_tokenizer', { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'sometimes' }),
    'INVALID_TOKENIZER',
    /prepend_scheme/,
  ],
  ['FixedLength of zero', set('pre_tokenizer', { type: 'FixedLength', length: 0 }), 'INVALID_TOKENIZER', /length/],
  ['FixedLength of a fraction', set('pre_tokenizer', { type: 'FixedLength', length: 1.5 }), 'INVALID_TOKENIZER', /length/],

  ['template without special_tokens', remove('post_processor.special_tokens'), 'INVALID_TOKENIZER', /special_tokens/],
  ['template that names a missing special token', set('post_processor.special_tokens', {}), 'INVALID_TOKENIZER', /<s>/],
  ['template with a third sequence', set('post_processor.single', [{ Sequence: { id: 'C', type_id: 0 } }]), 'INVALID_TOKENIZER', /single/],
  ['template with an unknown piece', set('post_processor.single', [{ Magic: {} }]), 'INVALID_TOKENIZER', /single/],
  ['template single a string of nothing known', set('post_processor.single', 7), 'INVALID_TOKENIZER', /single/],
  ['template with ids and tokens of different lengths', set('post_processor.special_tokens.<s>.ids', [8, 8]), 'INVALID_TOKENIZER', /<s>/],

  ['Strip that strips backwards', set('decoder', { type: 'Strip', content: ' ', start: -1, stop: 0 }), 'INVALID_TOKENIZER', /start/],
  ['Strip of a word', set('decoder', { type: 'Strip', content: 'ab', start: 1, stop: 0 }), 'INVALID_TOKENIZER', /content/],
  [
    'Replace decoder with a damaged regex',
    set('decoder', { type: 'Replace', pattern: { Regex: '[' }, content: '' }),
    'INVALID_PATTERN',
    /\[/,
  ],

  [
    'truncation to a fraction',
    set('truncation', { max_length: 1.5, strategy: 'LongestFirst', stride: 0, direction: 'Right' }),
    'INVALID_TOKENIZER',
    /max_length/,
  ],
  [
    'truncation by an unknown strategy',
    set('truncation', { max_length: 5, strategy: 'Random', stride: 0, direction: 'Right' }),
    'INVALID_TOKENIZER',
    /strategy/,
  ],
  [
    'truncation in an unknown direction',
    set('truncation', { max_length: 5, strategy: 'LongestFirst', stride: 0, direction: 'Up' }),
    'INVALID_TOKENIZER',
    /direction/,
  ],
  [
    'padding by an unknown strategy',
    set('padding', { strategy: 'Most', direction: 'Right', pad_to_multiple_of: null, pad_id: 0, pad_type_id: 0, pad_token: '[PAD]' }),
    'INVALID_TOKENIZER',
    /strategy/,
  ],
  [
    'padding with a negative id',
    set('padding', {
      strategy: 'BatchLongest',
      direction: 'Right',
      pad_to_multiple_of: null,
      pad_id: -1,
      pad_type_id: 0,
      pad_token: '[PAD]',
    }),
    'INVALID_TOKENIZER',
    /pad_id/,
  ],

  [
    'normalizers ten thousand deep',
    set(
      'normalizer',
      nested(10_000, { type: 'NFC' }, (inner) => ({ type: 'Sequence', normalizers: [inner] })),
    ),
    'INVALID_TOKENIZER',
    /normalizer/,
  ],
  ['a normalizer that holds itself', set('normalizer', cyclicSequence('Sequence', 'normalizers')), 'INVALID_TOKENIZER', /normalizer/],
  [
    'a pre-tokenizer that holds itself',
    set('pre_tokenizer', cyclicSequence('Sequence', 'pretokenizers')),
    'INVALID_TOKENIZER',
    /pre_?tokenizer/i,
  ],
  ['a decoder that holds itself', set('decoder', cyclicSequence('Sequence', 'decoders')), 'INVALID_TOKENIZER', /decoder/],
  [
    'a post-processor that holds itself',
    set('post_processor', cyclicSequence('Sequence', 'processors')),
    'INVALID_TOKENIZER',
    /post_?processor/i,
  ],
];

test.each(cases)('%s', (_title, damage, code, message) => {
  const definition = smallTokenizer();
  damage(definition);
  expect(failure(() => load(definition))).toMatchObject({ name: 'MerganserError', code, message: expect.stringMatching(message) });
});

describe('whole files', () => {
  const roots: ReadonlyArray<readonly [string, string, string]> = [
    ['empty', '', 'MALFORMED_FILE'],
    ['white space', ' \n\t', 'MALFORMED_FILE'],
    ['a number', '7', 'INVALID_TOKENIZER'],
    ['a string', '"tokenizer"', 'INVALID_TOKENIZER'],
    ['null', 'null', 'INVALID_TOKENIZER'],
    ['an array', '[]', 'INVALID_TOKENIZER'],
    ['an empty object', '{}', 'INVALID_TOKENIZER'],
    ['NUL bytes', '\0\0\0\0', 'MALFORMED_FILE'],
    ['JSON with comments', '// tokenizer\n{}', 'MALFORMED_FILE'],
    ['a trailing comma', '{"version":"1.0",}', 'MALFORMED_FILE'],
    ['two documents', '{}{}', 'MALFORMED_FILE'],
    ['NaN', JSON.stringify(smallTokenizer()).replace('"a":1', '"a":NaN'), 'MALFORMED_FILE'],
    ['Infinity', JSON.stringify(smallTokenizer()).replace('"a":1', '"a":Infinity'), 'MALFORMED_FILE'],
    ['1e999', JSON.stringify(smallTokenizer()).replace('"a":1', '"a":1e999'), 'INVALID_TOKENIZER'],
    ['brackets a hundred thousand deep', '['.repeat(100_000), 'MALFORMED_FILE'],
    ['balanced brackets a hundred thousand deep', '['.repeat(100_000) + ']'.repeat(100_000), 'INVALID_TOKENIZER'],
    ['an HTML page', '<!DOCTYPE html><html></html>', 'MALFORMED_FILE'],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n', 'MALFORMED_FILE'],
  ];

  test.each(roots)('%s', (_title, json, code) => {
    expect(failure(() => load(json))).toMatchObject({ name: 'MerganserError', code });
  });

  test('cut off after any byte', () => {
    const json = JSON.stringify(smallTokenizer());
    const accepted: number[] = [];
    for (let length = 0; length < json.length; length++) {
      const error = failure(() => load(json.slice(0, length)));
      if ((error as { code?: string }).code !== 'MALFORMED_FILE') accepted.push(length);
    }
    expect(accepted).toEqual([]);
  });

  test('any field removed, or replaced by something odd, is refused or harmless, and never a foreign error', () => {
    const odd = [null, true, -1, 1e999, '', 'x', [], [[]], {}, { type: 'x' }, '\ud800', 2 ** 53];
    const foreign: string[] = [];
    const attempt = (title: string, definition: Definition): void => {
      const error = failure(() => {
        (load(definition) as Tokenizer).encode('ab cd <s> 12 é');
      });
      if (error !== 'it was accepted' && (error as Error).name !== 'MerganserError') foreign.push(`${title}: ${String(error)}`);
      if ((error as { code?: string }).code === 'INTERNAL') foreign.push(`${title}: ${String(error)}`);
    };
    const walk = (value: unknown, path: string[]): void => {
      if (path.length > 0) {
        for (const replacement of [undefined, ...odd]) {
          const definition = smallTokenizer();
          const parent = path.slice(0, -1).reduce((object, name) => object[name], definition);
          if (replacement === undefined) delete parent[path.at(-1)!];
          else parent[path.at(-1)!] = replacement;
          attempt(`${path.join('.')} = ${JSON.stringify(replacement) ?? 'removed'}`, definition);
        }
      }
      if (typeof value === 'object' && value !== null) for (const [name, child] of Object.entries(value)) walk(child, [...path, name]);
    };
    walk(smallTokenizer(), []);
    expect(foreign).toEqual([]);
  });
});

describe('odd, but accepted by Hugging Face, and the same here', () => {
  const odd: ReadonlyArray<readonly [string, (definition: Definition) => void]> = [
    [
      'a merge of the empty token, whose product is its own part',
      (d) => {
        d['model'].vocab[''] = 8;
        d['model'].merges.unshift(['', 'a']);
        d['added_tokens'] = [];
        d['post_processor'] = null;
      },
    ],
    [
      'merges in a circle: each makes what another needs',
      (d) => {
        d['model'].merges = ['ab cd', 'c d', 'a b'];
      },
    ],
    [
      'a merge twice',
      (d) => {
        d['model'].merges = ['a b', 'c d', 'a b', 'ab cd'];
      },
    ],
    [
      'no merges at all',
      (d) => {
        d['model'].merges = [];
      },
    ],
    [
      'an empty vocabulary',
      (d) => {
        d['model'].vocab = {};
        d['model'].merges = [];
        d['model'].unk_token = null;
        d['added_tokens'] = [];
        d['post_processor'] = null;
      },
    ],
    [
      'holes in the ids',
      (d) => {
        d['model'].vocab = { '<unk>': 0, a: 100, b: 2, c: 3, d: 4, ab: 500, cd: 60, abcd: 70 };
        d['added_tokens'] = [];
        d['post_processor'] = null;
      },
    ],
    [
      'empty sequences',
      (d) => {
        d['normalizer'].normalizers = [];
        d['pre_tokenizer'].pretokenizers = [];
      },
    ],
  ];

  test.each(odd)('%s', async (_title, change) => {
    const definition = smallTokenizer();
    definition['model'].merges = [
      ['a', 'b'],
      ['c', 'd'],
      ['ab', 'cd'],
    ];
    change(definition);
    const texts = ['', 'a', 'abcd', 'abcdabcd xyz aacd', 'AB12cd', '<s>'];
    const expected = await HuggingFaceOracle.fromJson(definition).encodeBatch(texts);
    const tokenizer = Tokenizer.fromJSON(definition, { backend: 'js' });
    expect(texts.map((text) => plain(tokenizer.encodeFull(text)))).toEqual(expected);
  });
});

describe('prototype keys are tokens like others', () => {
  test('in the vocabulary, in added tokens and in templates', () => {
    const definition = smallTokenizer();
    for (const [i, name] of ['constructor', 'toString', 'hasOwnProperty', 'valueOf'].entries()) definition['model'].vocab[name] = 8 + i;
    const json = JSON.stringify(definition)
      .replace('"abcd":7', '"abcd":7,"__proto__":12')
      .replace(/"added_tokens":\[[^\]]*\]/, '"added_tokens":[]')
      .replace('"ids":[8]', '"ids":[0]');
    const tokenizer = Tokenizer.fromJSON(json, { backend: 'js' });
    expect(tokenizer.tokenToId('__proto__')).toBe(12);
    expect(tokenizer.tokenToId('constructor')).toBe(8);
    expect(tokenizer.tokenToId('isPrototypeOf')).toBeUndefined();
    expect(tokenizer.idToToken(12)).toBe('__proto__');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('a __proto__ at the top does not lend the file a model', () => {
    expect(failure(() => load(`{"__proto__": ${JSON.stringify(smallTokenizer())}}`))).toMatchObject({ code: 'INVALID_TOKENIZER' });
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'merganser-attack-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (name: string, contents: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, contents);
    return path;
  };

  test('a missing file, and a folder', async () => {
    await expect(Tokenizer.fromFile(join(folder, 'nothing.json'))).rejects.toMatchObject({
      name: 'MerganserError',
      code: 'NOT_FOUND',
      message: expect.stringContaining('nothing.json'),
    });
    await expect(Tokenizer.fromFile(folder)).rejects.toMatchObject({ name: 'MerganserError', code: 'NOT_FOUND' });
  });

  test('bytes that are not UTF-8', async () => {
    const path = write('latin1.json', Uint8Array.from([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]));
    await expect(Tokenizer.fromFile(path)).rejects.toMatchObject({
      name: 'MerganserError',
      code: 'MALFORMED_FILE',
      message: expect.stringContaining('latin1.json'),
    });
  });

  test('a truncated file is named with the place', async () => {
    const path = write('cut.json', JSON.stringify(smallTokenizer()).slice(0, 500));
    await expect(Tokenizer.fromFile(path)).rejects.toMatchObject({
      code: 'MALFORMED_FILE',
      message: expect.stringMatching(/cut\.json.*line 1, column \d+/s),
    });
  });

  test('an ordinary JSON file that is no tokenizer', async () => {
    await expect(Tokenizer.fromFile(join(process.cwd(), 'package.json'))).rejects.toMatchObject({
      name: 'MerganserError',
      code: 'INVALID_TOKENIZER',
    });
  });
});
