import type { TokenWordsSpec } from '../../training-kernels';
import type { PieceTokens } from '../../kernels';
import { BpeModel } from '../bpe-model';
import { PieceTokenizer } from '../piece-tokenizer';
import { TOKEN_BYTES } from './word-cells';
import type { WordTable } from './word-table';

const CACHE_BYTES = 16 << 20;

/** Counts the words of tokens that pieces make, those of one token left out. Twin of native/include/merganser/training/token_words.hpp. */
export class TokenWords {
  private readonly tokenizer: PieceTokenizer;
  private word = new Uint8Array(64);
  private length = 0;

  constructor(private readonly spec: TokenWordsSpec) {
    this.tokenizer = new PieceTokenizer(new BpeModel(spec.model), CACHE_BYTES);
  }

  /** Counts the pieces text[bounds[2 i], bounds[2 i + 1]) of one stretch. */
  count(table: WordTable, text: Uint8Array, bounds: ArrayLike<number>, length: number): void {
    let end = -1;
    for (let i = 0; i < length; i += 2) {
      if (bounds[i] !== end) this.endRun(table);
      end = bounds[i + 1];
      this.add(table, this.tokenizer.encode(text, Uint32Array.of(bounds[i], end)));
    }
    this.endRun(table);
  }

  private add(table: WordTable, { ids }: PieceTokens): void {
    const { runs, eligible } = this.spec;
    if (runs) {
      if (ids.length === 1 && eligible[ids[0]] !== 0) this.push(ids[0]);
      else this.endRun(table);
      return;
    }
    for (const id of ids)
      if (eligible[id] !== 0) this.push(id);
      else this.endRun(table);
    this.endRun(table);
  }

  private endRun(table: WordTable): void {
    if (this.length > TOKEN_BYTES) table.add(this.word, 0, this.length, 1);
    this.length = 0;
  }

  private push(id: number): void {
    if (this.length + TOKEN_BYTES > this.word.length) {
      const longer = new Uint8Array(2 * this.word.length);
      longer.set(this.word);
      this.word = longer;
    }
    this.word[this.length++] = id >>> 16;
    this.word[this.length++] = id >>> 8;
    this.word[this.length++] = id;
  }
}
