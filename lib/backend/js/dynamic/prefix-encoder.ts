/** Texts to the longest tokens that stand in them, from left to right. */
import { type PrefixRun, UnknownByte } from '../../dynamic-kernels';
import { atOnce, inTurns } from '../turns';
import { NO_TOKEN, type PrefixTrie } from './prefix-trie';

const STOP_EVERY = 1 << 14;

interface Encoded {
  values: Uint32Array;
  offsets: Uint32Array;
}

export function encodePrefixes(trie: PrefixTrie, run: PrefixRun): Encoded {
  return atOnce(encode(trie, run));
}

export function encodePrefixesAsync(trie: PrefixTrie, run: PrefixRun, signal: AbortSignal | undefined): Promise<Encoded> {
  return inTurns(encode(trie, run), signal);
}

function* encode(trie: PrefixTrie, { text, offsets: textOffsets, unknownId }: PrefixRun): Generator<void, Encoded> {
  let values = new Uint32Array(1024);
  let count = 0;
  const offsets = new Uint32Array(textOffsets.length);
  for (let i = 0; i + 1 < textOffsets.length; i++) {
    const end = textOffsets[i + 1];
    for (let at = textOffsets[i]; at < end;) {
      if (count === values.length) values = grown(values);
      const token = trie.longest(text, at, end);
      if (token === NO_TOKEN && unknownId < 0) throw new UnknownByte(at);
      values[count++] = token === NO_TOKEN ? unknownId : token;
      at = token === NO_TOKEN ? at + 1 : trie.matchEnd;
      if (count % STOP_EVERY === 0) yield;
    }
    offsets[i + 1] = count;
  }
  return { values: values.slice(0, count), offsets };
}

function grown(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * values.length);
  larger.set(values);
  return larger;
}
