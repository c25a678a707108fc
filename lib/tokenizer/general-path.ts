/**
 * The general path from text to tokens: every tokenizer.json can take it, and it knows offsets and words.
 * Tokenizers whose path the backends have fused (see fused-plan.ts) take it only where more than ids is wanted.
 *
 * text → stretches between added tokens → normalized → stretches between `normalized` added tokens → pieces → tokens
 */
import type { BpeHandle, Kernels, PieceTokens } from '../backend/kernels';
import type { Supermerges } from '../backend/js/supermerges';
import type { AddedTokenMatcher } from './added-token-matcher';
import { type ModelText, toModelText } from './model-text';
import { NormalizedText } from './normalized-text';
import type { Normalizer } from './normalizers/normalizer';
import { type Pieces, piecesOf } from './pre-tokenizers/pieces';
import type { PreTokenizer } from './pre-tokenizers/pre-tokenizer';
import { type FoundToken, normalizeStretches } from './stretches';

/** The parts of a tokenizer that take part before post-processing. */
export interface GeneralParts {
  readonly kernels: Kernels;
  readonly model: BpeHandle;
  /** The form of text that `model` was made for. */
  readonly modelText: ModelText;
  /** null: pieces stay apart. */
  readonly supermerges?: Supermerges | null;
  readonly added: AddedTokenMatcher;
  readonly normalizer: Normalizer | null;
  readonly preTokenizer: PreTokenizer | null;
}

export interface GeneralOptions {
  /** Whether offsets and words are wanted. */
  readonly full: boolean;
  /** What to do with each added token (`AddedTokenAction`), by its index in `added.tokens`; null: all are recognised. */
  readonly actions: Uint8Array | null;
  /** Makes the tokens of pieces in place of the model. */
  readonly encodePieces?: ((text: Uint8Array, pieceOffsets: Uint32Array) => PieceTokens) | undefined;
}

export interface GeneralEncoding {
  readonly ids: Uint32Array;
  /** start, end of each token in the given text, in bytes, rounded outwards to whole characters as Hugging Face does. null unless `full`. */
  readonly spans: Uint32Array | null;
  /** Number of the piece (or added token) each token comes from. null unless `full`. */
  readonly wordIds: Int32Array | null;
  /** The texts that added tokens were found as, by the token's place among the ids. Empty unless `full`. */
  readonly addedTexts: ReadonlyMap<number, Uint8Array>;
}

const NO_TEXTS: GeneralEncoding['addedTexts'] = new Map();

/** The text cut into the pieces that the model sees, and the added tokens between them. */
export interface CutText {
  readonly pieces: Pieces;
  readonly found: readonly FoundToken[];
}

/**
 * Encodes well-formed UTF-8.
 * @throws DisallowedAddedToken for a token whose action is `Refuse`.
 */
export function encodeGeneral(parts: GeneralParts, text: Uint8Array, options: GeneralOptions): GeneralEncoding {
  const cut = cutText(parts, text, options);
  const pieces = toModelText(cut.pieces, parts.modelText);
  const contiguous = joinPieces(pieces);
  const ofPieces =
    options.encodePieces?.(contiguous.text, contiguous.offsets) ??
    parts.kernels.encodePieces(parts.model, contiguous.text, contiguous.offsets);
  const tokens = parts.supermerges?.join(ofPieces, adjacency(pieces)) ?? ofPieces;
  const assembler = new Assembler(parts.added, pieces, contiguous.offsets, tokens, cut.found);
  return options.full ? assembler.full() : assembler.idsOnly();
}

/** The first steps of `encodeGeneral`, without the model: for those who want to show or count pieces. */
export function cutText(
  parts: Omit<GeneralParts, 'kernels' | 'model' | 'modelText' | 'supermerges'>,
  text: Uint8Array,
  options: GeneralOptions,
): CutText {
  const tracked = options.full || parts.preTokenizer?.needsOffsets === true;
  const stretches = normalizeStretches(NormalizedText.original(text, tracked), parts.added, parts.normalizer, options.actions);
  const whole = piecesOf(stretches.text, stretches.bounds);
  return { pieces: parts.preTokenizer?.preTokenize(whole) ?? whole, found: stretches.found };
}

/** Whether a piece lies directly behind the one before it, in the same stretch. */
function adjacency({ bounds, groups }: Pieces): (piece: number) => boolean {
  const firsts = new Set(groups);
  return (piece) => !firsts.has(piece) && bounds[2 * piece] === bounds[2 * piece - 1];
}

/** The pieces back to back, as the model takes them. */
function joinPieces({ text, bounds }: Pieces): { text: Uint8Array; offsets: Uint32Array } {
  const count = bounds.length / 2;
  const offsets = new Uint32Array(count + 1);
  for (let piece = 0; piece < count; piece++) offsets[piece + 1] = offsets[piece] + bounds[2 * piece + 1] - bounds[2 * piece];
  const length = offsets[count];
  const start = bounds[0] ?? 0;
  if (length === (bounds.at(-1) ?? 0) - start) return { text: text.bytes.subarray(start, start + length), offsets };
  const joined = new Uint8Array(length);
  for (let piece = 0; piece < count; piece++) joined.set(text.bytes.subarray(bounds[2 * piece], bounds[2 * piece + 1]), offsets[piece]);
  return { text: joined, offsets };
}

/** Puts the model's tokens and the added tokens together, in the order of the text. */
class Assembler {
  private readonly ids: Uint32Array;
  private written = 0;

  constructor(
    private readonly added: AddedTokenMatcher,
    private readonly pieces: Pieces,
    /** Where each piece begins in the text that the model was given. */
    private readonly joinedOffsets: Uint32Array,
    private readonly tokens: PieceTokens,
    private readonly found: readonly FoundToken[],
  ) {
    this.ids = new Uint32Array(tokens.ids.length + found.length);
  }

  idsOnly(): GeneralEncoding {
    if (this.found.length === 0) return { ids: this.tokens.ids, spans: null, wordIds: null, addedTexts: NO_TEXTS };
    this.walk(
      (first, last) => this.copyIds(first, last),
      (token) => this.pushId(token),
    );
    return { ids: this.ids, spans: null, wordIds: null, addedTexts: NO_TEXTS };
  }

  full(): GeneralEncoding {
    const { ids } = this;
    const spans = new Uint32Array(2 * ids.length);
    const wordIds = new Int32Array(ids.length);
    const addedTexts = new Map<number, Uint8Array>();
    let word = 0;
    this.walk(
      (first, last) => {
        for (let piece = first; piece < last; piece++) this.describePiece(piece, word++, spans, wordIds);
      },
      (token) => {
        spans[2 * this.written] = token.start;
        spans[2 * this.written + 1] = token.end;
        wordIds[this.written] = word++;
        addedTexts.set(this.written, token.text);
        this.pushId(token);
      },
    );
    return { ids, spans, wordIds, addedTexts };
  }

  /** Visits the pieces between added tokens, and the added tokens. */
  private walk(visitPieces: (first: number, last: number) => void, visitToken: (token: FoundToken) => void): void {
    const { groups } = this.pieces;
    let piece = 0;
    for (const token of this.found) {
      const next = groups[token.stretch];
      visitPieces(piece, next);
      visitToken(token);
      piece = next;
    }
    visitPieces(piece, groups.at(-1)!);
  }

  private copyIds(first: number, last: number): void {
    const { ids, offsets } = this.tokens;
    this.ids.set(ids.subarray(offsets[first], offsets[last]), this.written);
    this.written += offsets[last] - offsets[first];
  }

  private pushId(token: FoundToken): void {
    this.ids[this.written++] = this.added.tokens[token.index].id;
  }

  private describePiece(piece: number, word: number, spans: Uint32Array, wordIds: Int32Array): void {
    const { ids, offsets, spans: joined } = this.tokens;
    const { text, bounds } = this.pieces;
    const shift = bounds[2 * piece] - this.joinedOffsets[piece];
    for (let token = offsets[piece]; token < offsets[piece + 1]; token++, this.written++) {
      this.ids[this.written] = ids[token]!;
      spans[2 * this.written] = text.originalStart(joined[2 * token] + shift);
      spans[2 * this.written + 1] = text.originalEnd(joined[2 * token + 1] - 1 + shift);
      wordIds[this.written] = word;
    }
  }
}
