/**
 * The file that an index is kept in: an outline in JSON, and its arrays as they are in memory.
 *
 * | bytes | what |
 * |---|---|
 * | 8 | `MRGINDEX` |
 * | 4 | 0x01020304 in the byte order of the machine that wrote it |
 * | 4 | version of this format |
 * | 8 | size of the file |
 * | 8 | XXH64 of the outline |
 * | 8 | length of the outline |
 * | 24 | 0 |
 * | … | the outline in UTF-8, then the arrays, each at a multiple of 64 bytes |
 *
 * In the outline an array is [type, place, length, checksum in hexadecimal]: the XXH64 of the XXH64s of its megabytes, so that others get their turn in between.
 */
import { blockwiseChecksum } from '../attention/context/context-bytes';
import type { Kernels } from '../backend/kernels';
import { MerganserError } from '../errors';

const MAGIC = 'MRGINDEX';
const BYTE_ORDER = 0x01020304;
const FORMAT_VERSION = 2;
const HEADER_BYTES = 64;
const RESERVED_FROM = 40;
const ALIGNMENT = 64;

const TYPES = { u8: Uint8Array, i8: Int8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;
type TypeName = keyof typeof TYPES;
export type IndexArray = Uint8Array | Int8Array | Uint16Array | Uint32Array | Float32Array;

export interface IndexContents {
  /** Plain data. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, IndexArray>>;
}

/** The bytes of a file, in parts that are not copies. */
export async function fileParts({ facts, arrays }: IndexContents, kernels: Kernels): Promise<Uint8Array[]> {
  let end = 0;
  const places: Record<string, readonly [TypeName, number, number, string]> = {};
  for (const [name, array] of Object.entries(arrays)) {
    const bytes = bytesOf(array);
    places[name] = [typeOf(array), end, array.length, (await blockwiseChecksum(bytes, kernels)).toString(16)];
    end = aligned(end + bytes.length);
  }
  const outline = new TextEncoder().encode(JSON.stringify({ facts, arrays: places }));
  const base = aligned(HEADER_BYTES + outline.length);
  const head = new Uint8Array(base);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode(MAGIC));
  new Uint32Array(head.buffer, 8, 1)[0] = BYTE_ORDER;
  view.setUint32(12, FORMAT_VERSION, true);
  view.setBigUint64(16, BigInt(base + end), true);
  view.setBigUint64(24, kernels.checksum(outline), true);
  view.setBigUint64(32, BigInt(outline.length), true);
  head.set(outline, HEADER_BYTES);
  const padded = Object.values(arrays).flatMap((array) => [bytesOf(array), new Uint8Array(aligned(array.byteLength) - array.byteLength)]);
  return [head, ...padded];
}

export interface ByteSource {
  readonly size: number;
  /** At multiples of 64 the bytes stand at multiples of 8 in their buffer. */
  read(at: number, length: number): Promise<Uint8Array>;
}

/** Rejects with MALFORMED_FILE. The contents of arrays are checked if `checked` says so of their name. */
export async function readContents(source: ByteSource, kernels: Kernels, checked: (name: string) => boolean): Promise<IndexContents> {
  if (source.size < HEADER_BYTES) throw damaged(`a header of ${HEADER_BYTES} bytes`, `${source.size} bytes`);
  const head = (await source.read(0, HEADER_BYTES)).slice();
  const view = new DataView(head.buffer);
  const magic = String.fromCharCode(...head.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw damaged(`the mark ${MAGIC}`, JSON.stringify(magic));
  if (new Uint32Array(head.buffer, 8, 1)[0] !== BYTE_ORDER) throw damaged("this machine's byte order", 'another');
  const version = view.getUint32(12, true);
  if (version !== FORMAT_VERSION) throw damaged(`version ${FORMAT_VERSION}`, `version ${version}`);
  if (view.getBigUint64(16, true) !== BigInt(source.size)) throw damaged(`${view.getBigUint64(16, true)} bytes`, `${source.size}`);
  requireZeros(head.subarray(RESERVED_FROM));
  const length = Number(view.getBigUint64(32, true));
  if (length > source.size - HEADER_BYTES) throw damaged('an outline that lies in it', `one of ${length} bytes`);
  const outline = await source.read(HEADER_BYTES, length);
  if (kernels.checksum(outline) !== view.getBigUint64(24, true)) throw damaged('the outline that its header tells of', 'another');
  const { facts, places } = parseOutline(outline);
  const base = aligned(HEADER_BYTES + length);
  const requireGap = async (end: number): Promise<void> => requireZeros(await source.read(end, Math.min(source.size, aligned(end)) - end));
  await requireGap(HEADER_BYTES + length);
  const read: Record<string, IndexArray> = {};
  let next = base;
  for (const [name, [type, place, count, checksum]] of places) {
    const Type = TYPES[type];
    const bytes = count * Type.BYTES_PER_ELEMENT;
    // One behind the other, so that none is written with another.
    if (base + place !== next) throw damaged(`${name} at ${next - base}`, `at ${place}`);
    if (next + bytes > source.size) throw damaged(`${name} in it`, 'a file that ends before');
    const found = await source.read(next, bytes);
    if (checked(name)) {
      if ((await blockwiseChecksum(found, kernels)).toString(16) !== checksum) throw damaged(`the checksum of ${name}`, 'other bytes');
      await requireGap(next + bytes);
    }
    read[name] = new Type(found.buffer as ArrayBuffer, found.byteOffset, count);
    next = aligned(next + bytes);
  }
  return { facts, arrays: read };
}

/** Where an array lies: type, place, length, checksum. */
type Place = readonly [TypeName, number, number, unknown];

/** Throws MALFORMED_FILE for what is no outline. */
function parseOutline(bytes: Uint8Array): { facts: Record<string, unknown>; places: ReadonlyArray<readonly [string, Place]> } {
  const wrong = damaged('an outline of facts and arrays', 'something else');
  let outline: unknown;
  try {
    outline = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw wrong;
  }
  const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  const isPlace = (place: unknown): place is Place =>
    Array.isArray(place) && typeof place[0] === 'string' && Object.hasOwn(TYPES, place[0]) && isWhole(place[1]) && isWhole(place[2]);
  if (!isRecord(outline) || !isRecord(outline['facts']) || !isRecord(outline['arrays'])) throw wrong;
  const places = Object.entries(outline['arrays']);
  if (!places.every((entry): entry is [string, Place] => isPlace(entry[1]))) throw wrong;
  return { facts: outline['facts'], places };
}

/** Whether it is a whole number, not negative. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** What lies between the parts of a file. */
function requireZeros(gap: Uint8Array): void {
  if (gap.some((byte) => byte !== 0)) throw damaged('zeros between its parts', 'other bytes');
}

/** Bytes in memory. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (at, length) => {
      const part = bytes.subarray(at, at + length);
      return part.byteOffset % 8 === 0 ? part : part.slice();
    },
  };
}

export function damaged(expected: string, actual: string): MerganserError {
  return new MerganserError('MALFORMED_FILE', `Expected the file of a vector index with ${expected}, but got ${actual}.`);
}

function bytesOf(array: IndexArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Objects of other realms are no instances of this one's classes. */
function typeOf(array: IndexArray): TypeName {
  const name = Object.prototype.toString.call(array).slice('[object '.length, -1);
  return (Object.keys(TYPES) as TypeName[]).find((type) => TYPES[type].name === name)!;
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}
