/**
 * The addon's kernel functions, as native/addon exports them. Arguments are not checked there. Results whose size is not known before are
 * kept by the addon until they are taken.
 *
 * Functions that encode give the number of ids, or −1 − n where the text holds added token n, which is refused; `refusedAt` tells its place.
 */

import type {
  BpeHandle,
  BpeSpec,
  DecoderHandle,
  DecoderSpec,
  EncoderHandle,
  EncoderSpec,
  Handle,
  PatternHandle,
  PatternProgram,
} from './kernels';
import type { ScannerKinds } from './scanner-kinds';

declare const encodeJob: unique symbol;
/** A running job; belongs to the addon. */
export interface EncodeJobHandle {
  readonly [encodeJob]: true;
}

/** Called with (false, bytes done) now and then, and once with (true, bytes done) at the end. */
export type EncodeListener = (finished: boolean, bytesDone: number) => void;

export interface NativeKernelAddon {
  createPattern(program: PatternProgram): PatternHandle;
  findMatches(pattern: PatternHandle, text: Uint8Array): number;

  createBpe(spec: BpeSpec, cacheBytes: number): BpeHandle;
  encodePieces(model: BpeHandle, text: Uint8Array, pieceOffsets: Uint32Array): number;
  takePieceTokens(ids: Uint32Array, spans: Uint32Array, offsets: Uint32Array): void;

  /** `wordRanges`: start, end pairs of the characters of words, if any added token needs them; `scannerKinds` if any step has a scanner. */
  createEncoder(spec: EncoderSpec & { readonly wordRanges: Uint32Array | null; readonly scannerKinds: ScannerKinds | null }): EncoderHandle;
  /** The ids are in `out` if there is room for them, else to be taken. */
  encode(encoder: EncoderHandle, text: string | Uint8Array, actions: Uint8Array | null, out: Uint32Array): number;
  count(encoder: EncoderHandle, text: string | Uint8Array, actions: Uint8Array | null, limit: number): number;
  encodeBatch(encoder: EncoderHandle, text: Uint8Array, textOffsets: Uint32Array, actions: Uint8Array | null, offsets: Uint32Array): number;
  refusedAt(): number;
  take(): Uint32Array;

  startEncoding(
    encoder: EncoderHandle,
    text: Uint8Array,
    textOffsets: Uint32Array,
    actions: Uint8Array | null,
    listener: EncodeListener,
  ): EncodeJobHandle;
  cancelEncoding(job: EncodeJobHandle): void;
  /** As `encode`; a string is the message of an error. */
  encodingResult(job: EncodeJobHandle): number | string;
  /** The ids; `offsets` is filled. Once only. */
  takeEncoding(job: EncodeJobHandle, offsets: Uint32Array): Uint32Array;

  createDecoder(spec: DecoderSpec): DecoderHandle;
  decodedSize(decoder: DecoderHandle, ids: Uint32Array): number;
  decode(decoder: DecoderHandle, ids: Uint32Array, out: Uint8Array): void;

  bpeTables(model: BpeHandle): Uint8Array;
  encoderTables(encoder: EncoderHandle): Uint8Array;
  checksum(bytes: Uint8Array): bigint;
  allocate(size: number): Uint8Array | null;

  /** The handle must not be used any more. */
  release(handle: Handle<string>): void;
}
