const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The strings of a vocabulary that grows: to find out whether what a merge gives is a token already. */
export class TokenStrings {
  private readonly tokens: string[] = [];
  private readonly ids = new Map<string, number>();

  /** `prefix` is taken off a right part that begins with it. */
  constructor(
    bytes: Uint8Array,
    offsets: Uint32Array,
    private readonly prefix: string,
  ) {
    for (let id = 0; id + 1 < offsets.length; id++) this.enter(decoder.decode(bytes.subarray(offsets[id], offsets[id + 1])));
  }

  get size(): number {
    return this.tokens.length;
  }

  /** Id of the product; a new one if it was no token before. */
  join(left: number, right: number): number {
    const { prefix, tokens } = this;
    const rest = prefix !== '' && tokens[right].startsWith(prefix) ? tokens[right].slice(prefix.length) : tokens[right];
    const product = tokens[left] + rest;
    return this.ids.get(product) ?? this.enter(product);
  }

  private enter(token: string): number {
    this.ids.set(token, this.tokens.length);
    return this.tokens.push(token) - 1;
  }
}
