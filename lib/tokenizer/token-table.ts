/** Tokens back to back: token i is tokenBytes[tokenOffsets[i], tokenOffsets[i + 1]); ids without a token are empty. */
export interface TokenTable {
  readonly tokenBytes: Uint8Array;
  readonly tokenOffsets: Uint32Array;
}
