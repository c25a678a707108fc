import type { CountedWords, WordCounterSpec, WrittenWords } from '../../training-kernels';
import { yieldToEventLoop } from '../event-loop';
import type { Scanner } from '../scanners/scanner';
import { Splitter } from '../splitter';
import { StretchNormalizer } from '../stretches';
import { viewText } from '../text-view';
import { TokenWords } from './token-words';
import { WordTable } from './word-table';
import { readWords, writeWords } from './written-words';

const LINE_FEED = 0x0a;
/** Ends that a scanner finds at a time. */
const SCAN_BATCH = 512;
const SLICE_MILLISECONDS = 5;
/** Bytes that are counted without a look at the clock. */
const SLICE_BYTES = 1 << 15;

/** Counts the words of texts, on the thread that calls it. */
export class WordCounter {
  table = new WordTable();
  private readonly splitter: Splitter;
  private readonly normalizer: StretchNormalizer;
  private readonly tokens: TokenWords | null;
  private readonly ends = new Int32Array(SCAN_BATCH);
  /** Words in order, and how many of them were taken. */
  private sorted: CountedWords | null = null;
  private taken = 0;

  constructor(private readonly spec: WordCounterSpec) {
    this.splitter = new Splitter(spec.steps, spec.scanner);
    this.normalizer = new StretchNormalizer(spec);
    this.tokens = spec.tokens === null ? null : new TokenWords(spec.tokens);
  }

  /** In turns of some milliseconds. */
  async countTexts(text: Uint8Array, textOffsets: Uint32Array): Promise<void> {
    let sliceStart = performance.now();
    let counted = 0;
    for (let i = 0; i + 1 < textOffsets.length; i++) {
      for (let at = textOffsets[i]; at < textOffsets[i + 1];) {
        const end = this.spec.lines ? endOfLine(text, at, textOffsets[i + 1]) : textOffsets[i + 1];
        this.countText(text, at, end);
        counted += end - at;
        at = end;
        if (counted < SLICE_BYTES) continue;
        counted = 0;
        if (performance.now() - sliceStart < SLICE_MILLISECONDS) continue;
        await yieldToEventLoop();
        sliceStart = performance.now();
      }
    }
  }

  add({ bytes, offsets, counts }: CountedWords): void {
    for (let i = 0; i < counts.length; i++) this.table.add(bytes, offsets[i], offsets[i + 1], counts[i]);
  }

  sort(): void {
    this.sorted = this.takeTable().sorted();
    this.taken = 0;
  }

  takeSorted(out: Uint8Array, most: number): WrittenWords {
    if (this.sorted === null) return { words: 0, bytes: 0, total: 0 };
    const written = writeWords(this.sorted, this.taken, out, most);
    this.taken += written.words;
    if (written.bytes === 0) this.sorted = null;
    return written;
  }

  addWritten(bytes: Uint8Array, words: number): boolean {
    const found = readWords(bytes, words);
    if (found !== null) this.add(found);
    return found !== null;
  }

  /** The table; a new one begins. */
  takeTable(): WordTable {
    const { table } = this;
    this.table = new WordTable();
    return table;
  }

  private countText(text: Uint8Array, start: number, end: number): void {
    const { normalizer, splitter, table } = this;
    normalizer.prepare(viewText(text), start, end, 'first');
    const { bytes } = normalizer.text;
    if (this.tokens !== null) {
      const pieces = splitter.isEmpty ? null : splitter.split(bytes, normalizer.start, normalizer.end);
      this.tokens.count(table, bytes, pieces?.values ?? [normalizer.start, normalizer.end], pieces?.length ?? 2);
    } else if (splitter.scanner !== null) this.countScanned(splitter.scanner, bytes, normalizer.start, normalizer.end);
    else if (splitter.isEmpty) table.add(bytes, normalizer.start, normalizer.end, 1);
    else {
      const { values, length } = splitter.split(bytes, normalizer.start, normalizer.end);
      for (let i = 0; i < length; i += 2) table.add(bytes, values[i], values[i + 1], 1);
    }
  }

  private countScanned(scanner: Scanner, text: Uint8Array, start: number, end: number): void {
    const { ends, table } = this;
    while (start < end) {
      const count = scanner.scan(text, start, end, ends);
      for (let i = 0; i < count; i++) {
        table.add(text, start, ends[i], 1);
        start = ends[i];
      }
    }
  }
}

function endOfLine(text: Uint8Array, from: number, end: number): number {
  const newline = text.indexOf(LINE_FEED, from);
  return newline < 0 || newline >= end ? end : newline + 1;
}
