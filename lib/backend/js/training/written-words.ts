/** Words as count files have them; see WrittenWords. */
import type { CountedWords, WrittenWords } from '../../training-kernels';

const MOST_VARINT = 10;

/** Writes words from `from` on, at most so many, as many as there is room for. */
export function writeWords({ bytes, offsets, counts }: CountedWords, from: number, out: Uint8Array, most: number): WrittenWords {
  const end = Math.min(from + most, counts.length);
  let [at, total, word] = [0, 0, from];
  for (; word < end; word++) {
    const length = offsets[word + 1] - offsets[word];
    const needed = length + 2 * MOST_VARINT;
    if (needed > out.length - at) {
      if (word === from) return { words: 0, bytes: needed, total };
      break;
    }
    at = writeVarint(out, at, length);
    out.set(bytes.subarray(offsets[word], offsets[word + 1]), at);
    at = writeVarint(out, at + length, counts[word]);
    total += counts[word];
  }
  return { words: word - from, bytes: at, total };
}

/** The words that were written; null: they are damaged. */
export function readWords(written: Uint8Array, words: number): CountedWords | null {
  const found = { bytes: new Uint8Array(written.length), offsets: new Uint32Array(words + 1), counts: new Float64Array(words) };
  const reader = new VarintReader(written);
  for (let word = 0; word < words; word++) {
    const length = reader.next();
    const start = found.offsets[word];
    if (!(length > 0) || reader.at + length > written.length) return null;
    found.bytes.set(written.subarray(reader.at, reader.at + length), start);
    found.offsets[word + 1] = start + length;
    reader.at += length;
    const count = reader.next();
    if (!(count > 0)) return null;
    found.counts[word] = count;
  }
  return reader.at === written.length ? found : null;
}

function writeVarint(out: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    out[at++] = (value % 0x80) | 0x80;
    value = Math.floor(value / 0x80);
  }
  out[at++] = value;
  return at;
}

class VarintReader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** NaN: there is none. */
  next(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      if (this.at >= this.bytes.length || factor > 2 ** 49) return NaN;
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
}
