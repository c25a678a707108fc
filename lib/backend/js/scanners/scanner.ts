/** Finds where pieces end. */
export interface Scanner {
  /**
   * Cuts text[start, end), taken as a whole text, into pieces that cover it without gaps. Writes their ends until the text or `ends` is used up and returns
   * their number, at least one. A piece may be followed up by a further call that starts at its end, with the same `end`.
   */
  scan(text: Uint8Array, start: number, end: number, ends: Int32Array): number;
}
