/** Strings that tokenizers get wrong, and fast-check arbitraries over all of Unicode with weights towards the borders of classes. */
import fc from 'fast-check';

/** White space and what looks like it: every `\s` of the regex engines, and neighbours that are not. */
const SPACES = '\t\n\u000b\u000c\r\u001c\u001f \u0085\u00a0\u1680\u180e\u2000\u2003\u2007\u2008\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff';

/** Characters at which tokenizers change their minds. */
const BORDERS = [
  ...`aAzZ09_'"-./\\<>|[]{}()@#$%^&*+=~\`!?,:;`,
  ...'ſKÅıİßẞǅʼn’ªº²½①Ⅷⅷ٣५〇一丁龥龦\u9fff가힣\u1100\u1161\u11a8あアｱ゛ー々',
  ...'é\u0301\u0308\u0323\u0345\u093c\u094d\u0e31\u0e33\u05b0\u064b\u20dd\u3099\ua66f\ufe0f\u{e0100}',
  ...'\u{1d400}\u{1d7ce}\u{1f600}\u{1f1e9}\u{1f1ea}\u{1f3fd}\u{20000}\u{2a6df}\u{323af}\u{323b0}\u{e0067}\u{f0000}\u{10ffff}',
  ...'\u0000\u0001\u007f\u0080\u00ad\u034f\u061c\u200c\u200d\u200e\u202e\u2581\u2800\ud7ff\ue000\ufdd0\ufffd\uffff\ua7ce\u10d6b\u08c9',
];

const FRAGMENTS = [
  "'s", "'S", "'ſ", "'ll", "'LL", "'re", "'Ve", "'d", "'M", "'t", "''", "'s's", 'ing', ' the', 'The', 'HTTPResponse', 'iPhone', '\r\n', '\n\n', '\r\r\n', '  ', '    ', '\t\t',
  ' \n', '\n ', '123', '1234', '12345678', '3.14', '1,000', '\u2581', '\u2581\u2581', '\u2581the', ' \u2581', '<s>', '</s>', '<unk>', '<0x0A>', '<0x', '<|endoftext|>', '<|endoftext', '|>', '<|', '<bos>',
  '<pad>', '<start_of_turn>', '[INST]', '<|im_start|>', '<|begin_of_text|>', '//', '/*', '*/', '->', '!=', '===', '----', '你好', '世界', 'こんにちは', '안녕', 'Привет', 'नमस्ते', 'สวัสดี', 'مرحبا', 'שלום',
  '👩‍👩‍👧‍👦', '👍🏽', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '❤️', 'e\u0301', '\u1112\u1161\u11ab', 'ﬁ', '㎏', '\ud800', '\udc00', 'http://a.b/c?d=e#f', 'foo_bar', 'a\u0000b',
];

const codePoint = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 0x7ff }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
  { weight: 1, arbitrary: fc.integer({ min: 0x10000, max: 0x3ffff }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0x10ffff }) },
);

/** A run of characters that are of a kind, so that class borders fall between runs and inside them. */
const run: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...FRAGMENTS) },
  { weight: 4, arbitrary: fc.constantFrom(...BORDERS) },
  { weight: 3, arbitrary: fc.constantFrom(...SPACES) },
  { weight: 2, arbitrary: codePoint.map((value) => String.fromCodePoint(value)) },
  { weight: 2, arbitrary: fc.string({ unit: fc.constantFrom(...'abcdeinorstABCXYZ'), minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...BORDERS, ...SPACES), fc.integer({ min: 2, max: 20 })).map(([character, count]) => character.repeat(count)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);

/** Any string, lone surrogates included. */
export function anyText(extraFragments: readonly string[] = [], maxRuns = 16): fc.Arbitrary<string> {
  const part = extraFragments.length === 0 ? run : fc.oneof({ weight: 6, arbitrary: run }, { weight: 1, arbitrary: fc.constantFrom(...extraFragments) });
  return fc.array(part, { maxLength: maxRuns, size: 'max' }).map((parts) => parts.join(''));
}

/** The string as libraries without lone surrogates receive it: each is U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** One string per trap; `specials` are the tokenizer's own special tokens. */
export function nastyStrings(specials: readonly string[] = []): string[] {
  const allAscii = Array.from({ length: 128 }, (_, i) => String.fromCharCode(i)).join('');
  const allLatin = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('');
  const nearMisses = specials.flatMap((token) => [
    token, `a${token}b`, ` ${token} `, `${token}${token}`, token.slice(0, -1), token.slice(1), `${token.slice(0, -1)} ${token.slice(-1)}`,
    token.toUpperCase(), `\n${token}\n`, `${token.slice(0, -1)}${token}`, `é${token}e\u0301`, `\u2581${token}\u2581`,
  ]);
  return [
    '', ' ', '  ', '\n', '\r\n', '\t', '\u0000', '\u00a0', '\u2581', '\u2581\u2581', ' \u2581 ', 'a\u2581b', '\ufeff', '\ufeffa', 'a\ufeff', allAscii, allLatin,
    SPACES, [...SPACES].join('a'), `${SPACES}${SPACES}`, [...SPACES].join('\n'),
    '\ud800', '\udfff', 'a\ud83d', '\ude00a', '\ud83d\ud83d\ude00\ude00', '\u{1f600}', '\u0000\u0000', 'a\u0000', '\u007f\u0080\u009f',
    "don't DON'T DON\u2019T it'ſ IT'ſ 'ſ'S'll'LL'lL we'ven't x'", "'", "''", "'''s", " 's", "a'", "a's's", "1's", "\n's",
    '1', '12', '123', '1234', '12345', '1234567890', '١٢٣٤٥', '१२३४', '１２３４', '½⅓Ⅷ①', '1a2b3c', '1 2 3', ' 1', '  1', '1.5e-10', '0x1F', '\u{1d7ce}\u{1d7cf}\u{1d7d0}\u{1d7d1}',
    'e\u0301', 'é', 'a\u0301\u0302\u0303\u0304\u0305\u0306', `Z${'\u0310'.repeat(40)}algo`, '\u0301', '\u0301\u0301', ' \u0301', 'क\u094d\u200dष', '\u0e01\u0e33\u0e49', '\u1100\u1161\u11a8\u1112\u1161\u11ab', '\u1100', '\u11a8\u1161', '가각힣',
    '\u0344\u0958\u2126\u212b\ufb01\ufdfa\u3300\u{1d15e}\u{2f800}', 'q\u0307\u0323', 'q\u0323\u0307', '\u1e9b\u0323', '\u0f71\u0f72\u0f74', '\u00c5\u212b\u0041\u030a', '\u0390\u1fd3',
    '👩‍👩‍👧‍👦', '👨🏽‍🚀🧑🏿‍🤝‍🧑🏻', '🇩🇪🇫🇷🇯', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '1️⃣#️⃣', '❤️‍🔥', '☺︎☺️', '\u200d\u200d', '\ufe0f\ufe0f',
    'שלום עולם', 'مَرْحَبًا بِالعَالَم', '\u202eabc\u202c', '\u2067x\u2069', 'ภาษาไทย', 'မြန်မာ', 'ខ្មែរ', 'བོད་ཡིག', 'ꦧꦱꦗꦮ', '𐎀𐎁𐎂', '𝕳𝖊𝖑𝖑𝖔', '𠮷𪚥', '丁龥龦鿿㐀䶿', 'ぁゖ゙゚ゝゟ゠ヿㇰｦﾟ',
    'aB', 'AB', 'ABc', 'AbC', 'aBcD', 'ABCdef', 'ǅǈ', 'ʰʱ', 'AʰB', 'aªº', 'ⒶⓐⅠⅰ', 'ßẞſ', 'iİıI', 'A\u0301B', 'a\u0301B',
    'foo\r\nbar\rbaz\nqux\r\r\n\n', ' \n \n ', '\n \n', 'a \n', 'a\n ', 'a\n\n', 'a  \n  b', '\n\n\n\n', ' \r \n ', 'a\u2028b\u2029c', '\u0085\n\u0085', '\r\u000b\u000c\n',
    '   a', 'a   ', 'a   b', '    return', '\t\treturn', ' \t a', '\u3000a', 'a\u3000', '\u3000\u3000', '\u00a0\u00a0a', ' \u00a0', '\u00a0 ', 'a\u200bb', '\u200b',
    '!', '!!', ' !', '! ', '!\n', '!\n\n', ' !\r\n', '!/', '!//\n/', '//\r\n', '...', '…', '---', '==>', '<|>', '<s', '</s', '<unk', '{{', '#!/bin/sh', '\\n\\t', '¡¿', '«»„“”', '、。「」', '￥＄', '₿', '©®™', '∀∂∈ℝ', '→⇒',
    '<0x41>', '<0xFF>', '<0x00>', '\u{10ffff}', '\uffff\ufffe', '\ufdd0', '\u{1fffe}', '\ue000', '\u{f0000}', '\ufffd\ufffd', '\ud7ff\ue000',
    'a'.repeat(300), ' '.repeat(300), '\n'.repeat(300), '1'.repeat(301), "'".repeat(100), 'é'.repeat(200), '你'.repeat(200), '🙂'.repeat(100), 'ab'.repeat(150), ' a'.repeat(150), '\u0301'.repeat(100),
    `${' '.repeat(100)}a`, `${'\n'.repeat(50)}a`, `a${' '.repeat(100)}`, `${'a'.repeat(200)}b`, '\u2581'.repeat(50), "'s".repeat(50), '!\n'.repeat(50), '\r\n'.repeat(60), ' \n'.repeat(60), '\u200d'.repeat(30), '\ud800'.repeat(10),
    specials.join(''), specials.join(' '), ...nearMisses,
  ];
}

/** Every code point up to `last`, in blocks: `block` code points to a string, joined by `joiner`. Surrogates stand as lone ones. */
export function* codePointBlocks(block = 256, joiner = '', last = 0x10ffff): Generator<string> {
  for (let start = 0; start <= last; start += block) yield codePointRange(start, start + block > last ? last + 1 : start + block).join(joiner);
}

function codePointRange(start: number, end: number): string[] {
  // One global looked up for each range: inside Jest every look-up of a global costs microseconds.
  const { fromCodePoint } = String;
  const characters: string[] = [];
  for (let value = start; value < end; value++) characters.push(fromCodePoint(value));
  return characters;
}

let many: string[] | undefined;

/** The planes with alphabets, beside their neighbours and between letters, and a sample of the others; the long proof has every code point. */
export function manyCodePoints(): string[] {
  const highPlanes = (): string[] => [...codePointBlocks(64)].slice(0x20000 / 64).filter((_, block) => block % 61 === 0);
  return (many ??= [...codePointBlocks(64, '', 0x1ffff), ...codePointBlocks(64, 'a', 0xffff), ...highPlanes()]);
}
