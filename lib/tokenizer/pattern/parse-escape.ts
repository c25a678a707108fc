/** Escapes: what follows a backslash, outside brackets and inside. */

import { CodePointSet, MAX_CODE_POINT } from '../unicode/code-point-set';
import { shorthandClass, unicodeProperty } from '../unicode/properties';
import { neighbour, sequence, setNode } from './ast';
import type { PatternNode } from './ast';
import { textEndBeforeNewlines, TEXT_END, TEXT_START, wordBoundary } from './anchors';
import { foldCharacterSet } from './case-insensitive';
import type { ParserContext } from './parser-context';

const CONTROL: Readonly<Record<string, number>> = { t: 0x09, n: 0x0a, v: 0x0b, f: 0x0c, r: 0x0d, a: 0x07, e: 0x1b };
const NEWLINES = CodePointSet.of([0x0a, 0x0e], 0x85, 0x2028, 0x2029);
const NOT_NEWLINE = CodePointSet.of(0x0a).complement();
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Parses an escape outside brackets; the cursor stands before the backslash. */
export function parseEscape(context: ParserContext): PatternNode {
  const { reader } = context;
  const start = reader.index;
  reader.next();
  if (reader.atEnd) throw reader.error('ends with a backslash', start);
  const set = parseSetEscape(context, start, false);
  if (set !== null) return setNode(set);
  return (
    parseAssertionEscape(context, start) ?? parseReference(context, start) ?? context.literal(parseCharacterEscape(context, start, false))
  );
}

/** An escape inside brackets: a set or a single code point. The cursor stands before the backslash. */
export function parseClassEscape(context: ParserContext): CodePointSet | number {
  const { reader } = context;
  const start = reader.index;
  reader.next();
  if (reader.atEnd) throw reader.error('ends with a backslash', start);
  return parseSetEscape(context, start, true) ?? parseCharacterEscape(context, start, true);
}

/** `\d \s \w \h \p{…}` and their negations; the cursor stands behind the backslash and stays there if it is none of them. */
function parseSetEscape(context: ParserContext, start: number, inClass: boolean): CodePointSet | null {
  const { reader, dialect } = context;
  const place = inClass ? 'bracket' : 'bare';
  const shorthand = reader.match(/[dDsSwWhH]/y);
  if (shorthand) {
    const letter = shorthand[0];
    const set = shorthandClass(letter.toLowerCase() as 'd' | 's' | 'w' | 'h', dialect, place);
    return letter === letter.toLowerCase() ? set : set.complement();
  }
  const property = reader.match(/([pP])(?:\{(\^?)([^}]*)\}|([A-Za-z]))/y);
  if (!property) {
    if (/^[pP]\{/.test(reader.source.slice(reader.index, reader.index + 2))) throw reader.error('has a property without end', start);
    return null;
  }
  const [, letter, caret, name, single] = property;
  let set = unicodeProperty(name ?? single, dialect, place);
  if (set === undefined) throw reader.unsupported(`the property ${property[0]}`, start);
  // The Rust crates fold \p{…}, Oniguruma folds brackets only.
  if (dialect === 'fancy-regex' && context.flags.ignoreCase && !inClass) set = foldCharacterSet(set);
  return (letter === 'P') !== (caret === '^') ? set.complement() : set;
}

function parseAssertionEscape(context: ParserContext, start: number): PatternNode | null {
  const { reader, dialect } = context;
  const letter = reader.peek();
  const word = (): CodePointSet => shorthandClass('w', dialect, 'bare');
  const oniguruma = dialect === 'oniguruma';
  let node: PatternNode | null = null;
  let isAnchor = true;
  if (letter === 'A') node = TEXT_START;
  else if (letter === 'z') node = TEXT_END;
  else if (letter === 'Z') node = textEndBeforeNewlines(dialect, start);
  else if (letter === 'G') node = { kind: 'searchStart' };
  else if (letter === 'b' || letter === 'B') node = wordBoundary(word(), letter === 'B');
  else if (letter === '<' && !oniguruma)
    node = sequence([neighbour('before', word().complement(), true), neighbour('after', word(), false)]);
  else if (letter === '>' && !oniguruma)
    node = sequence([neighbour('before', word(), false), neighbour('after', word().complement(), true)]);
  else isAnchor = false;
  if (letter === 'R') node = generalNewline();
  else if (letter === 'N') node = setNode(NOT_NEWLINE);
  else if (letter === 'O') node = setNode(CodePointSet.ALL);
  else if ('KXyYg'.includes(letter) && (oniguruma || !'yY'.includes(letter))) throw reader.unsupported(`\\${letter}`, start);
  if (node === null) return null;
  reader.next();
  if (!oniguruma && (letter === 'b' || letter === 'B') && reader.match(/\{(?=[a-z])/y)) throw reader.unsupported(`\\${letter}{…}`, start);
  return isAnchor ? context.anchor(node) : node;
}

function generalNewline(): PatternNode {
  const crLf = sequence([setNode(CodePointSet.of(0x0d)), setNode(CodePointSet.of(0x0a))]);
  return { kind: 'atomic', body: { kind: 'alternation', alternatives: [crLf, setNode(NEWLINES)] } };
}

/** Back-references; the cursor stands behind the backslash. */
function parseReference(context: ParserContext, start: number): PatternNode | null {
  const { reader, dialect } = context;
  const digits = /[1-9][0-9]*/y;
  digits.lastIndex = reader.index;
  const number = digits.exec(reader.source)?.[0];
  if (number !== undefined) {
    const group = Number(number);
    // Oniguruma reads two or more digits as octal unless there are that many groups so far.
    if (dialect === 'oniguruma' && group > 9 && group > context.groupCount) return null;
    reader.index += number.length;
    context.numberedReferences.push({ group, position: start });
    return backReference(context, group, start);
  }
  if (reader.peek() !== 'k') return null;
  const named = reader.match(/k(?:<([^>]+)>|'([^']+)')/y);
  if (named === null) throw reader.error('has a \\k without a name', start);
  const name = named[1] ?? named[2];
  if (/^-?[0-9]+$/.test(name)) {
    const group = name.startsWith('-') ? context.groupCount + 1 + Number(name) : Number(name);
    if (group < 1) throw reader.error(`refers to group ${name}, which it does not have`, start);
    context.numberedReferences.push({ group, position: start });
    return backReference(context, group, start);
  }
  const group = context.groupNames.get(name);
  if (group === undefined) throw reader.error(`refers to the group ${JSON.stringify(name)}, which it does not have so far`, start);
  if (context.repeatedNames.has(name))
    throw reader.unsupported(`a reference to the name ${JSON.stringify(name)}, which several groups have`, start);
  return backReference(context, group, start);
}

function backReference(context: ParserContext, group: number, start: number): PatternNode {
  if (context.flags.ignoreCase) throw context.reader.unsupported('a back-reference that ignores case', start);
  if (context.openGroups.has(group)) throw context.reader.unsupported('a back-reference inside its own group', start);
  return { kind: 'backReference', group };
}

/** Escapes that stand for one character; the cursor stands behind the backslash. */
function parseCharacterEscape(context: ParserContext, start: number, inClass: boolean): number {
  const { reader, dialect } = context;
  const oniguruma = dialect === 'oniguruma';
  const hex = parseHexEscape(context, start);
  if (hex !== null) return hex;
  if (oniguruma) {
    const octal = reader.match(inClass ? /[0-7]{1,3}/y : /0[0-7]{0,2}|[1-7][0-7]{0,2}/y);
    if (octal) return byteEscape(context, parseInt(octal[0], 8), start);
    const braced = reader.match(/o\{([0-7]{1,11})\}/y);
    if (braced) return checkedCodePoint(context, parseInt(braced[1], 8), start);
    const control = reader.match(/(?:c|C-)([^\\])/y);
    if (control) return control[1] === '?' ? 0x7f : control[1].codePointAt(0)! & 0x9f;
    if (reader.match(/(?:c|C-|M-)/y)) throw reader.unsupported('this control escape', start);
  }
  const character = reader.next();
  if (character in CONTROL) return CONTROL[character];
  if (inClass && character === 'b') return 0x08;
  if (!oniguruma && /[A-Za-z0-9]/.test(character)) throw reader.error(`has the unknown escape \\${character}`, start);
  return character.codePointAt(0)!;
}

function parseHexEscape(context: ParserContext, start: number): number | null {
  const { reader, dialect } = context;
  const braced = reader.match(dialect === 'oniguruma' ? /x\{([0-9A-Fa-f]{1,8})\}/y : /[xuU]\{([0-9A-Fa-f]{1,8})\}/y);
  if (braced) return checkedCodePoint(context, parseInt(braced[1], 16), start);
  if (dialect === 'oniguruma') {
    if (reader.startsWith('x{')) throw reader.unsupported('this form of \\x{…}', start);
    const byte = reader.match(/x([0-9A-Fa-f]{0,2})/y);
    // Without digits it is NUL, and at the end of the pattern an x.
    if (byte) return byte[1] === '' && reader.atEnd ? 0x78 : byteEscape(context, parseInt(byte[1] || '0', 16), start);
  }
  const fixed = reader.match(dialect === 'oniguruma' ? /u([0-9A-Fa-f]{4})/y : /x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})/y);
  if (fixed) return checkedCodePoint(context, parseInt(fixed[1] ?? fixed[2] ?? fixed[3], 16), start);
  if (reader.startsWith('u') || (dialect === 'fancy-regex' && /[xU]/.test(reader.peek())))
    throw reader.error('has an incomplete hexadecimal escape', start);
  return null;
}

function checkedCodePoint(context: ParserContext, value: number, start: number): number {
  if (value > MAX_CODE_POINT || (value >= 0xd800 && value < 0xe000))
    throw context.reader.error(`names U+${value.toString(16)}, which is no character`, start);
  return value;
}

/** Oniguruma: `\xHH` and octal name bytes; bytes of one UTF-8 character stand together. */
function byteEscape(context: ParserContext, first: number, start: number): number {
  const { reader } = context;
  if (first < 0x80) return first;
  const bytes = [first];
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  while (bytes.length < length) {
    const more = reader.match(/\\(?:x([0-9A-Fa-f]{2})|([0-3][0-7]{2}))/y);
    if (more === null) break;
    bytes.push(more[1] === undefined ? parseInt(more[2], 8) : parseInt(more[1], 16));
  }
  try {
    return UTF8.decode(Uint8Array.from(bytes)).codePointAt(0)!;
  } catch {
    throw reader.error('names bytes that are no UTF-8 character', start);
  }
}
