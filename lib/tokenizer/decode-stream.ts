import { invalidArgument } from '../errors';
import type { Ids, OpenDecoder, TokenDecoder } from './token-decoder';

/**
 * Decodes ids as they come. What it has given so far never ends inside a character, and everything together, `flush` included, is what decoding
 * all ids at once gives.
 *
 * Text is held back while later ids could change it: an incomplete UTF-8 sequence; byte tokens (`<0x0A>`) until another token follows, since
 * a run of them that is not UTF-8 as a whole becomes U+FFFD; with BPEDecoder the last token.
 */
export class DecodeStream {
  private readonly stream: OpenDecoder;

  constructor(decoder: TokenDecoder, skipSpecialTokens: boolean) {
    this.stream = decoder.open(skipSpecialTokens);
  }

  /** Takes an id or several; returns the text that is certain now, possibly none. */
  push(ids: number | Ids): string {
    return this.stream.write(typeof ids === 'number' ? [ids] : ids);
  }

  /** Returns what was held back. To be called once, at the end. */
  flush(): string {
    return this.stream.end();
  }

  /** A Web stream of this decoder: ids in, text out. */
  asTransformStream(): TransformStream<number | Ids, string> {
    return new TransformStream<number | Ids, string>({
      transform: (ids, controller) => {
        if (typeof ids !== 'number' && typeof ids !== 'object') throw invalidArgument('chunk', 'an id or an array of ids', ids);
        const text = this.push(ids);
        if (text !== '') controller.enqueue(text);
      },
      flush: (controller) => {
        const text = this.flush();
        if (text !== '') controller.enqueue(text);
      },
    });
  }
}
