/** Text for the benchmarks; see corpus.md. */
import { openSync, readdirSync, readSync, closeSync } from 'node:fs';
import { join } from 'node:path';

export interface Corpus {
  readonly name: string;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** The first `maxBytes` of each `.txt` file in the folder, cut at a line's end. `only`: names without `.txt`. */
export function readCorpora(folder: string | undefined, maxBytes: number, only?: readonly string[]): Corpus[] {
  if (folder === undefined)
    throw new Error('No text to encode: name a folder with --corpus or MERGANSER_CORPUS. bench/corpus.md says how to make one.');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .map((file) => file.slice(0, -'.txt'.length))
    .filter((name) => only === undefined || only.includes(name))
    .sort()
    .map((name) => {
      const text = wholeLines(readStart(join(folder, `${name}.txt`), maxBytes));
      return { name, text, bytes: new TextEncoder().encode(text) };
    });
}

function readStart(path: string, maxBytes: number): Uint8Array {
  const file = openSync(path, 'r');
  const buffer = new Uint8Array(maxBytes);
  const length = readSync(file, buffer, 0, maxBytes, 0);
  closeSync(file);
  return buffer.subarray(0, length);
}

function wholeLines(bytes: Uint8Array): string {
  const end = bytes.lastIndexOf(0x0a) + 1;
  return new TextDecoder().decode(end > 0 ? bytes.subarray(0, end) : bytes);
}

/** Strings of about `length` bytes each, cut from the text between characters; `total` bytes of them. */
export function shortStrings(corpus: Corpus, length: number, total: number): string[] {
  const strings: string[] = [];
  const decoder = new TextDecoder();
  const end = Math.min(total, corpus.bytes.length);
  for (let start = 0; start < end;) {
    let stop = Math.min(start + length, corpus.bytes.length);
    while (stop < corpus.bytes.length && (corpus.bytes[stop] & 0xc0) === 0x80) stop++;
    strings.push(decoder.decode(corpus.bytes.subarray(start, stop)));
    start = stop;
  }
  return strings;
}
