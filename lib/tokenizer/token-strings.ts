/** Ids and token strings of a tokenizer: the model's vocabulary with the added tokens on top. */
import type { AddedTokens } from './added-tokens';
import type { AddedToken } from './types';
import type { Vocabulary } from './vocabulary';

export class TokenStrings {
  constructor(
    private readonly vocabulary: Vocabulary,
    private readonly added: AddedTokens,
    /** The strings that stand for `normalized` added tokens after normalization, where they differ from the content. */
    private readonly normalizedContents: () => ReadonlyMap<number, string>,
  ) {}

  /** Largest id + 1. */
  get idBound(): number {
    return Math.max(this.vocabulary.idBound, this.added.idBound);
  }

  token(id: number): string | undefined {
    const added = this.added.get(id);
    if (added === undefined) return this.vocabulary.token(id);
    return this.normalizedContents().get(id) ?? added.content;
  }

  has(id: number): boolean {
    return this.added.get(id) !== undefined || this.vocabulary.has(id);
  }

  isAdded(id: number): boolean {
    return this.added.get(id) !== undefined;
  }

  get addedTokens(): readonly AddedToken[] {
    return this.added.list;
  }

  id(token: string): number | undefined {
    return this.added.id(token) ?? this.vocabulary.id(token);
  }

  isSpecial(token: string): boolean {
    return this.added.isSpecial(token);
  }

  size(withAddedTokens: boolean): number {
    if (!withAddedTokens) return this.vocabulary.size;
    let size = this.vocabulary.size;
    for (const [content] of this.added.contents()) if (this.vocabulary.id(content) === undefined) size++;
    return size;
  }

  vocab(withAddedTokens: boolean): Map<string, number> {
    const vocab = new Map<string, number>();
    for (let id = 0; id < this.vocabulary.idBound; id++) {
      const token = this.vocabulary.token(id);
      if (token !== undefined) vocab.set(token, id);
    }
    if (withAddedTokens) for (const [content, id] of this.added.contents()) vocab.set(content, id);
    return vocab;
  }
}
