/** The tokens that were added on top of a model's vocabulary, with the ids that Hugging Face gives them. */
import type { AddedToken } from './types';
import type { Vocabulary } from './vocabulary';

/** An added token before it has an id. */
export type NewToken = Omit<AddedToken, 'id'>;

/** Everything that {@link AddedTokens} holds, as plain data. */
export interface AddedTokensSnapshot {
  /** In the order in which they came; of those with one id the first is what the id decodes to. */
  readonly tokens: readonly AddedToken[];
  readonly specialContents: readonly string[];
}

export class AddedTokens {
  private readonly byId = new Map<number, AddedToken>();
  private readonly idsByContent = new Map<string, number>();
  /** Further contents of ids that already have one (o200k_harmony names 200018 twice). */
  private readonly aliases: AddedToken[] = [];
  /** Contents that were ever added as special; like the library's, the set only grows. */
  private readonly specialContents = new Set<string>();
  private sorted: readonly AddedToken[] | null = null;

  constructor(private readonly vocabulary: Vocabulary) {}

  static restore(vocabulary: Vocabulary, { tokens, specialContents }: AddedTokensSnapshot): AddedTokens {
    const added = new AddedTokens(vocabulary);
    added.addWithIds(tokens);
    for (const content of specialContents) added.specialContents.add(content);
    return added;
  }

  snapshot(): AddedTokensSnapshot {
    const tokens = [...this.idsByContent].flatMap(([content, id]) =>
      [this.byId.get(id)!, ...this.aliases].filter((token) => token.content === content && token.id === id),
    );
    return { tokens, specialContents: [...this.specialContents] };
  }

  /**
   * Adds tokens; the number of those that were new or changed a token. A token of the model keeps its id; others are numbered on from the end of
   * the vocabulary, or from the highest added id if that is larger.
   */
  add(tokens: Iterable<NewToken>): number {
    let next = this.nextId();
    let added = 0;
    for (const token of tokens) {
      if (token.content === '' || this.holds(token)) continue;
      const id = this.id(token.content) ?? this.vocabulary.id(token.content) ?? next++;
      this.put({ ...token, id });
      added++;
    }
    return added;
  }

  /** Adds tokens under the ids they carry, as tiktoken's special tokens have them. The first of those with one id is what the id decodes to. */
  addWithIds(tokens: Iterable<AddedToken>): void {
    for (const token of tokens) {
      if (!this.byId.has(token.id)) this.put(token);
      else {
        this.aliases.push(token);
        this.idsByContent.set(token.content, token.id);
        this.specialContents.add(token.content);
      }
    }
  }

  /** All of them, by ascending id. */
  get list(): readonly AddedToken[] {
    this.sorted ??= [...this.byId.values(), ...this.aliases].sort((a, b) => a.id - b.id);
    return this.sorted;
  }

  get size(): number {
    return this.idsByContent.size;
  }

  /** Largest added id + 1; 0 if there are none. */
  get idBound(): number {
    return (this.list.at(-1)?.id ?? -1) + 1;
  }

  id(content: string): number | undefined {
    return this.idsByContent.get(content);
  }

  get(id: number): AddedToken | undefined {
    return this.byId.get(id);
  }

  contents(): IterableIterator<[string, number]> {
    return this.idsByContent.entries();
  }

  isSpecial(content: string): boolean {
    return this.specialContents.has(content);
  }

  private nextId(): number {
    const size = this.vocabulary.size;
    const bound = this.idBound;
    return bound > size || (size === 0 && bound > 0) ? bound : size;
  }

  private holds(token: NewToken): boolean {
    const present = this.byId.get(this.idsByContent.get(token.content) ?? -1);
    return (
      present !== undefined &&
      present.content === token.content &&
      present.special === token.special &&
      present.singleWord === token.singleWord &&
      present.lstrip === token.lstrip &&
      present.rstrip === token.rstrip &&
      present.normalized === token.normalized
    );
  }

  private put(token: AddedToken): void {
    this.idsByContent.set(token.content, token.id);
    this.byId.set(token.id, token);
    if (token.special) this.specialContents.add(token.content);
    this.sorted = null;
  }
}
