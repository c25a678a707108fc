/**
 * Extended grapheme clusters (UAX #29) of Unicode 17, which is what the crate unicode-segmentation gives Hugging Face's Precompiled normalizer.
 */

import { characterLength, codePointAt } from '../utf8';
import { CodePointTable } from './code-point-table';
import { GraphemeKind } from './grapheme-kind';
import { GRAPHEME_KINDS } from './grapheme-tables';
import { forEachRun } from './table-codec';

let kinds: CodePointTable | undefined;

function kindOf(codePoint: number): GraphemeKind {
  if (codePoint >= 0x20 && codePoint < 0x7f) return GraphemeKind.Other;
  if (kinds === undefined) {
    const table = new CodePointTable();
    forEachRun(GRAPHEME_KINDS, (start, end, kind) => table.fill(start, end, kind));
    kinds = table;
  }
  return kinds.get(codePoint);
}

function isControl(kind: GraphemeKind): boolean {
  return kind === GraphemeKind.Control || kind === GraphemeKind.CR || kind === GraphemeKind.LF;
}

function isExtend(kind: GraphemeKind): boolean {
  return kind === GraphemeKind.Extend || kind === GraphemeKind.ConjunctExtend || kind === GraphemeKind.ConjunctLinker;
}

/** GB6 … GB8: Hangul syllables stay whole. */
function joinsHangul(before: GraphemeKind, after: GraphemeKind): boolean {
  switch (before) {
    case GraphemeKind.L:
      return after === GraphemeKind.L || after === GraphemeKind.V || after === GraphemeKind.LV || after === GraphemeKind.LVT;
    case GraphemeKind.LV:
    case GraphemeKind.V:
      return after === GraphemeKind.V || after === GraphemeKind.T;
    case GraphemeKind.LVT:
    case GraphemeKind.T:
      return after === GraphemeKind.T;
    default:
      return false;
  }
}

/** What must be remembered of a cluster's earlier characters. */
enum Sequence {
  None,
  /** A pictograph and what extends it (GB11). */
  Pictograph,
  /** The same, and a zero-width joiner. */
  JoinedPictograph,
  /** A consonant and what extends it (GB9c). */
  Consonant,
  /** The same, with a linker among it. */
  LinkedConsonant,
}

/** Walks through one cluster. */
class ClusterState {
  private sequence: Sequence;
  /** An odd number of regional indicators came before (GB12, GB13). */
  private oddIndicator: boolean;

  constructor(private last: GraphemeKind) {
    this.sequence = Sequence.None;
    this.oddIndicator = false;
    this.advance(last);
  }

  /** Whether a character of this kind belongs to the cluster; if so it has been taken in. */
  takes(kind: GraphemeKind): boolean {
    if (!this.joins(kind)) return false;
    this.advance(kind);
    return true;
  }

  private joins(kind: GraphemeKind): boolean {
    const { last, sequence } = this;
    if (last === GraphemeKind.CR && kind === GraphemeKind.LF) return true;
    if (isControl(last) || isControl(kind)) return false;
    if (last === GraphemeKind.Prepend || joinsHangul(last, kind)) return true;
    switch (kind) {
      case GraphemeKind.Extend:
      case GraphemeKind.ConjunctExtend:
      case GraphemeKind.ConjunctLinker:
      case GraphemeKind.ZWJ:
      case GraphemeKind.SpacingMark:
        return true;
      case GraphemeKind.ConjunctConsonant:
        return sequence === Sequence.LinkedConsonant;
      case GraphemeKind.ExtendedPictographic:
        return sequence === Sequence.JoinedPictograph;
      case GraphemeKind.RegionalIndicator:
        return this.oddIndicator;
      default:
        return false;
    }
  }

  private advance(kind: GraphemeKind): void {
    this.last = kind;
    this.oddIndicator = kind === GraphemeKind.RegionalIndicator && !this.oddIndicator;
    this.sequence = nextSequence(this.sequence, kind);
  }
}

function nextSequence(sequence: Sequence, kind: GraphemeKind): Sequence {
  if (kind === GraphemeKind.ExtendedPictographic) return Sequence.Pictograph;
  if (kind === GraphemeKind.ConjunctConsonant) return Sequence.Consonant;
  if (sequence === Sequence.Pictograph) {
    if (kind === GraphemeKind.ZWJ) return Sequence.JoinedPictograph;
    return isExtend(kind) ? sequence : Sequence.None;
  }
  if (sequence === Sequence.Consonant || sequence === Sequence.LinkedConsonant) {
    if (kind === GraphemeKind.ConjunctLinker) return Sequence.LinkedConsonant;
    return kind === GraphemeKind.ConjunctExtend || kind === GraphemeKind.ZWJ ? sequence : Sequence.None;
  }
  return Sequence.None;
}

/**
 * Where the grapheme cluster that begins at `start` ends, in bytes of well-formed UTF-8.
 * @param start The start of the text or the end of another cluster, and not the end of the text.
 */
export function graphemeEnd(bytes: Uint8Array, start: number): number {
  let at = start + characterLength(bytes[start]);
  if (at >= bytes.length) return at;
  const first = kindOf(codePointAt(bytes, start));
  // The usual case.
  if (first === GraphemeKind.Other && kindOf(codePointAt(bytes, at)) === GraphemeKind.Other) return at;
  const cluster = new ClusterState(first);
  while (at < bytes.length && cluster.takes(kindOf(codePointAt(bytes, at)))) at += characterLength(bytes[at]);
  return at;
}
