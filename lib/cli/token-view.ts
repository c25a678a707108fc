/** How tokens are shown to people: escaped, coloured, in a table. */
import type { Encoding, Tokenizer } from '../index';

export type TokenKind = 'text' | 'added' | 'special';

export interface ShownToken {
  readonly id: number;
  /** The token's text, made printable: `<0xHH>` for bytes that are no characters, escapes for what a terminal would not show. */
  readonly shown: string;
  /** start, end in the text, in UTF-16 units. */
  readonly offsets: readonly [number, number];
  readonly kind: TokenKind;
}

const SPACE_TOKEN = 'Ġ';
const MALFORMED = '\ufffd';
const UNPRINTABLE = /[\\\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

export function shownTokens(tokenizer: Tokenizer, encoding: Encoding): ShownToken[] {
  const added = new Map(tokenizer.addedTokens.map((token) => [token.id, token.special ? 'special' : 'added'] as const));
  const isByteLevel = hasByteTokens(tokenizer);
  return Array.from(encoding.ids, (id, index) => {
    const kind: TokenKind = added.get(id) ?? (encoding.specialTokensMask[index] === 1 ? 'special' : 'text');
    const shown = isByteLevel && kind === 'text' ? showBytes(tokenizer.decodeBytes([id])) : escape(encoding.tokens[index]);
    return { id, shown, offsets: [encoding.offsets[2 * index], encoding.offsets[2 * index + 1]], kind };
  });
}

/** Whether tokens are bytes in GPT-2's printable alphabet, in which the space is Ġ. */
function hasByteTokens(tokenizer: Tokenizer): boolean {
  const space = tokenizer.tokenToId(SPACE_TOKEN);
  return space !== undefined && tokenizer.decodeBytes([space]).join() === '32';
}

function escape(text: string): string {
  return text.replace(UNPRINTABLE, (character) => ESCAPES[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** Characters where bytes are UTF-8, `<0xHH>` where they are not. */
function showBytes(bytes: Uint8Array): string {
  let shown = '';
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((candidate) => isCharacter(bytes.subarray(at, at + candidate), candidate));
    shown +=
      length === undefined
        ? `<0x${bytes[at].toString(16).toUpperCase().padStart(2, '0')}>`
        : escape(decodeText(bytes.subarray(at, at + length)));
    at += length ?? 1;
  }
  return shown;
}

function isCharacter(bytes: Uint8Array, length: number): boolean {
  if (bytes.length < length) return false;
  // U+FFFD itself is the three bytes that stand for it.
  return !decodeText(bytes).includes(MALFORMED) || Buffer.from(MALFORMED).equals(bytes);
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

const RESET = '\u001b[0m';
const SPECIAL_STYLE = '\u001b[1;7m';
/** Dark text on pale ground, in the colours of terminals with 256. */
const STYLES = [153, 157, 222, 218, 189].map((ground) => `\u001b[30;48;5;${ground}m`);

/** Paints tokens so that neighbours differ; without colours, the identity. */
export type Painter = (text: string, index: number, kind: TokenKind) => string;

export const plain: Painter = (text) => text;
export const coloured: Painter = (text, index, kind) => `${kind === 'text' ? STYLES[index % STYLES.length] : SPECIAL_STYLE}${text}${RESET}`;

/** The tokens in a row, with lines broken where the text breaks them; without colours a bar stands between tokens. */
export function describeInline(tokens: readonly ShownToken[], paint: Painter): string {
  const parts = tokens.map(
    ({ shown, kind }, index) => paint(shown, index, kind) + (shown.endsWith('\\n') && !shown.endsWith('\\\\n') ? '\n' : ''),
  );
  return `${parts.join(paint === plain ? '|' : '')}\n`;
}

/** A line for each token: id, offsets, text, and what is special about it. */
export function describeTable(tokens: readonly ShownToken[], paint: Painter): string {
  const rows = tokens.map(({ id, offsets }) => [String(id), offsets.join('-')] as const);
  const width = (column: 0 | 1, title: string): number => rows.reduce((widest, row) => Math.max(widest, row[column].length), title.length);
  const [ids, offsets] = [width(0, 'id'), width(1, 'offsets')];
  const line = (id: string, span: string, token: string): string => `${id.padStart(ids)}  ${span.padStart(offsets)}  ${token}\n`;
  const lines = tokens.map(({ shown, kind }, index) => {
    return line(...rows[index], paint(shown, index, kind) + (kind === 'text' ? '' : `  (${kind})`));
  });
  return line('id', 'offsets', 'token') + lines.join('');
}
