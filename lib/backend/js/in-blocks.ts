/** Long loops on this thread, in parts between which other work gets its turn. */
import { yieldToEventLoop } from './event-loop';
import { aborted } from '../../errors';

/** Elements that are worked on between two turns: about a millisecond. */
const ELEMENTS_A_TURN = 1 << 19;

/** `body(from, to)` for all of [0, rows), `width` elements each. Rejects with ABORTED. */
export async function inBlocks(
  rows: number,
  width: number,
  signal: AbortSignal | undefined,
  body: (from: number, to: number) => void,
): Promise<void> {
  const step = Math.max(1, Math.floor(ELEMENTS_A_TURN / width));
  for (let from = 0; from < rows; from += step) {
    if (signal?.aborted) throw aborted(signal);
    body(from, Math.min(rows, from + step));
    if (from + step < rows) await yieldToEventLoop();
  }
}
