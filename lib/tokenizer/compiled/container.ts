/**
 * The file that a compiled tokenizer is kept in: an outline in JSON, and arrays that are used where they lie.
 *
 * | bytes | what |
 * |---|---|
 * | 8 | `MRGCMPLD` |
 * | 4 | 0x01020304 in the byte order of the machine that wrote it |
 * | 4 | version of this format |
 * | 8 | size of the file |
 * | 8 | XXH64 of the XXH64s of all strips of 512 KiB, of which the first begins behind this |
 * | 8 + 8 | checksum and size of the source that it was compiled from (see source-stamp.ts); 0 and 0 if there was none |
 * | 8 | length of the outline |
 * | 8 + 8 | place and length of the array that the backend may read ahead; 0 and 0 if there is none |
 * | … | the outline in UTF-8, then the arrays, each at a multiple of 64 bytes |
 *
 * An array stands in the outline as `{ "$array": [type, place, length] }`.
 */
import type { Kernels } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import { decodeUtf8, encodeUtf8 } from '../utf8';

const MAGIC = 'MRGCMPLD';
const BYTE_ORDER = 0x01020304;
/** To be raised with every change of the outline or the header. */
const FORMAT_VERSION = 4;
const HEADER_BYTES = 72;
const CHECKED_FROM = 32;
/** The native backend reads files in strips of this size. */
const STRIP_BYTES = 1 << 19;
const ALIGNMENT = 64;

/** What a source is recognised by. */
export interface SourceStamp {
  readonly checksum: bigint;
  readonly size: number;
}

export const NO_SOURCE: SourceStamp = { checksum: 0n, size: 0 };

const TYPES = { u8: Uint8Array, u32: Uint32Array, i32: Int32Array } as const;
type TypeName = keyof typeof TYPES;
type TypedArray = InstanceType<(typeof TYPES)[TypeName]>;

export interface Container {
  readonly source: SourceStamp;
  readonly checksum: bigint;
  readonly outline: unknown;
}

/** Writes an outline: plain data with typed arrays in it. An array that stands in several places is written once. `ahead`: one of them, see `Kernels.readAhead`. */
export function writeContainer(outline: object, source: SourceStamp, ahead: Uint8Array | null, kernels: Kernels): Uint8Array {
  const arrays = new Map<TypedArray, number>();
  let end = 0;
  const json = encodeUtf8(
    JSON.stringify(outline, function (this: Record<string, unknown>, key, json: unknown) {
      // The value itself: Node's buffers make something of their own of it before it comes here.
      const value = this[key];
      const type = typeOf(value);
      if (type === null) return json;
      const array = value as TypedArray;
      if (!arrays.has(array)) {
        arrays.set(array, end);
        end = aligned(end + array.byteLength);
      }
      return { $array: [type, arrays.get(array), array.length] };
    }),
  );
  const base = aligned(HEADER_BYTES + json.length);
  const file = new Uint8Array(base + end);
  const view = new DataView(file.buffer);
  file.set(encodeUtf8(MAGIC));
  new Uint32Array(file.buffer, 8, 1)[0] = BYTE_ORDER;
  view.setUint32(12, FORMAT_VERSION, true);
  view.setBigUint64(16, BigInt(file.length), true);
  view.setBigUint64(32, source.checksum, true);
  view.setBigUint64(40, BigInt(source.size), true);
  view.setBigUint64(48, BigInt(json.length), true);
  const place = ahead === null ? undefined : arrays.get(ahead as TypedArray);
  if (place !== undefined) {
    view.setBigUint64(56, BigInt(base + place), true);
    view.setBigUint64(64, BigInt(ahead!.byteLength), true);
  }
  file.set(json, HEADER_BYTES);
  for (const [array, place] of arrays) file.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), base + place);
  view.setBigUint64(24, checksumOf(file, kernels), true);
  return file;
}

/** A checksum of the checksums of strips, which several threads may make. */
export function checksumOf(file: Uint8Array, kernels: Kernels): bigint {
  const strips = new BigUint64Array(Math.ceil(file.length / STRIP_BYTES));
  for (let i = 0; i < strips.length; i++)
    strips[i] = kernels.checksum(file.subarray(i === 0 ? CHECKED_FROM : i * STRIP_BYTES, (i + 1) * STRIP_BYTES));
  return kernels.checksum(new Uint8Array(strips.buffer));
}

/** Lets the backend begin with a file that was just read into memory of its own, and is read as a container next. */
export function readAhead(bytes: Uint8Array, kernels: Kernels): void {
  if (bytes.length < HEADER_BYTES) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const place = Number(view.getBigUint64(56, true));
  const tables = bytes.subarray(place, place + Number(view.getBigUint64(64, true)));
  if (tables.length > 0) kernels.readAhead(tables);
}

/** Reads a file and checks that it is whole. Its arrays are views into `bytes`, which must not change. Throws MALFORMED_FILE. */
export function readContainer(bytes: Uint8Array, kernels: Kernels): Container {
  const file = bytes.byteOffset % ALIGNMENT === 0 ? bytes : new Uint8Array(bytes);
  const { outlineLength, checksum, source } = readHeader(file);
  if (checksumOf(file, kernels) !== checksum) throw damaged('the checksum in its header', 'other bytes');
  const base = aligned(HEADER_BYTES + outlineLength);
  const outline: unknown = JSON.parse(decodeUtf8(file.subarray(HEADER_BYTES, HEADER_BYTES + outlineLength)), (_key, value: unknown) =>
    isReference(value) ? arrayAt(file, base, value.$array) : value,
  );
  return { source, checksum, outline };
}

/** The stamp of the source that a file says it was compiled from; null if it is no such file. For a look before the rest is checked. */
export function sourceOf(bytes: Uint8Array): SourceStamp | null {
  try {
    return readHeader(bytes).source;
  } catch {
    return null;
  }
}

function readHeader(file: Uint8Array): { outlineLength: number; checksum: bigint; source: SourceStamp } {
  if (file.length < HEADER_BYTES) throw damaged(`a header of ${HEADER_BYTES} bytes`, `${file.length} bytes`);
  const magic = String.fromCharCode(...file.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw damaged(`the mark ${MAGIC}`, JSON.stringify(magic));
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (new Uint32Array(Uint8Array.from(file.subarray(8, 12)).buffer)[0] !== BYTE_ORDER)
    throw damaged("this machine's byte order", 'another');
  const version = view.getUint32(12, true);
  if (version !== FORMAT_VERSION) throw damaged(`version ${FORMAT_VERSION}`, `version ${version}`);
  const size = view.getBigUint64(16, true);
  if (size !== BigInt(file.length)) throw damaged(`${size} bytes`, `${file.length}`);
  const outlineLength = Number(view.getBigUint64(48, true));
  if (outlineLength > file.length - HEADER_BYTES) throw damaged('an outline that lies in it', `one of ${outlineLength} bytes`);
  return {
    outlineLength,
    checksum: view.getBigUint64(24, true),
    source: { checksum: view.getBigUint64(32, true), size: Number(view.getBigUint64(40, true)) },
  };
}

function arrayAt(file: Uint8Array, base: number, [type, place, length]: readonly unknown[]): TypedArray {
  const Type = Object.hasOwn(TYPES, String(type)) ? TYPES[type as TypeName] : null;
  const inRange = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
  if (Type === null || !inRange(place) || !inRange(length) || place % ALIGNMENT !== 0)
    throw damaged('references to arrays', 'something else');
  if (base + place + length * Type.BYTES_PER_ELEMENT > file.length) throw damaged('arrays that lie in it', 'one that does not');
  return new Type(file.buffer as ArrayBuffer, file.byteOffset + base + place, length);
}

function isReference(value: unknown): value is { $array: readonly unknown[] } {
  return typeof value === 'object' && value !== null && Array.isArray((value as { $array?: unknown }).$array);
}

/** Objects of other realms (jest's) are no instances of this one's classes. */
function typeOf(value: unknown): TypeName | null {
  if (!ArrayBuffer.isView(value)) return null;
  const name = Object.prototype.toString.call(value);
  const names: Record<string, TypeName> = { '[object Uint8Array]': 'u8', '[object Uint32Array]': 'u32', '[object Int32Array]': 'i32' };
  return names[name] ?? null;
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

function damaged(expected: string, actual: string): MerganserError {
  return new MerganserError('MALFORMED_FILE', `Expected a compiled tokenizer with ${expected}, but got ${actual}.`);
}
