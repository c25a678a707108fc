import { type TextView, viewText } from './text-view';

/** Strings that may need more bytes than this are not encoded into the kept buffer. */
const KEPT_BYTES = 3 << 16;
/** Strings up to this length are copied unit by unit as long as they are ASCII: cheaper than calling the encoder. */
const COPIED_UNITS = 32;

const utf8 = new TextEncoder();

/** Text as it comes from the user, turned into bytes. */
export class TextSource {
  /** The bytes that were read last: text[0, length). */
  text: TextView;
  length = 0;
  private readonly buffer: TextView = viewText(new Uint8Array(KEPT_BYTES));

  constructor() {
    this.text = this.buffer;
  }

  /** Lone surrogates of a string become U+FFFD; bytes are not copied. */
  read(text: string | Uint8Array): void {
    if (typeof text !== 'string') {
      this.use(viewText(text), text.length);
    } else if (text.length <= COPIED_UNITS && this.copyAscii(text)) {
      this.use(this.buffer, text.length);
    } else if (text.length * 3 <= KEPT_BYTES) {
      this.use(this.buffer, utf8.encodeInto(text, this.buffer.bytes).written);
    } else {
      const bytes = utf8.encode(text);
      this.use(viewText(bytes), bytes.length);
    }
  }

  /** Lets go of the text. */
  release(): void {
    this.text = this.buffer;
  }

  private use(text: TextView, length: number): void {
    this.text = text;
    this.length = length;
  }

  private copyAscii(text: string): boolean {
    const { bytes } = this.buffer;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return false;
      bytes[i] = unit;
    }
    return true;
  }
}
