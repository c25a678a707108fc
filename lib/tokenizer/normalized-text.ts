/**
 * Text on its way through the normalizers: UTF-8 bytes and, for each byte, the stretch of the original text that it stands for.
 * The same as Hugging Face's `NormalizedString`, with two differences of form: offsets are absolute (a piece of a text is a range of it,
 * never a copy), and alignments are only kept where somebody will ask for offsets.
 */
import { characterLength, isContinuation } from './utf8';

/** start and end in the original text, for each byte. Starts and ends never decrease. */
export interface Alignment {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** 'none': nobody will ask for offsets. 'identity': the bytes are a range of the original text, as they stood there. */
export type AlignmentMode = Alignment | 'identity' | 'none';

export class NormalizedText {
  constructor(
    readonly bytes: Uint8Array,
    readonly alignment: AlignmentMode,
    /** Where the text begins in the original text; also the place of what stands for nothing. */
    readonly origin: number,
  ) {}

  /** Original text as it stands. Untracked texts have no offsets. */
  static original(bytes: Uint8Array, tracked: boolean): NormalizedText {
    return new NormalizedText(bytes, tracked ? 'identity' : 'none', 0);
  }

  get length(): number {
    return this.bytes.length;
  }

  get tracked(): boolean {
    return this.alignment !== 'none';
  }

  /** Start in the original text of what byte `at` stands for. Only for tracked texts. */
  originalStart(at: number): number {
    const { alignment, bytes } = this;
    if (typeof alignment === 'object') return alignment.starts[at];
    let start = at;
    while (isContinuation(bytes[start])) start--;
    return this.origin + start;
  }

  /** End in the original text of what byte `at` stands for. Only for tracked texts. */
  originalEnd(at: number): number {
    const { alignment, bytes } = this;
    if (typeof alignment === 'object') return alignment.ends[at];
    let start = at;
    while (isContinuation(bytes[start])) start--;
    return this.origin + start + characterLength(bytes[start]);
  }

  /** Writes the alignment of bytes [start, end), a range on character boundaries, to `target` from index `at` on. Only for tracked texts. */
  writeAlignment(start: number, end: number, target: Alignment, at: number): void {
    const { alignment, bytes, origin } = this;
    if (typeof alignment === 'object') {
      target.starts.set(alignment.starts.subarray(start, end), at);
      target.ends.set(alignment.ends.subarray(start, end), at);
      return;
    }
    for (let character = start, out = at; character < end;) {
      const next = character + characterLength(bytes[character]);
      for (let byte = character; byte < next; byte++, out++) {
        target.starts[out] = origin + character;
        target.ends[out] = origin + next;
      }
      character = next;
    }
  }

  /** A range on character boundaries. */
  slice(start: number, end: number): NormalizedText {
    if (start === 0 && end === this.length) return this;
    const { alignment } = this;
    if (typeof alignment !== 'object') return new NormalizedText(this.bytes.subarray(start, end), alignment, this.origin + start);
    const ranges = { starts: alignment.starts.subarray(start, end), ends: alignment.ends.subarray(start, end) };
    return new NormalizedText(this.bytes.subarray(start, end), ranges, this.origin);
  }
}
