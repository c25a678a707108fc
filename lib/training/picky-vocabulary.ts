/** What PickyBPE leaves: the tokens that are there at the end, numbered anew, and the events by which texts become them. */
import { eachRemoval, type MergeEvents } from '../tokenizer/load/merge-events';

/** `tokens`: all that ever were, by id. The ids of `removals` follow (see `TrainedMerges`). */
export function pickyVocabulary(
  tokens: readonly string[],
  triples: Uint32Array,
  removals: Uint32Array,
): { kept: string[]; events: MergeEvents } {
  const isPresent = presentAtEnd(tokens.length, triples, removals);
  const kept = tokens.filter((_, id) => isPresent[id]);
  const removed = tokens.filter((_, id) => !isPresent[id]);
  const numbers = new Uint32Array(tokens.length);
  for (let id = 0, present = 0; id < tokens.length; id++) numbers[id] = isPresent[id] ? present++ : kept.length + id - present;
  const renumbered = removals.slice();
  for (let at = 0; at < removals.length; at += 3 + removals[at + 2])
    for (let i = at + 1; i < at + 3 + removals[at + 2]; i++) if (i !== at + 2) renumbered[i] = numbers[removals[i]];
  return { kept, events: { removed, merges: triples.map((id) => numbers[id]), removals: renumbered } };
}

/** The last thing that happened to each token counts. */
function presentAtEnd(count: number, triples: Uint32Array, removals: Uint32Array): readonly boolean[] {
  const isPresent = new Array<boolean>(count).fill(true);
  let merge = 0;
  const makeUntil = (end: number): void => {
    for (; merge < end; merge++) isPresent[triples[3 * merge + 2]] = true;
  };
  for (const { after, token } of eachRemoval(removals)) {
    makeUntil(after);
    isPresent[token] = false;
  }
  makeUntil(triples.length / 3);
  return isPresent;
}
