/**
 * PickyBPE as the paper and its authors' code have it (github.com/pchizhov/picky_bpe: bpe_trainer.py, language.py, picky_tokenize.py), everything counted
 * anew before each step. Ours: ties go to the smallest ids, and the vocabulary's size is that of the tokens that are there (theirs counts merges to tokens
 * that are there already too).
 */

export type Event =
  | { readonly kind: 'merge'; readonly left: number; readonly right: number; readonly product: number }
  | { readonly kind: 'split'; readonly token: number; readonly parts: readonly number[] };

interface Word {
  readonly count: number;
  tokens: number[];
}

interface Token {
  readonly text: string;
  readonly made: readonly [number, number] | null;
  present: boolean;
}

export class NaivePicky {
  readonly tokens: Token[];
  readonly events: Event[] = [];

  /** `words`: with their counts, of the characters of `alphabet`, whose places are their ids. */
  constructor(
    private readonly alphabet: readonly string[],
    words: ReadonlyMap<string, number>,
    private readonly threshold: number,
    private readonly most = 2 ** 31,
  ) {
    this.tokens = alphabet.map((text) => ({ text, made: null, present: true }));
    this.words = [...words].map(([word, count]) => ({ count, tokens: this.symbols(word) }));
  }

  private readonly words: Word[];

  get present(): Token[] {
    return this.tokens.filter(({ present }) => present);
  }

  train(vocabSize: number, minFrequency = 1): void {
    while (this.present.length < vocabSize && this.events.filter(({ kind }) => kind === 'merge').length < this.most) {
      const best = this.bestPair();
      if (best === null || best.count < minFrequency) return;
      this.step(best);
    }
  }

  /** `_encode_word_by_event_sequence` without its short cut for whole words. */
  encode(word: string): number[] {
    let tokens = this.symbols(word);
    for (const event of this.events)
      tokens = event.kind === 'merge' ? merged(tokens, event) : tokens.flatMap((id) => (id === event.token ? event.parts : [id]));
    return tokens;
  }

  textOf(id: number): string {
    return this.tokens[id].text;
  }

  private symbols(word: string): number[] {
    return Array.from(word, (character) => this.alphabet.indexOf(character));
  }

  private step({ left, right }: { left: number; right: number }): void {
    const text = this.tokens[left].text + this.tokens[right].text;
    let product = this.tokens.findIndex((token) => token.text === text);
    if (product < 0) product = this.tokens.push({ text, made: [left, right], present: false }) - 1;
    this.tokens[product].present = true;
    const event = { kind: 'merge', left, right, product } as const;
    this.events.push(event);
    const before = this.frequency(product);
    for (const word of this.words) word.tokens = merged(word.tokens, event);
    const count = this.frequency(product) - before;
    for (const id of new Set([left, right])) this.removeIfPossible(id, count);
  }

  private removeIfPossible(id: number, mergedCount: number): void {
    const token = this.tokens[id];
    if (token.made === null || !(mergedCount / (this.frequency(id) + mergedCount) > this.threshold)) return;
    token.present = false;
    const parts = this.walk(id);
    this.events.push({ kind: 'split', token: id, parts });
    for (const word of this.words) word.tokens = word.tokens.flatMap((other) => (other === id ? parts : [other]));
  }

  private walk(id: number): number[] {
    const { made, present } = this.tokens[id];
    return made === null || present ? [id] : made.flatMap((part) => this.walk(part));
  }

  private frequency(id: number): number {
    return this.words.reduce((sum, { count, tokens }) => sum + count * tokens.filter((token) => token === id).length, 0);
  }

  private bestPair(): { left: number; right: number; count: number } | null {
    const counts = new Map<number, number>();
    for (const { count, tokens } of this.words)
      for (let i = 0; i + 1 < tokens.length; i++) {
        const key = tokens[i] * 2 ** 20 + tokens[i + 1];
        counts.set(key, (counts.get(key) ?? 0) + count);
      }
    let best: [number, number] | null = null;
    for (const [key, count] of counts) if (best === null || count > best[1] || (count === best[1] && key < best[0])) best = [key, count];
    return best === null ? null : { left: Math.floor(best[0] / 2 ** 20), right: best[0] % 2 ** 20, count: best[1] };
  }
}

function merged(tokens: readonly number[], { left, right, product }: { left: number; right: number; product: number }): number[] {
  const result: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === left && tokens[i + 1] === right) {
      result.push(product);
      i++;
    } else result.push(tokens[i]);
  }
  return result;
}
