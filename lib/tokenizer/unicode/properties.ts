/**
 * Unicode 16.0 properties as regular expressions name them. The host's own `\p{…}` is of whatever version the host has; these are of
 * the version that tiktoken 0.14 (fancy-regex) and Hugging Face tokenizers 0.23 (Oniguruma) use.
 */

import { CodePointSet } from './code-point-set';
import * as tables from './property-tables';
import { decodePartition, decodeSet } from './table-codec';
import type { PatternDialect } from '../pattern/ast';

/**
 * Where a shorthand stands: by itself, or between the brackets of a character class. Oniguruma takes the bare `\w` for code points below
 * U+0100 from a table that also holds `²³¹¼½¾`, but not the one in brackets.
 */
export type ShorthandPlace = 'bare' | 'bracket';

type SetSource = () => CodePointSet;

/** "Letter", "letter", "L-E_T T-E R" are one name (UAX #44, LM3). */
function loose(name: string): string {
  return name.replace(/[ _-]/g, '').toLowerCase();
}

function once(make: SetSource): SetSource {
  let set: CodePointSet | undefined;
  return () => (set ??= make());
}

function union(...sets: CodePointSet[]): CodePointSet {
  return sets.reduce((all, set) => all.union(set), CodePointSet.EMPTY);
}

/** Names of one kind of property, each with its set, made when asked for. */
class Namespace {
  private readonly entries: Array<readonly [names: string, source: SetSource]> = [];
  /** By loose name. Made when the first name is looked up: most programs ask few namespaces, and loading should not wait for all. */
  private index: Map<string, SetSource> | null = null;

  /** `names` are separated by spaces. */
  add(names: string, make: SetSource): void {
    this.entries.push([names, once(make)]);
    this.index = null;
  }

  /** One name (or several) per value of a partition; decoded together. `rest` names the value behind the last. */
  addPartition(values: readonly string[], runs: string, rest: string): void {
    let sets: CodePointSet[] | undefined;
    [...values, rest].forEach((names, value) => {
      if (names) this.add(names, () => (sets ??= decodePartition(runs, values.length + 1))[value]);
    });
  }

  find(name: string): CodePointSet | undefined {
    return (this.index ??= this.makeIndex()).get(loose(name))?.();
  }

  get(name: string): CodePointSet {
    const set = this.find(name);
    if (!set) throw new RangeError(`No Unicode property ${name}`);
    return set;
  }

  private makeIndex(): Map<string, SetSource> {
    const index = new Map<string, SetSource>();
    for (const [names, source] of this.entries) for (const name of names.split(' ')) index.set(loose(name), source);
    return index;
  }
}

const CATEGORY_GROUPS: ReadonlyArray<readonly [names: string, members: readonly string[]]> = [
  ['L Letter', ['Lu', 'Ll', 'Lt', 'Lm', 'Lo']],
  ['LC Cased_Letter', ['Lu', 'Ll', 'Lt']],
  ['M Mark Combining_Mark', ['Mn', 'Mc', 'Me']],
  ['N Number', ['Nd', 'Nl', 'No']],
  ['P Punctuation punct', ['Pc', 'Pd', 'Ps', 'Pe', 'Pi', 'Pf', 'Po']],
  ['S Symbol', ['Sm', 'Sc', 'Sk', 'So']],
  ['Z Separator', ['Zs', 'Zl', 'Zp']],
  ['C Other', ['Cc', 'Cf', 'Cn', 'Co', 'Cs']],
];

const categories = new Namespace();
categories.addPartition(tables.GENERAL_CATEGORIES, tables.GENERAL_CATEGORY_RUNS, '');
for (const [names, members] of CATEGORY_GROUPS) categories.add(names, () => union(...members.map((name) => categories.get(name))));

const scripts = new Namespace();
scripts.addPartition(tables.SCRIPTS, tables.SCRIPT_RUNS, 'Unknown Zzzz');

const scriptExtensions = new Namespace();
tables.SCRIPTS.forEach((names, i) => {
  scriptExtensions.add(names, () => scripts.get(names.split(' ')[0]).symmetricDifference(decodeSet(tables.SCRIPT_EXTENSIONS[i])));
});

const binary = new Namespace();
binary.add('Any', () => CodePointSet.ALL);
binary.add('ASCII', () => CodePointSet.of([0, 0x80]));
binary.add('Assigned', () => categories.get('Unassigned').complement());
for (const entry of tables.BINARY_PROPERTIES) {
  const [names, table] = entry.split('|') as [string, string];
  binary.add(names, () => decodeRelativeSet(table));
}

const blocks = new Namespace();
blocks.addPartition(tables.BLOCKS, tables.BLOCK_RUNS, 'No_Block');

/** A generated set: "name of a property:symmetric difference from it". */
export function decodeRelativeSet(table: string): CodePointSet {
  const [base, difference] = table.split(':') as [string, string];
  const set = decodeSet(difference);
  if (base === '') return set;
  return set.symmetricDifference(categories.find(base) ?? binary.get(base));
}

const ASCII_HEX_DIGITS = 'ASCII_Hex_Digit';

/** POSIX classes with Unicode meanings, as Oniguruma has them in brackets (`[[:alpha:]]`) and, but for `Punct`, as `\p{Alpha}`. */
const onigurumaPosix = new Namespace();
onigurumaPosix.add('alpha', () => binary.get('Alphabetic'));
onigurumaPosix.add('digit', () => categories.get('Nd'));
onigurumaPosix.add('alnum', () => union(binary.get('Alphabetic'), categories.get('Nd')));
onigurumaPosix.add('upper', () => binary.get('Uppercase'));
onigurumaPosix.add('lower', () => binary.get('Lowercase'));
onigurumaPosix.add('space', () => binary.get('White_Space'));
onigurumaPosix.add('blank', () => union(categories.get('Zs'), CodePointSet.of(0x09)));
onigurumaPosix.add('cntrl', () => categories.get('Cc'));
onigurumaPosix.add('punct', () => union(categories.get('P'), categories.get('S')));
onigurumaPosix.add('graph', () => union(binary.get('White_Space'), ...['Cc', 'Cn', 'Cs'].map((name) => categories.get(name))).complement());
onigurumaPosix.add('print', () => union(onigurumaPosix.get('graph'), categories.get('Zs')));
onigurumaPosix.add('xdigit', () => binary.get(ASCII_HEX_DIGITS));
onigurumaPosix.add('word', () => union(binary.get('Alphabetic'), ...['M', 'Nd', 'Pc'].map((name) => categories.get(name))));
onigurumaPosix.add('ascii', () => binary.get('ASCII'));

/** Rust's regex and fancy-regex know `[[:alpha:]]` for ASCII only. */
const asciiPosix = new Namespace();
asciiPosix.add('ascii', () => CodePointSet.of([0, 0x80]));
asciiPosix.add('digit', () => CodePointSet.of([0x30, 0x3a]));
asciiPosix.add('upper', () => CodePointSet.of([0x41, 0x5b]));
asciiPosix.add('lower', () => CodePointSet.of([0x61, 0x7b]));
asciiPosix.add('alpha', () => union(asciiPosix.get('upper'), asciiPosix.get('lower')));
asciiPosix.add('alnum', () => union(asciiPosix.get('alpha'), asciiPosix.get('digit')));
asciiPosix.add('word', () => union(asciiPosix.get('alnum'), CodePointSet.of(0x5f)));
asciiPosix.add('space', () => CodePointSet.of([0x09, 0x0e], 0x20));
asciiPosix.add('blank', () => CodePointSet.of(0x09, 0x20));
asciiPosix.add('cntrl', () => CodePointSet.of([0, 0x20], 0x7f));
asciiPosix.add('graph', () => CodePointSet.of([0x21, 0x7f]));
asciiPosix.add('print', () => CodePointSet.of([0x20, 0x7f]));
asciiPosix.add('punct', () => asciiPosix.get('graph').subtract(asciiPosix.get('alnum')));
asciiPosix.add('xdigit', () => binary.get(ASCII_HEX_DIGITS));

/** Names that mean something in one dialect only, or not the same in both. */
const onigurumaNames = new Namespace();
for (const name of ['Alnum', 'Alpha', 'Blank', 'Cntrl', 'Digit', 'Graph', 'Lower', 'Print', 'Space', 'Upper', 'XDigit', 'Word']) {
  onigurumaNames.add(name, () => onigurumaPosix.get(name));
}
onigurumaNames.add('PosixPunct', () => onigurumaPosix.get('punct'));
onigurumaNames.add('Unknown Zzzz', () => scripts.get('Unknown'));

const fancyNames = new Namespace();
fancyNames.add('Alnum', () => onigurumaPosix.get('alnum'));
fancyNames.add('Blank', () => onigurumaPosix.get('blank'));
fancyNames.add('Word', () => onigurumaPosix.get('word').union(binary.get('Join_Control')));
fancyNames.add('Print', () => categories.get('C').complement());
fancyNames.add('Graph', () => union(categories.get('C'), categories.get('Z')).complement());

const ONIGURUMA_BARE_WORD = [0xb2, 0xb3, 0xb9, 0xbc, 0xbd, 0xbe];
const onigurumaBareWord = once(() => onigurumaPosix.get('word').union(CodePointSet.of(...ONIGURUMA_BARE_WORD)));

/** `name=value` (or `name:value`) as Rust's regex takes them; Oniguruma knows no such form. */
function valuedProperty(property: string, value: string): CodePointSet | undefined {
  switch (loose(property)) {
    case 'gc':
    case 'generalcategory':
      return categories.find(value);
    case 'sc':
    case 'script':
      return scripts.find(value);
    case 'scx':
    case 'scriptextensions':
      return scriptExtensions.find(value);
    default:
      return undefined;
  }
}

function plainProperty(name: string): CodePointSet | undefined {
  const found = categories.find(name) ?? binary.find(name);
  if (found) return found;
  return /^(unknown|zzzz)$/.test(loose(name)) ? undefined : scripts.find(name);
}

/** Rust's regex knows these, Oniguruma does not. */
const UNKNOWN_TO_ONIGURUMA = new Set(['bidimirrored', 'bidim']);

function onigurumaProperty(name: string, place: ShorthandPlace): CodePointSet | undefined {
  const key = loose(name);
  if (UNKNOWN_TO_ONIGURUMA.has(key)) return undefined;
  if (key === 'word' && place === 'bare') return onigurumaBareWord();
  const found = onigurumaNames.find(key) ?? plainProperty(key);
  return found ?? (key.startsWith('in') ? blocks.find(key.slice(2)) : undefined);
}

function fancyProperty(name: string): CodePointSet | undefined {
  const valued = /^([^=:]+)[=:](.+)$/.exec(name);
  if (valued) return valuedProperty(valued[1], valued[2]);
  const key = loose(name);
  const found = fancyNames.find(key) ?? plainProperty(key);
  return found ?? (key.startsWith('is') ? plainProperty(key.slice(2)) : undefined);
}

/**
 * The set that `\p{name}` stands for: general categories (`L`, `Lu`, `Uppercase_Letter`), scripts (`Han`, `Hani`), binary properties
 * (`Alphabetic`, `Emoji`), POSIX names (`Alnum`); in Oniguruma also blocks (`InBasicLatin`), in fancy-regex also `sc=Han`, `scx=Han`,
 * `gc=L`. Case, spaces, `_` and `-` do not count.
 *
 * @param dialect Default 'oniguruma'. The dialects differ in few names: `Graph`, `Print`, `Word`.
 * @param place Default 'bare'. Matters for Oniguruma's `\p{Word}` alone.
 * @returns undefined if the dialect has no such property.
 */
export function unicodeProperty(
  name: string,
  dialect: PatternDialect = 'oniguruma',
  place: ShorthandPlace = 'bare',
): CodePointSet | undefined {
  return dialect === 'oniguruma' ? onigurumaProperty(name, place) : fancyProperty(name);
}

/** The set of `\w`, `\d`, `\s` or `\h` (a hexadecimal digit, in both dialects). The upper-case letters are the complements. */
export function shorthandClass(letter: 'w' | 'd' | 's' | 'h', dialect: PatternDialect, place: ShorthandPlace): CodePointSet {
  switch (letter) {
    case 'w':
      if (dialect === 'fancy-regex') return fancyNames.get('Word');
      return place === 'bare' ? onigurumaBareWord() : onigurumaPosix.get('word');
    case 'd':
      return categories.get('Nd');
    case 's':
      return binary.get('White_Space');
    case 'h':
      return binary.get(ASCII_HEX_DIGITS);
  }
}

/** The set of `[[:name:]]`, e.g. 'alpha'; undefined if there is no such class. */
export function posixBracket(name: string, dialect: PatternDialect): CodePointSet | undefined {
  if (!/^[a-z]+$/.test(name)) return undefined;
  return (dialect === 'oniguruma' ? onigurumaPosix : asciiPosix).find(name);
}
