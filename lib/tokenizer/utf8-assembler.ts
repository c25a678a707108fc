import { MerganserError } from '../errors';
import { joinBytes } from './join-bytes';
import { checkText } from './text-input';
import { type InvalidUtf8, wellFormedBytes } from './well-formed';
import type { TextInput } from './types';
import { characterLength, encodeUtf8, isContinuation } from './utf8';

const NOTHING = new Uint8Array(0);
const HIGH_SURROGATE_AT_END = /[\ud800-\udbff]$/;

/** Puts chunks of text together that may end inside surrogate pairs and UTF-8 sequences. */
export class Utf8Assembler {
  private surrogate = '';
  private bytes = NOTHING as Uint8Array;

  constructor(
    private readonly invalidUtf8: InvalidUtf8,
    /** Memory for so many bytes, whatever is in it. */
    private readonly allocate: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
  ) {}

  /** The UTF-8 of what is complete now, in memory of its own, behind `before`, which is UTF-8. Throws INVALID_ARGUMENT, INVALID_UTF8. */
  push(chunk: TextInput, before = NOTHING as Uint8Array): Uint8Array {
    checkText(chunk, 'chunk');
    if (typeof chunk !== 'string') return this.pushBytes(chunk, concat([before, this.takeSurrogate()]));
    const rest = this.takeBytes();
    const text = this.surrogate + chunk;
    this.surrogate = HIGH_SURROGATE_AT_END.test(text) ? text.at(-1)! : '';
    return concat([before, rest, encodeUtf8(this.surrogate === '' ? text : text.slice(0, -1))]);
  }

  /** What was never completed, replaced by U+FFFD. */
  end(): Uint8Array {
    return concat([this.takeSurrogate(), this.takeBytes()]);
  }

  private pushBytes(chunk: Uint8Array, before: Uint8Array): Uint8Array {
    // A copy even where nothing stands before, because the chunk belongs to the caller. There is one of it: long chunks feel each.
    const joined = this.allocate(before.length + this.bytes.length + chunk.length);
    joined.set(before);
    joined.set(this.bytes, before.length);
    joined.set(chunk, before.length + this.bytes.length);
    const added = joined.subarray(before.length);
    const complete = added.length - incompleteLength(added);
    this.bytes = added.slice(complete);
    const known = added.subarray(0, complete);
    const fine = wellFormedBytes(known, this.invalidUtf8);
    return fine === known ? joined.subarray(0, before.length + complete) : concat([before, fine]);
  }

  private takeSurrogate(): Uint8Array {
    const bytes = encodeUtf8(this.surrogate);
    this.surrogate = '';
    return bytes;
  }

  private takeBytes(): Uint8Array {
    const { bytes } = this;
    this.bytes = NOTHING;
    if (bytes.length > 0 && this.invalidUtf8 === 'error')
      throw new MerganserError('INVALID_UTF8', 'Expected the text to be UTF-8, but it stops inside a character.');
    return wellFormedBytes(bytes, 'replace');
  }
}

/** Bytes at the end that begin a character without completing it. */
function incompleteLength(bytes: Uint8Array): number {
  let start = bytes.length - 1;
  while (start > bytes.length - 4 && start > 0 && isContinuation(bytes[start])) start--;
  if (start < 0 || bytes[start] < 0xc0) return 0;
  const present = bytes.length - start;
  return present < characterLength(bytes[start]) ? present : 0;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const filled = parts.filter((part) => part.length > 0);
  return filled.length === 1 ? filled[0] : joinBytes(filled);
}
