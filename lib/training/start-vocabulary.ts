/** The tokens that are there before any merge: special ones, then characters. */
import type { SymbolCounts, SymbolKind } from '../backend/training-kernels';
import { BYTE_CODE_POINTS } from '../tokenizer/byte-alphabet';
import { VISIBLE_SPACE } from '../tokenizer/model-text';

export interface StartOptions {
  /** Special tokens, in order; and whatever else is no character. */
  readonly first: readonly string[];
  /** Code points that get a token whatever the text holds. */
  readonly initialAlphabet: readonly number[];
  /** Infinity: no limit. */
  readonly limitAlphabet: number;
  readonly continuingPrefix: string;
  readonly endOfWordSuffix: string;
  /** U+0020 among the symbols stands for U+2581. */
  readonly spaceAlias: boolean;
}

export interface StartVocabulary {
  /** By id. */
  readonly tokens: string[];
  /** Symbols that have a token, and its id. */
  readonly symbols: Uint32Array;
  readonly symbolIds: Uint32Array;
}

const NOT_FIRST = 1;
const LAST = 2;
const SPACE = 0x20;

/** A symbol as the text of the vocabulary has it. */
interface Place {
  readonly codePoint: number;
  readonly first: boolean;
  readonly last: boolean;
}

export function startVocabulary(found: SymbolCounts, kind: SymbolKind, options: StartOptions): StartVocabulary {
  const places = Array.from(found.symbols, (symbol) => placeOf(symbol, kind, options.spaceAlias));
  const ids = new Map<string, number>();
  const tokenId = (token: string): number => {
    const id = ids.get(token) ?? ids.size;
    ids.set(token, id);
    return id;
  };
  options.first.forEach(tokenId);
  for (const codePoint of keptAlphabet(places, found.counts, options)) tokenId(String.fromCodePoint(codePoint));

  const symbols: number[] = [];
  const symbolIds: number[] = [];
  places.forEach(({ codePoint, first, last }, index) => {
    const character = String.fromCodePoint(codePoint);
    if (!ids.has(character)) return;
    symbols.push(found.symbols[index]);
    symbolIds.push(tokenId((first ? '' : options.continuingPrefix) + character + (last ? options.endOfWordSuffix : '')));
  });
  return { tokens: [...ids.keys()], symbols: Uint32Array.from(symbols), symbolIds: Uint32Array.from(symbolIds) };
}

function placeOf(symbol: number, { unit, placed }: SymbolKind, spaceAlias: boolean): Place {
  if (unit === 'byte') return { codePoint: BYTE_CODE_POINTS[symbol], first: true, last: false };
  const codePoint = placed ? symbol >>> 2 : symbol;
  const place = placed ? symbol & (NOT_FIRST | LAST) : 0;
  return {
    codePoint: spaceAlias && codePoint === SPACE ? VISIBLE_SPACE : codePoint,
    first: (place & NOT_FIRST) === 0,
    last: (place & LAST) !== 0,
  };
}

/** The characters that get a token, ascending. */
function keptAlphabet(places: readonly Place[], counts: Float64Array, { initialAlphabet, limitAlphabet }: StartOptions): number[] {
  const frequencies = new Map<number, number>();
  places.forEach(({ codePoint }, index) => frequencies.set(codePoint, (frequencies.get(codePoint) ?? 0) + counts[index]));
  for (const codePoint of initialAlphabet) frequencies.set(codePoint, Infinity);
  const byFrequency = [...frequencies].sort(([a, aCount], [b, bCount]) => (aCount === bCount ? a - b : bCount > aCount ? 1 : -1));
  return byFrequency
    .slice(0, limitAlphabet)
    .map(([codePoint]) => codePoint)
    .sort((a, b) => a - b);
}
