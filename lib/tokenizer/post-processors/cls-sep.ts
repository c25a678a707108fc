/** BertProcessing and RobertaProcessing: a fixed template of two special tokens. */
import { type EncodingPart, joinParts, specialPart, withTypeIds } from '../encoding-parts';
import { trimPart } from './byte-level';
import type { LayoutPiece, PostProcessor } from './post-processor';

/** A special token and its id. */
export interface Special {
  readonly token: string;
  readonly id: number;
}

/** `[CLS] A [SEP]`, `[CLS] A [SEP] B [SEP]`, with type 1 for B and its separator. */
export class BertProcessor implements PostProcessor {
  constructor(
    private readonly cls: Special,
    private readonly sep: Special,
  ) {}

  addedTokens(pair: boolean): number {
    return pair ? 3 : 2;
  }

  process(parts: readonly EncodingPart[], addSpecialTokens: boolean): EncodingPart[] {
    if (!addSpecialTokens) return [...parts];
    return parts.map((part, index) => surround(part, index === 0 ? this.cls : null, this.sep, index === 0 ? 0 : 1, index));
  }

  layout(pieces: readonly LayoutPiece[], addSpecialTokens: boolean): LayoutPiece[] {
    if (!addSpecialTokens) return [...pieces];
    return pieces.flatMap((piece, index) => (index === 0 ? [ids(this.cls), piece, ids(this.sep)] : [piece, ids(this.sep)]));
  }
}

/** `<s> A </s>`, `<s> A </s> </s> B </s>`, all of type 0; takes white space out of the offsets first. */
export class RobertaProcessor implements PostProcessor {
  constructor(
    private readonly cls: Special,
    private readonly sep: Special,
    private readonly trimOffsets: boolean,
    private readonly addPrefixSpace: boolean,
  ) {}

  addedTokens(pair: boolean): number {
    return pair ? 4 : 2;
  }

  process(parts: readonly EncodingPart[], addSpecialTokens: boolean): EncodingPart[] {
    const trimmed = this.trimOffsets ? parts.map((part) => trimPart(part, this.addPrefixSpace)) : parts;
    const typed = trimmed.map((part) => withTypeIds(part, 0));
    if (!addSpecialTokens) return typed;
    return typed.map((part, index) => {
      const overflowing = part.overflowing.map((overflow) => withTypeIds(overflow, 0));
      return surround({ ...part, overflowing }, index === 0 ? this.cls : this.sep, this.sep, 0, index);
    });
  }

  layout(pieces: readonly LayoutPiece[], addSpecialTokens: boolean): LayoutPiece[] {
    if (!addSpecialTokens) return [...pieces];
    return pieces.flatMap((piece, index) => [ids(index === 0 ? this.cls : this.sep), piece, ids(this.sep)]);
  }
}

function ids(special: Special): Uint32Array {
  return Uint32Array.of(special.id);
}

/** A part between two special tokens; its sequence covers the part alone. */
function surround(part: EncodingPart, before: Special | null, after: Special, typeId: number, sequence: number): EncodingPart {
  const around = (inner: EncodingPart): EncodingPart =>
    joinParts([
      ...(before === null ? [] : [specialPart([before.id], [before.token], typeId)]),
      { ...inner, overflowing: [], ranges: new Map([[sequence, [0, inner.ids.length]]]) },
      specialPart([after.id], [after.token], typeId),
    ]);
  return { ...around(part), overflowing: part.overflowing.map(around) };
}
