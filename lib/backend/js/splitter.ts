import { bytesToAlphabet } from '../../tokenizer/byte-alphabet';
import { splitPieces } from '../../tokenizer/pattern/split';
import { characterLength, encodeUtf8 } from '../../tokenizer/utf8';
import type { ScannerFamily, SplitBehavior, SplitStep } from '../kernels';
import { JsPattern } from './pattern-matcher';
import { prepareClasses } from './scanners/character-classes';
import { Cl100kScanner } from './scanners/cl100k';
import { DeepseekScanner } from './scanners/deepseek';
import { FixedLengthScanner } from './scanners/fixed-length';
import { Gpt2Scanner } from './scanners/gpt2';
import { O200kScanner } from './scanners/o200k';
import type { Scanner } from './scanners/scanner';

/** Ends that a scanner finds at a time. */
const SCAN_BATCH = 512;

/** Pre-tokenization: cuts stretches of text into pieces. */
export class Splitter {
  /** Set if pieces can be found one after another, without gaps. */
  readonly scanner: Scanner | null;
  private readonly steps: readonly Step[];

  /** `scanner`: does what all steps do together. */
  constructor(steps: readonly SplitStep[], scanner: ScannerFamily | null) {
    this.steps = scanner !== null ? [new ScannerStep(createScanner(scanner))] : steps.map(createStep);
    const [first] = this.steps;
    this.scanner = this.steps.length === 1 && first instanceof ScannerStep ? first.scanner : null;
  }

  /** Whether stretches are pieces as they are. */
  get isEmpty(): boolean {
    return this.steps.length === 0;
  }

  /** The pieces of text[start, end). */
  split(text: Uint8Array, start: number, end: number): BoundsList {
    let bounds = new BoundsList();
    bounds.push(start, end);
    for (const step of this.steps) {
      const { values, length } = bounds;
      bounds = new BoundsList();
      for (let i = 0; i < length; i += 2) step.split(text, values[i], values[i + 1], bounds);
    }
    return bounds;
  }
}

/** start, end pairs of pieces. */
export class BoundsList {
  values = new Int32Array(64);
  length = 0;

  push(start: number, end: number): void {
    if (this.length === this.values.length) {
      const grown = new Int32Array(2 * this.length);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = start;
    this.values[this.length++] = end;
  }
}

interface Step {
  /** Appends the parts of a piece. */
  split(text: Uint8Array, start: number, end: number, bounds: BoundsList): void;
}

class ScannerStep implements Step {
  private readonly ends = new Int32Array(SCAN_BATCH);

  constructor(readonly scanner: Scanner) {}

  split(text: Uint8Array, start: number, end: number, bounds: BoundsList): void {
    while (start < end) {
      const count = this.scanner.scan(text, start, end, this.ends);
      for (let i = 0; i < count; i++) {
        bounds.push(start, this.ends[i]);
        start = this.ends[i];
      }
    }
  }
}

class PatternStep implements Step {
  private readonly pattern: JsPattern;

  constructor(private readonly step: Extract<SplitStep, { kind: 'pattern' }>) {
    this.pattern = new JsPattern(step.pattern);
  }

  split(text: Uint8Array, start: number, end: number, bounds: BoundsList): void {
    const matches = this.pattern.findMatches(text.subarray(start, end));
    const ranges = splitPieces(matches, end - start, this.step.behavior, this.step.invert);
    for (let i = 0; i < ranges.length; i += 2) bounds.push(start + ranges[i], start + ranges[i + 1]);
  }
}

/** A step over pieces as ByteLevel writes them. */
class AlphabetStep implements Step {
  constructor(private readonly step: Step) {}

  split(text: Uint8Array, start: number, end: number, bounds: BoundsList): void {
    const written = encodeUtf8(bytesToAlphabet(text.subarray(start, end)));
    const parts = new BoundsList();
    this.step.split(written, 0, written.length, parts);
    let [at, byte] = [0, start];
    const byteAt = (place: number): number => {
      for (; at < place; at += characterLength(written[at])) byte++;
      return byte;
    };
    for (let i = 0; i < parts.length; i += 2) bounds.push(byteAt(parts.values[i]), byteAt(parts.values[i + 1]));
  }
}

function createStep(step: SplitStep): Step {
  return step.overAlphabet ? new AlphabetStep(createPlainStep(step)) : createPlainStep(step);
}

function createPlainStep(step: SplitStep): Step {
  if (step.kind === 'fixedLength') return new ScannerStep(new FixedLengthScanner(step.length));
  if (step.scanner === null || !scansWholeText(step.scanner, step.behavior, step.invert)) return new PatternStep(step);
  return new ScannerStep(createScanner(step.scanner));
}

/** Whether the pieces are the matches, and what lies between them if the pattern leaves anything out. */
function scansWholeText({ family }: ScannerFamily, behavior: SplitBehavior, invert: boolean): boolean {
  return behavior === 'isolated' || (behavior === 'removed' && invert && family !== 'deepseek');
}

/** The hand-written scanner of a family. */
export function createScanner({ family, maxDigits, contractions, trailingSpace }: ScannerFamily): Scanner {
  prepareClasses();
  switch (family) {
    case 'gpt2':
      return new Gpt2Scanner(maxDigits);
    case 'cl100k':
      return new Cl100kScanner(maxDigits, trailingSpace);
    case 'o200k':
      return new O200kScanner(maxDigits, contractions, trailingSpace);
    case 'deepseek':
      return new DeepseekScanner(false);
    case 'deepseekV3':
      return new DeepseekScanner(true);
  }
}
