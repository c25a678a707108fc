import { characterLength, codePointAt } from '../../../tokenizer/utf8';
import type { SymbolCounts, SymbolKind } from '../../training-kernels';
import { grown, type WordTable } from './word-table';

/** Bytes of an id in words of tokens. */
export const TOKEN_BYTES = 3;
const NO_SYMBOL = -1;
const NOT_FIRST = 1;
const LAST = 2;

function symbolBound({ unit, placed }: SymbolKind): number {
  return unit === 'byte' ? 256 : 0x11_0000 * (placed ? 4 : 1);
}

/** Writes the symbols of word `word` to `out`, which has room for one a byte; their number. */
function readSymbols({ store, offsets }: WordTable, word: number, { unit, placed }: SymbolKind, out: Int32Array): number {
  const start = offsets[word];
  const end = offsets[word + 1];
  let count = 0;
  for (let at = start; at < end;) {
    if (unit === 'byte') {
      out[count++] = store[at++];
      continue;
    }
    if (unit === 'token') {
      out[count++] = (store[at] << 16) | (store[at + 1] << 8) | store[at + 2];
      at += TOKEN_BYTES;
      continue;
    }
    const next = at + characterLength(store[at]);
    const codePoint = codePointAt(store, at);
    out[count++] = placed ? 4 * codePoint + (at > start ? NOT_FIRST : 0) + (next === end ? LAST : 0) : codePoint;
    at = next;
  }
  return count;
}

function symbolBuffer({ offsets, size }: WordTable): Int32Array {
  let longest = 0;
  for (let word = 0; word < size; word++) longest = Math.max(longest, offsets[word + 1] - offsets[word]);
  return new Int32Array(longest);
}

/** The symbols that words hold, with how often. */
export function countSymbols(words: WordTable, kind: SymbolKind): SymbolCounts {
  const frequencies = new Float64Array(symbolBound(kind));
  const buffer = symbolBuffer(words);
  for (let word = 0; word < words.size; word++) {
    const count = readSymbols(words, word, kind, buffer);
    for (let i = 0; i < count; i++) frequencies[buffer[i]] += words.counts[word];
  }
  const symbols: number[] = [];
  frequencies.forEach((frequency, symbol) => frequency > 0 && symbols.push(symbol));
  return { symbols: Uint32Array.from(symbols), counts: Float64Array.from(symbols, (symbol) => frequencies[symbol]) };
}

function idsBySymbol({ kind, symbols, ids }: SymbolIds): Int32Array {
  const idOf = new Int32Array(symbolBound(kind)).fill(NO_SYMBOL);
  symbols.forEach((symbol, i) => (idOf[symbol] = ids[i]));
  return idOf;
}

export interface SymbolIds {
  readonly kind: SymbolKind;
  readonly symbols: Uint32Array;
  readonly ids: Uint32Array;
}

/**
 * All words as one array of token ids, in which merging happens; see native/include/merganser/training/word_cells.hpp. A token fills as many cells as it
 * has symbols, and its id stands in the first and the last of them. The wall, an id that no token has, stands between words.
 */
export class WordCells {
  readonly cells: Int32Array;
  /** Of the word that each cell belongs to, the number; words are numbered by falling count. */
  readonly wordOf: Int32Array;
  readonly counts: Float64Array;
  readonly size: number;
  /** Number of symbols of each word. */
  readonly lengths: Int32Array;
  readonly deletedAny: boolean;

  constructor(
    words: WordTable,
    symbols: SymbolIds,
    readonly wall: number,
  ) {
    const idOf = symbols.kind.unit === 'token' ? null : idsBySymbol(symbols);
    const order = Array.from({ length: words.size }, (_, word) => word).sort((a, b) => words.counts[b] - words.counts[a]);
    const buffer = symbolBuffer(words);
    let cells = new Int32Array(1 << 16);
    this.counts = new Float64Array(words.size);
    this.lengths = new Int32Array(words.size);
    let at = 0;
    let kept = 0;
    let deletedAny = false;
    cells[at++] = wall;
    for (const word of order) {
      const count = readSymbols(words, word, symbols.kind, buffer);
      if (at + count + 1 > cells.length) cells = grown(cells, new Int32Array(Math.max(2 * cells.length, at + count + 1)));
      const start = at;
      for (let i = 0; i < count; i++) {
        const id = idOf === null ? buffer[i] : idOf[buffer[i]];
        if (id === NO_SYMBOL) deletedAny = true;
        else cells[at++] = id;
      }
      if (at - start < 2) {
        at = start;
        continue;
      }
      this.counts[kept] = words.counts[word];
      this.lengths[kept++] = at - start;
      cells[at++] = wall;
    }
    this.cells = cells;
    this.size = at;
    this.deletedAny = deletedAny;
    this.wordOf = this.numberCells(kept);
  }

  /** Count of the n-th of the words whose length is accepted, 0 if there are not so many. */
  countOfNth(n: number, accepts: (length: number) => boolean): number {
    for (let word = 0; word < this.lengths.length && this.lengths[word] > 0; word++)
      if (accepts(this.lengths[word]) && n-- === 0) return this.counts[word];
    return 0;
  }

  private numberCells(words: number): Int32Array {
    const wordOf = new Int32Array(this.size);
    for (let word = 0, at = 1; word < words; word++) {
      const end = at + this.lengths[word];
      wordOf.fill(word, at, end);
      at = end + 1;
    }
    return wordOf;
  }
}
