import { normalizeUtf8 } from '../../tokenizer/unicode/normalize';
import type { EncoderSpec } from '../kernels';
import { type TextView, viewText } from './text-view';

/** Buffers of more bytes than this are not kept between stretches. */
const KEPT_BYTES = 1 << 20;
const BLANK = 0x20;
/** Below this lead byte are only code points before U+0300, which NFC leaves as they are. */
const FIRST_COMBINING_LEAD = 0xcc;

/** Where a stretch begins: at the very start of the whole text, behind an added token, or where the text was cut. */
export type StretchPlace = 'first' | 'later' | 'within';

/** Brings stretches of text between added tokens into the form that pre-tokenization and model expect. */
export class StretchNormalizer {
  /** The stretch that was prepared last. */
  text: TextView;
  start = 0;
  end = 0;

  private readonly nfc: boolean;
  private readonly spaceAlias: boolean;
  private readonly prefixSpace: EncoderSpec['prefixSpace'];
  private buffer: TextView = viewText(new Uint8Array(256));

  constructor(spec: Pick<EncoderSpec, 'nfc' | 'spaceAlias' | 'prefixSpace'>) {
    this.nfc = spec.nfc;
    this.spaceAlias = spec.spaceAlias;
    this.prefixSpace = spec.prefixSpace;
    this.text = this.buffer;
  }

  /** Prepares text[start, end), not empty. */
  prepare(text: TextView, start: number, end: number, place: StretchPlace): void {
    this.text = text;
    this.start = start;
    this.end = end;
    if (this.nfc) this.normalize();
    if (this.spaceAlias) this.replaceAliases();
    if (this.prefixSpace !== 'never' && this.wantsPrefix(place)) this.copy(BLANK);
  }

  /** Lets go of the stretch. */
  release(): void {
    this.text = this.buffer;
  }

  private normalize(): void {
    const { bytes } = this.text;
    let at = this.start;
    while (at < this.end && bytes[at] < FIRST_COMBINING_LEAD) at++;
    if (at === this.end) return;
    const stretch = bytes.subarray(this.start, this.end);
    const normalized = normalizeUtf8('NFC', stretch);
    if (normalized !== stretch) this.use(viewText(normalized), 0, normalized.length);
  }

  /** Turns U+2581 into spaces, in a copy. */
  private replaceAliases(): void {
    const first = this.findAlias(this.start);
    if (first < 0) return;
    const copied = first - this.start;
    this.copy(null);
    const { bytes } = this.text;
    let written = copied;
    for (let from = copied; from >= 0 && from < this.end;) {
      bytes[written++] = BLANK;
      const next = this.findAlias(from + 3);
      const stop = next < 0 ? this.end : next;
      bytes.copyWithin(written, from + 3, stop);
      written += stop - from - 3;
      from = next;
    }
    this.end = written;
  }

  /** The first U+2581 (e2 96 81) from `at` on, or −1. */
  private findAlias(at: number): number {
    const { bytes } = this.text;
    for (; at + 2 < this.end; at++) if (bytes[at] === 0xe2 && bytes[at + 1] === 0x96 && bytes[at + 2] === 0x81) return at;
    return -1;
  }

  private wantsPrefix(place: StretchPlace): boolean {
    if (this.start === this.end || place === 'within') return false;
    if (this.prefixSpace === 'always') return true;
    return this.text.bytes[this.start] !== BLANK && (this.prefixSpace === 'unlessSpace' || place === 'first');
  }

  /** Moves the stretch into the buffer, if it is not there yet, behind a prefix if there is one. */
  private copy(prefix: number | null): void {
    const shift = prefix === null ? 0 : 1;
    const size = this.end - this.start + shift;
    let target = this.buffer;
    if (size > target.bytes.length) {
      target = viewText(new Uint8Array(size <= KEPT_BYTES ? Math.min(2 * size, KEPT_BYTES) : size));
      if (size <= KEPT_BYTES) this.buffer = target;
    }
    if (this.text === target) target.bytes.copyWithin(shift, this.start, this.end);
    else target.bytes.set(this.text.bytes.subarray(this.start, this.end), shift);
    if (prefix !== null) target.bytes[0] = prefix;
    this.use(target, 0, size);
  }

  private use(text: TextView, start: number, end: number): void {
    this.text = text;
    this.start = start;
    this.end = end;
  }
}
