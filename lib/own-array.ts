/** Arrays that threads may read: memory that nobody takes away from them. */
import { requireSignal } from './arguments';
import { yieldToEventLoop } from './backend/js/event-loop';
import { aborted, unexpected } from './errors';
import { plainly, type NumberArray } from './plain-array';
import { unfilledLike, type NumberArrayConstructor } from './unfilled';

/** Bytes that are copied between two looks at the clock: a tenth of a millisecond. */
const STEP_BYTES = 1 << 20;
const TURN_MILLISECONDS = 1;

/**
 * Whoever has an ArrayBuffer may transfer it to a worker or shrink it, and then its memory is gone, whatever threads do with it. So it is copied first, with turns for other work. Memory that is shared is
 * never taken away: numbers are used where they are. But others may write to it at any time, and so what numbers of rows stand there is copied too, to be checked afterwards. The length that counts is the one at the call, so this is to be called as soon as that has been checked, before anything is waited for. Rejects with ABORTED, and with INVALID_ARGUMENT if the array is taken away meanwhile.
 */
export async function ownArray<Array extends NumberArray>(given: Array, name: string, signal?: AbortSignal): Promise<Array> {
  requireSignal(signal);
  const array = plainly(given, name);
  if (isShared(array) && !isOfIndices(array)) return array;
  const { length } = array;
  if (array.byteLength <= STEP_BYTES) return sliceOf(array, name) as Array;
  const step = STEP_BYTES / array.BYTES_PER_ELEMENT;
  const copy = unfilledLike(array.constructor as NumberArrayConstructor<Array>, length);
  let begin = performance.now();
  for (let at = 0; at < length; at += step) {
    copy.set(array.subarray(at, at + step), at);
    if (performance.now() - begin < TURN_MILLISECONDS) continue;
    await yieldToEventLoop();
    if (signal?.aborted) throw aborted(signal);
    requireLength(array, length, name);
    begin = performance.now();
  }
  return copy;
}

/** For what is read in turns where it lies. Throws INVALID_ARGUMENT if an array is not as long as it was. */
export function requireLength(array: NumberArray, length: number, name: string): void {
  if (array.length !== length) throw unexpected(name, `${length} numbers, as before`, `${array.length}: its memory was taken away`);
}

export function sliceOf(array: NumberArray, name: string): NumberArray {
  try {
    return array.slice();
  } catch {
    throw unexpected(name, 'numbers in memory', 'an array whose memory was taken away');
  }
}

/** Whether threads find other rows by its numbers: they must be those that were checked. */
function isOfIndices(array: NumberArray): boolean {
  return Object.prototype.toString.call(array) === '[object Uint32Array]';
}

/** Whether nobody can take its memory away. */
export function isShared({ buffer }: NumberArray): boolean {
  // Realms have constructors of their own.
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
}
