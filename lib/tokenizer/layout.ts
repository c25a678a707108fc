/** The special tokens around texts, for those who want ids alone. */
import type { LayoutPiece, PostProcessor } from './post-processors/post-processor';

/** What becomes of the ids of one text or a pair. */
export interface Layout {
  readonly pieces: readonly LayoutPiece[];
  /** Number of special tokens. */
  readonly added: number;
  /** The result is the first text's ids and nothing else. */
  readonly isIdentity: boolean;
}

/** The layouts of a post-processor, made when they are first asked for. */
export class Layouts {
  private readonly known = new Map<number, Layout>();

  constructor(private readonly postProcessor: PostProcessor | null) {}

  get(pair: boolean, addSpecialTokens: boolean): Layout {
    const key = (pair ? 2 : 0) + (addSpecialTokens ? 1 : 0);
    let layout = this.known.get(key);
    if (layout === undefined) {
      layout = this.make(pair, addSpecialTokens);
      this.known.set(key, layout);
    }
    return layout;
  }

  /** Every id that is put around texts or pairs. */
  addedIds(): number[] {
    return [false, true].flatMap((pair) => this.get(pair, true).pieces.flatMap((piece) => (typeof piece === 'number' ? [] : [...piece])));
  }

  private make(pair: boolean, addSpecialTokens: boolean): Layout {
    const texts = pair ? [0, 1] : [0];
    const pieces = this.postProcessor?.layout(texts, addSpecialTokens) ?? texts;
    const added = pieces.reduce<number>((sum, piece) => sum + (typeof piece === 'number' ? 0 : piece.length), 0);
    return { pieces, added, isIdentity: pieces.length === 1 && pieces[0] === 0 };
  }
}

/** Number of ids in the result. */
export function layoutLength({ pieces }: Layout, lengths: readonly number[]): number {
  return pieces.reduce<number>((sum, piece) => sum + (typeof piece === 'number' ? lengths[piece] : piece.length), 0);
}

/** Writes the result for the given texts' ids to `target` from `offset`; returns where it ends. */
export function writeLayout({ pieces }: Layout, texts: readonly Uint32Array[], target: Uint32Array, offset: number): number {
  let end = offset;
  for (const piece of pieces) {
    const ids = typeof piece === 'number' ? texts[piece] : piece;
    target.set(ids, end);
    end += ids.length;
  }
  return end;
}

export function applyLayout(layout: Layout, texts: readonly Uint32Array[]): Uint32Array {
  if (layout.isIdentity) return texts[0];
  const lengths = texts.map((ids) => ids.length);
  const result = new Uint32Array(layoutLength(layout, lengths));
  writeLayout(layout, texts, result, 0);
  return result;
}
