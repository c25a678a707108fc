import { ByteTrie } from '../../tokenizer/byte-trie';
import { isWhitespace, isWordCharacter } from '../../tokenizer/unicode/predicates';
import { characterBefore, characterLength, codePointAt } from '../../tokenizer/utf8';
import { AddedTokenAction, DisallowedAddedToken, type AddedTokenSpec } from '../kernels';

/** Finds added tokens in text: the leftmost first, and of those that begin at one place the longest. */
export class AddedTokens {
  readonly specs: readonly AddedTokenSpec[];
  /** Bytes of the longest; 0 if there are none. */
  readonly longest: number;
  /** Whether some take white space that stands beside them. */
  readonly strips: boolean;
  /** Whether some do, or are none beside a letter. */
  readonly looksAround: boolean;
  private readonly trie: ByteTrie;
  /** 1 for bytes that a token may begin with. */
  private readonly leads = new Uint8Array(256);
  /** The only byte that tokens begin with, or −1. */
  private readonly onlyLead: number;

  constructor(specs: readonly AddedTokenSpec[]) {
    this.specs = specs;
    this.longest = specs.reduce((longest, { content }) => Math.max(longest, content.length), 0);
    this.strips = specs.some(({ lstrip, rstrip }) => lstrip || rstrip);
    this.looksAround = this.strips || specs.some(({ singleWord }) => singleWord);
    this.trie = new ByteTrie(specs.map((spec) => spec.content));
    for (const { content } of specs) this.leads[content[0]] = 1;
    const lead = this.leads.indexOf(1);
    this.onlyLead = lead >= 0 && this.leads.lastIndexOf(1) === lead ? lead : -1;
  }

  /**
   * Begins a search in text[start, end).
   * @param actions see `EncodeControl`
   * @throws DisallowedAddedToken if a refused token stands anywhere, even where an allowed one overlaps it (as in tiktoken).
   */
  search(text: Uint8Array, start: number, end: number, actions: Uint8Array | null): AddedTokenSearch {
    const bounded = end === text.length ? text : text.subarray(0, end);
    if (actions !== null && actions.includes(AddedTokenAction.Refuse)) {
      const isRefused = (index: number): boolean => actions[index] === AddedTokenAction.Refuse;
      for (let at = this.nextLead(bounded, start); at < end; at = this.nextLead(bounded, at + 1)) {
        const index = this.trie.longestAt(bounded, at, end, isRefused);
        if (index >= 0) throw new DisallowedAddedToken(index, at);
      }
    }
    return new AddedTokenSearch(this, this.trie, bounded, start, actions);
  }

  /** Whether some token stands in the text so that it reaches to `at` or beyond, from `at` or before: words and white space around it aside. */
  touches(text: Uint8Array, at: number, actions: Uint8Array | null): boolean {
    const accepts = acceptedBy(actions);
    for (let start = Math.max(0, at - this.longest); start <= at && start < text.length; start++) {
      if (this.leads[text[start]] === 0) continue;
      const index = this.trie.longestAt(text, start, text.length, accepts);
      if (index >= 0 && start + this.specs[index].content.length >= at) return true;
    }
    return false;
  }

  /** The first place from `at` on where a token may begin, or the text's end. */
  nextLead(text: Uint8Array, at: number): number {
    if (this.onlyLead >= 0) {
      const found = text.indexOf(this.onlyLead, at);
      return found < 0 ? text.length : found;
    }
    while (at < text.length && this.leads[text[at]] === 0) at++;
    return at;
  }
}

/** Which tokens are looked for, refused ones included. */
function acceptedBy(actions: Uint8Array | null): (index: number) => boolean {
  return actions === null ? () => true : (index) => actions[index] !== AddedTokenAction.Text;
}

/** One pass over a text, from its `start` to the end of its array, with Hugging Face's rules for `singleWord`, `lstrip` and `rstrip`. */
export class AddedTokenSearch {
  /** The token that was found last: its index in the specs, and where it stands, stripped white space included. */
  index = -1;
  tokenStart = 0;
  tokenEnd = 0;

  private readonly tokens: AddedTokens;
  private readonly trie: ByteTrie;
  private readonly text: Uint8Array;
  private readonly start: number;
  private readonly end: number;
  private readonly accepts: (index: number) => boolean;
  /** Where the search goes on: behind the last match, white space that the match took along not counted. */
  private position: number;
  /** The last white space that was taken along, so that tokens inside it need not look for its end again. */
  private spaceStart = 0;
  private spaceEnd = 0;

  constructor(tokens: AddedTokens, trie: ByteTrie, text: Uint8Array, start: number, actions: Uint8Array | null) {
    this.tokens = tokens;
    this.trie = trie;
    this.text = text;
    this.start = start;
    this.end = text.length;
    this.accepts = actions === null ? () => true : (index) => actions[index] === AddedTokenAction.Token;
    this.position = start;
    this.tokenEnd = start;
  }

  /** Finds the next token. false: there is none. */
  next(): boolean {
    const { tokens, text, end } = this;
    for (let at = tokens.nextLead(text, this.position); at < end; at = tokens.nextLead(text, at)) {
      const index = this.trie.longestAt(text, at, end, this.accepts);
      if (index < 0) {
        at++;
        continue;
      }
      const { content, singleWord, lstrip, rstrip } = tokens.specs[index];
      const matchStart = at;
      at += content.length;
      // Inside a match that is discarded no other is looked for.
      if (singleWord && this.touchesWord(matchStart, at)) continue;
      this.index = index;
      this.position = at;
      this.tokenStart = lstrip ? this.spaceBefore(matchStart) : matchStart;
      this.tokenEnd = rstrip ? this.spaceBehind(at) : at;
      return true;
    }
    return false;
  }

  private touchesWord(matchStart: number, matchEnd: number): boolean {
    const { text } = this;
    if (matchStart > this.start && isWordCharacter(codePointAt(text, characterBefore(text, matchStart)))) return true;
    return matchEnd < this.end && isWordCharacter(codePointAt(text, matchEnd));
  }

  /** Start of the white space before `at`, as far as the token before has not taken it. */
  private spaceBefore(at: number): number {
    while (at > this.tokenEnd) {
      const previous = characterBefore(this.text, at);
      if (!isWhitespace(codePointAt(this.text, previous))) break;
      at = previous;
    }
    return Math.max(at, this.tokenEnd);
  }

  private spaceBehind(at: number): number {
    if (at >= this.spaceStart && at < this.spaceEnd) return this.spaceEnd;
    this.spaceStart = at;
    while (at < this.end && isWhitespace(codePointAt(this.text, at))) at += characterLength(this.text[at]);
    this.spaceEnd = at;
    return at;
  }
}
