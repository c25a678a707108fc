/** Whether bytes are UTF-8, and making them so. */
import { TakenAway } from '../backend/encoding-kernels';
import { yieldToEventLoop } from '../backend/js/event-loop';
import { aborted, MerganserError } from '../errors';
import { isShared } from '../own-array';
import { decodeUtf8, encodeUtf8, isContinuation } from './utf8';

/** What becomes of malformed bytes: U+FFFD for each malformed sequence, as the WHATWG decoder does it, or INVALID_UTF8. */
export type InvalidUtf8 = 'replace' | 'error';

/** So many bytes are looked at together: copied if they are UTF-8, else decoded and encoded again. Long texts mostly have few malformed bytes. */
const WINDOW = 1 << 14;

/** Windows between two turns of the event loop: a fraction of a millisecond. */
const WINDOWS_A_TURN = 64;

/** Node's check, which makes no string; undefined where there is none. */
const isUtf8: ((bytes: Uint8Array) => boolean) | undefined =
  typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:buffer')?.isUtf8;

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether bytes are UTF-8. */
export function isWellFormed(bytes: Uint8Array): boolean {
  if (isUtf8 !== undefined) return isUtf8(bytes);
  try {
    strictDecoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The same bytes if they are UTF-8, or a copy of those that other threads may write to; otherwise a copy that is, or INVALID_UTF8. */
export function wellFormedBytes(bytes: Uint8Array, invalidUtf8: InvalidUtf8, window = WINDOW): Uint8Array {
  if (!isShared(bytes) && isWellFormed(bytes)) return bytes;
  const steps = mending(bytes, invalidUtf8, window);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same, with turns of the event loop in between. Rejects with ABORTED, and with {@link TakenAway} if there are other bytes in one of them. */
export async function wellFormedBytesInTurns(bytes: Uint8Array, invalidUtf8: InvalidUtf8, signal?: AbortSignal): Promise<Uint8Array> {
  const length = bytes.length;
  const steps = mending(bytes, invalidUtf8, WINDOW);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await yieldToEventLoop();
    if (signal?.aborted) throw aborted(signal);
    if (bytes.length !== length) throw new TakenAway();
  }
}

/** Yields where others may have their turn. */
function* mending(bytes: Uint8Array, invalidUtf8: InvalidUtf8, window: number): Generator<undefined, Uint8Array, undefined> {
  const shared = isShared(bytes);
  const parts: Uint8Array[] = [];
  let size = 0;
  let same = !shared;
  for (let start = 0; start < bytes.length;) {
    const end = sequenceStart(bytes, Math.min(start + window, bytes.length));
    const part = shared ? bytes.slice(start, end) : bytes.subarray(start, end);
    const fine = isWellFormed(part);
    if (!fine && invalidUtf8 === 'error') {
      throw new MerganserError('INVALID_UTF8', 'Expected the text to be UTF-8, but it holds malformed bytes.');
    }
    same &&= fine;
    size += parts[parts.push(fine ? part : encodeUtf8(decodeUtf8(part))) - 1].length;
    start = end;
    if (parts.length % WINDOWS_A_TURN === 0) yield;
  }
  if (same) return bytes;
  const out = new Uint8Array(size);
  let at = 0;
  for (const [i, part] of parts.entries()) {
    out.set(part, at);
    at += part.length;
    if (i % WINDOWS_A_TURN === WINDOWS_A_TURN - 1) yield;
  }
  return out;
}

/**
 * `at` or up to three bytes before it, where no sequence reaches across: at the end, at a byte that continues none, or behind more continuing ones than
 * a sequence has.
 */
function sequenceStart(bytes: Uint8Array, at: number): number {
  for (let back = 0; back <= 3; back++) if (at - back >= bytes.length || !isContinuation(bytes[at - back])) return at - back;
  return at;
}
