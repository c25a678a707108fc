/** Superwords as their papers define them, step by step, everything counted anew before each: slow, and easy to check against the text. */

const GPT2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const WEAK = /\p{N}{1,3}| ?[^\s\p{L}\p{N}]{2,}[\r\n/]*| +(?!\S)/gu;
const MERGEABLE = /^(?=.+\p{L})(?:\p{L}\p{M}*|[ _'’])+$/u;

export interface Event {
  readonly left: number;
  readonly right: number;
  readonly product: number;
  readonly isSuper: boolean;
}

/** A text: pretokens, each of them tokens. */
export type Pretokens = number[][];

/** Tokens by id, as latin-1 strings of their bytes. */
class Vocabulary {
  readonly tokens: string[] = [];
  readonly ids = new Map<string, number>();

  add(token: string): number {
    const known = this.ids.get(token);
    if (known !== undefined) return known;
    this.ids.set(token, this.tokens.length);
    return this.tokens.push(token) - 1;
  }

  /** The bytes that texts hold, in the order of their characters in GPT-2's alphabet. */
  addBytes(texts: readonly string[]): void {
    const printable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    const bytes = new Set(texts.flatMap((text) => [...Buffer.from(text)]));
    const order = [...bytes].sort((a, b) => (printable(a) === printable(b) ? a - b : printable(a) ? -1 : 1));
    for (const byte of order) this.add(String.fromCharCode(byte));
  }

  split(text: string): number[] {
    return [...Buffer.from(text)].map((byte) => this.ids.get(String.fromCharCode(byte))!);
  }
}

export class NaiveTraining {
  readonly vocabulary = new Vocabulary();
  readonly events: Event[] = [];
  texts: Pretokens[];

  constructor(
    private readonly source: readonly string[],
    private readonly minFrequency = 1,
  ) {
    this.vocabulary.addBytes(source);
    this.texts = source.map((text) => this.pretokens(text.match(GPT2) ?? []));
  }

  /** Ordinary BPE. */
  words(vocabSize: number): void {
    while (this.size < vocabSize) {
      const best = this.bestInWords(() => true);
      if (best === null) return;
      this.apply(best, false);
    }
  }

  /** SuperBPE's second phase: longer pieces, the merges so far replayed, then ordinary steps but for what the rules forbid. */
  superBpe(vocabSize: number, maxWords: number): void {
    const inherited = [...this.events];
    this.texts = this.source.map((text) => this.pretokens(splitIsolated(text, WEAK)));
    for (const event of inherited) this.replaceInWords(event);
    const allowed = (token: string): boolean => {
      const words = token.split(' ').filter((word) => word !== '').length;
      return words <= maxWords && !token.includes(': ') && !this.vocabulary.ids.has(token);
    };
    while (this.size < vocabSize) {
      const best = this.bestInWords(allowed);
      if (best === null) return;
      this.apply(best, false);
    }
  }

  /** BoundlessBPE: the better of the best pair in words and the best pair of words, of equal ones that of words. */
  boundless(vocabSize: number): void {
    while (this.size < vocabSize) {
      const ofWords = this.bestOfWords();
      const inWords = this.bestInWords(() => true);
      if (ofWords !== null && (inWords === null || ofWords.count >= inWords.count)) this.apply(ofWords, true);
      else if (inWords !== null) this.apply(inWords, false);
      else return;
    }
  }

  /** Only pairs of words. */
  supermerges(vocabSize: number): void {
    for (let best = this.bestOfWords(); this.size < vocabSize && best !== null; best = this.bestOfWords()) this.apply(best, true);
  }

  /** Every event in order. */
  encode(text: string): number[] {
    let pretokens = this.pretokens(text.match(GPT2) ?? []);
    for (const event of this.events)
      if (event.isSuper) pretokens = joinWords(pretokens, event);
      else pretokens = pretokens.map((word) => joinTokens(word, event));
    return pretokens.flat();
  }

  private get size(): number {
    return this.vocabulary.tokens.length;
  }

  private pretokens(words: readonly string[]): Pretokens {
    return words.map((word) => this.vocabulary.split(word));
  }

  private bestInWords(allowed: (product: string) => boolean): Pair | null {
    const pairs = new Map<string, number>();
    for (const text of this.texts)
      for (const word of text)
        for (let i = 0; i + 1 < word.length; i++) pairs.set(`${word[i]} ${word[i + 1]}`, (pairs.get(`${word[i]} ${word[i + 1]}`) ?? 0) + 1);
    return this.best(pairs, allowed);
  }

  private bestOfWords(): Pair | null {
    const pairs = new Map<string, number>();
    for (const text of this.texts)
      for (let i = 0; i + 1 < text.length; i++) {
        if (!this.mergeable(text[i]) || !this.mergeable(text[i + 1])) continue;
        const key = `${text[i][0]} ${text[i + 1][0]}`;
        pairs.set(key, (pairs.get(key) ?? 0) + 1);
      }
    return this.best(pairs, (product) => !this.vocabulary.ids.has(product));
  }

  private mergeable(word: readonly number[]): boolean {
    if (word.length !== 1) return false;
    const bytes = Buffer.from(this.vocabulary.tokens[word[0]], 'latin1');
    return MERGEABLE.test(bytes.toString()) && Buffer.from(bytes.toString()).equals(bytes);
  }

  private best(pairs: ReadonlyMap<string, number>, allowed: (product: string) => boolean): Pair | null {
    let best: Pair | null = null;
    for (const [key, count] of pairs) {
      const [left, right] = key.split(' ').map(Number);
      if (count < this.minFrequency || !allowed(this.vocabulary.tokens[left] + this.vocabulary.tokens[right])) continue;
      const isBetter =
        best === null || count > best.count || (count === best.count && (left < best.left || (left === best.left && right < best.right)));
      if (isBetter) best = { left, right, count };
    }
    return best;
  }

  private apply({ left, right }: Pair, isSuper: boolean): void {
    const product = this.vocabulary.add(this.vocabulary.tokens[left] + this.vocabulary.tokens[right]);
    const event = { left, right, product, isSuper };
    this.events.push(event);
    if (isSuper) this.texts = this.texts.map((text) => joinWords(text, event));
    else this.replaceInWords(event);
  }

  private replaceInWords(event: Event): void {
    this.texts = this.texts.map((text) => text.map((word) => joinTokens(word, event)));
  }
}

interface Pair {
  readonly left: number;
  readonly right: number;
  readonly count: number;
}

function joinTokens(word: readonly number[], { left, right, product }: Event): number[] {
  const joined: number[] = [];
  for (let i = 0; i < word.length; i++) {
    if (word[i] === left && word[i + 1] === right) {
      joined.push(product);
      i++;
    } else joined.push(word[i]);
  }
  return joined;
}

function joinWords(words: Pretokens, { left, right, product }: Event): Pretokens {
  const isToken = (word: readonly number[] | undefined, id: number): boolean => word?.length === 1 && word[0] === id;
  const joined: Pretokens = [];
  for (let i = 0; i < words.length; i++) {
    if (isToken(words[i], left) && isToken(words[i + 1], right)) {
      joined.push([product]);
      i++;
    } else joined.push(words[i]);
  }
  return joined;
}

/** Matches and what lies between them. */
function splitIsolated(text: string, pattern: RegExp): string[] {
  const pieces: string[] = [];
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > done) pieces.push(text.slice(done, match.index));
    pieces.push(match[0]);
    done = match.index + match[0].length;
  }
  if (done < text.length) pieces.push(text.slice(done));
  return pieces;
}
