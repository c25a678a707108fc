/** The tables behind normalize.ts, laid out for use; decoded when first asked for. */

import { CodePointTable } from './code-point-table';
import { HANGUL, MAY_CHANGE, type NormalizationForm } from './normalization-layout';
import * as tables from './normalization-tables';
import { forEachMapping, forEachRun } from './table-codec';

export interface NormalizationData {
  /** Combining classes, numbered by their order. */
  readonly classes: CodePointTable;
  /** Code points that can be the second of a composition. */
  readonly composing: ReadonlySet<number>;
  /** second → first → composite. Without Hangul. */
  readonly compositions: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** Full canonical decompositions. Without Hangul. */
  readonly canonical: ReadonlyMap<number, readonly number[]>;
  /** Full compatibility decompositions where they differ from the canonical ones. */
  readonly compatibility: ReadonlyMap<number, readonly number[]>;
  /** Code points with a canonical decomposition that composition undoes. Without Hangul. */
  readonly composites: ReadonlySet<number>;
}

let data: NormalizationData | undefined;

export function normalizationData(): NormalizationData {
  return (data ??= load());
}

function load(): NormalizationData {
  const classes = new CodePointTable();
  forEachRun(tables.COMBINING_CLASSES, (start, end, rank) => classes.fill(start, end, rank));
  const pairs = readMapping(tables.COMPOSITIONS);
  const canonical = readMapping(tables.CANONICAL_DECOMPOSITIONS);
  const compositions = new Map<number, Map<number, number>>();
  for (const [composite, [first, second]] of pairs) {
    const withSecond = compositions.get(second) ?? new Map<number, number>();
    compositions.set(second, withSecond.set(first, composite));
  }
  for (const composite of pairs.keys()) canonical.set(composite, decomposeFully(composite, pairs));
  return {
    classes,
    composing: new Set([...compositions.keys(), ...range(HANGUL.vBase, HANGUL.vCount), ...range(HANGUL.tBase + 1, HANGUL.tCount - 1)]),
    compositions,
    canonical,
    compatibility: readMapping(tables.COMPATIBILITY_DECOMPOSITIONS),
    composites: new Set(pairs.keys()),
  };
}

function range(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start + i);
}

function readMapping(table: string): Map<number, number[]> {
  const mapping = new Map<number, number[]>();
  forEachMapping(table, (codePoint, sequence) => mapping.set(codePoint, sequence));
  return mapping;
}

/** Only the first of a pair may be a composite itself. */
function decomposeFully(composite: number, pairs: ReadonlyMap<number, readonly number[]>): number[] {
  const marks: number[] = [];
  let first = composite;
  for (let pair = pairs.get(first); pair !== undefined; pair = pairs.get(first)) {
    marks.push(pair[1]);
    first = pair[0]!;
  }
  return [first, ...marks.reverse()];
}

export class FormData {
  /** Whether the form composes. */
  readonly composes: boolean;
  /**
   * Per code point its combining class, and MAY_CHANGE. Text of code points without the flag, whose classes never decrease but to 0, is in the
   * form; and at a code point with entry 0 text can be cut, normalized apart and joined.
   */
  readonly quick = new CodePointTable();
  private readonly compatible: boolean;

  constructor(form: NormalizationForm) {
    this.composes = form === 'NFC' || form === 'NFKC';
    this.compatible = form === 'NFKC' || form === 'NFKD';
    const { classes, composing, canonical, compatibility, composites } = normalizationData();
    forEachRun(tables.COMBINING_CLASSES, (start, end, rank) => this.quick.fill(start, end, rank));
    const flag = (codePoint: number): void => this.quick.set(codePoint, classes.get(codePoint) | MAY_CHANGE);
    for (const codePoint of canonical.keys()) if (!(this.composes && composites.has(codePoint))) flag(codePoint);
    if (this.compatible) for (const codePoint of compatibility.keys()) flag(codePoint);
    if (this.composes) for (const codePoint of composing) flag(codePoint);
    if (!this.composes) this.quick.fill(HANGUL.sBase, HANGUL.sBase + HANGUL.sCount, MAY_CHANGE);
  }

  /** The full decomposition, undefined if the code point has none. */
  decompose(codePoint: number): readonly number[] | undefined {
    if (codePoint < 0xa0) return undefined;
    const s = codePoint - HANGUL.sBase;
    if (s >= 0 && s < HANGUL.sCount) return decomposeHangul(s);
    const { canonical, compatibility } = normalizationData();
    return (this.compatible ? compatibility.get(codePoint) : undefined) ?? canonical.get(codePoint);
  }
}

function decomposeHangul(syllable: number): number[] {
  const t = syllable % HANGUL.tCount;
  const lv = (syllable - t) / HANGUL.tCount;
  const v = lv % HANGUL.vCount;
  const jamo = [HANGUL.lBase + (lv - v) / HANGUL.vCount, HANGUL.vBase + v];
  return t === 0 ? jamo : [...jamo, HANGUL.tBase + t];
}

const forms = new Map<NormalizationForm, FormData>();

export function formData(form: NormalizationForm): FormData {
  let found = forms.get(form);
  if (found === undefined) {
    found = new FormData(form);
    forms.set(form, found);
  }
  return found;
}
