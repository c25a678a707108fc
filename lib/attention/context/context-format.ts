/**
 * The file that a context is kept in: an outline in JSON, and arrays that can be used where they lie.
 *
 * | bytes | what |
 * |---|---|
 * | 8 | `MRGCONTX` |
 * | 4 | 0x01020304 in the byte order of the machine that wrote it |
 * | 4 | version of this format, little-endian as all that follows |
 * | 8 | size of the file |
 * | 8 | XXH64 of the rest of the header and the outline |
 * | 8 | length of the outline |
 * | 24 | 0 |
 * | … | the outline in UTF-8, then the arrays, each at a multiple of 64 bytes |
 *
 * The outline gives the numbers that a context has, and for each array its type, its place (from the end of the outline, rounded up to 64), its length and
 * its checksum: the XXH64 of the XXH64s of its blocks of a mebibyte.
 */
import type { Kernels } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import type { ContextStore } from './context-store';
import type { ContextThresholds } from './types';

const MAGIC = 'MRGCONTX';
const BYTE_ORDER = 0x01020304;
/** To be raised with every change of the outline or the header. */
const FORMAT_VERSION = 1;
const HEADER_BYTES = 64;
const CHECKED_FROM = 32;
const ALIGNMENT = 64;
export const BLOCK_BYTES = 1 << 20;

const TYPES = { float32: Float32Array, uint16: Uint16Array, uint32: Uint32Array } as const;
type TypeName = keyof typeof TYPES;
type AnyArray = Float32Array | Uint16Array | Uint32Array;

interface ArrayEntry {
  readonly type: TypeName;
  readonly place: number;
  readonly length: number;
  /** XXH64 in hexadecimal, 16 digits. */
  readonly checksum: string;
}

type Numbers = Omit<ContextStore, 'keys' | 'values' | 'positions' | 'arrays' | 'coarse' | 'rowRoom' | 'clusterRoom'>;

interface Outline extends Numbers {
  readonly groups: number;
  readonly thresholds: ContextThresholds | null;
  readonly arrays: Readonly<Record<string, ArrayEntry>>;
}

export interface SavedContext {
  readonly store: ContextStore;
  readonly thresholds: ContextThresholds | null;
}

/** Where everything goes in a file. */
export interface FilePlan {
  readonly size: number;
  /** Places of the arrays' bytes. */
  readonly sections: readonly { readonly name: string; readonly place: number; readonly bytes: Uint8Array }[];
  /** What stands before the arrays, once their checksums are known. */
  head(checksums: ReadonlyMap<string, bigint>): Uint8Array;
}

/** The store must be without unused room. */
export function planFile({ store, thresholds }: SavedContext, kernels: Kernels): FilePlan {
  const arrays = arraysOf(store);
  const { batch, heads, dims, type, scale, sink, clustered, tail, clusters, recent } = store;
  const numbers: Numbers = { batch, heads, dims, type, scale, sink, clustered, tail, clusters, recent };
  let end = 0;
  const places = Object.entries(arrays).map(([name, array]) => {
    const place = end;
    end = aligned(end + array.byteLength);
    return { name, place, bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) };
  });
  const outlineWith = (checksums: ReadonlyMap<string, bigint>): Uint8Array => {
    const entries = places.map(({ name, place }): [string, ArrayEntry] => {
      const checksum = (checksums.get(name) ?? 0n).toString(16).padStart(16, '0');
      return [name, { type: typeName(arrays[name]), place, length: arrays[name].length, checksum }];
    });
    const outline: Outline = { ...numbers, groups: store.coarse?.groups ?? 0, thresholds, arrays: Object.fromEntries(entries) };
    return new TextEncoder().encode(JSON.stringify(outline));
  };
  const base = aligned(HEADER_BYTES + outlineWith(new Map()).length);
  const size = base + end;
  return {
    size,
    sections: places.map((section) => ({ ...section, place: base + section.place })),
    head: (checksums) => headOf(outlineWith(checksums), base, size, kernels),
  };
}

function headOf(outline: Uint8Array, bytes: number, fileSize: number, kernels: Kernels): Uint8Array {
  const head = new Uint8Array(bytes);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode(MAGIC));
  new Uint32Array(head.buffer, 8, 1)[0] = BYTE_ORDER;
  view.setUint32(12, FORMAT_VERSION, true);
  view.setBigUint64(16, BigInt(fileSize), true);
  view.setBigUint64(32, BigInt(outline.length), true);
  head.set(outline, HEADER_BYTES);
  view.setBigUint64(24, kernels.checksum(head.subarray(CHECKED_FROM, HEADER_BYTES + outline.length)), true);
  return head;
}

/** The context in a file's bytes; its arrays are views of them. Arrays are not compared with their checksums. Throws MALFORMED_FILE. */
export function parseFile(
  bytes: Uint8Array,
  kernels: Kernels,
): SavedContext & { readonly checksums: readonly { readonly name: string; readonly bytes: Uint8Array; readonly checksum: bigint }[] } {
  const { outline, base } = readHead(bytes, kernels);
  const arrays: Record<string, AnyArray> = {};
  for (const [name, entry] of Object.entries(outline.arrays)) arrays[name] = arrayAt(bytes, base, entry);
  const store = storeOf(outline, arrays);
  const checksums = Object.entries(arrays).map(([name, array]) => ({
    name,
    bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    checksum: BigInt(`0x${outline.arrays[name].checksum}`),
  }));
  return { store, thresholds: outline.thresholds, checksums };
}

function readHead(bytes: Uint8Array, kernels: Kernels): { outline: Outline; base: number } {
  if (bytes.length < HEADER_BYTES) throw damaged(`a header of ${HEADER_BYTES} bytes`, `${bytes.length} bytes`);
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw damaged(`the mark ${MAGIC}`, JSON.stringify(magic));
  if (new Uint32Array(Uint8Array.from(bytes.subarray(8, 12)).buffer)[0] !== BYTE_ORDER) {
    throw damaged("this machine's byte order", 'another');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(12, true);
  if (version !== FORMAT_VERSION) throw damaged(`version ${FORMAT_VERSION}`, `version ${version}`);
  const size = view.getBigUint64(16, true);
  if (size !== BigInt(bytes.length)) throw damaged(`${size} bytes`, `${bytes.length}`);
  const length = Number(view.getBigUint64(32, true));
  if (length > bytes.length - HEADER_BYTES) throw damaged('an outline that lies in it', `one of ${length} bytes`);
  const end = HEADER_BYTES + length;
  if (kernels.checksum(bytes.subarray(CHECKED_FROM, end)) !== view.getBigUint64(24, true)) {
    throw damaged('the outline that its checksum stands for', 'another');
  }
  return { outline: JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER_BYTES, end))) as Outline, base: aligned(end) };
}

function arrayAt(bytes: Uint8Array, base: number, { type, place, length }: ArrayEntry): AnyArray {
  const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Object.hasOwn(TYPES, type) || !isSize(place) || !isSize(length) || place % ALIGNMENT !== 0) {
    throw damaged('arrays of known types', 'others');
  }
  const Type = TYPES[type];
  if (base + place + length * Type.BYTES_PER_ELEMENT > bytes.length) throw damaged('arrays that lie in it', 'one that does not');
  return new Type(bytes.buffer as ArrayBuffer, bytes.byteOffset + base + place, length);
}

function arraysOf(store: ContextStore): Record<string, AnyArray> {
  const { keys, values, positions, arrays, coarse } = store;
  return {
    ...arrays,
    ...(coarse === null ? {} : { coarseCentroids: coarse.centroids, coarseOffsets: coarse.offsets }),
    positions,
    keys,
    values,
  };
}

/** Puts arrays together that have the sizes which the numbers say, and offsets and positions that point at rows. */
function storeOf(outline: Outline, arrays: Record<string, AnyArray>): ContextStore {
  const { batch, heads, dims, type, scale, sink, clustered, tail, clusters, recent, groups } = outline;
  const length = sink + clustered + tail;
  const counts = [batch, heads, dims, sink, clustered, tail, clusters, recent, groups];
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) throw damaged('sizes that are whole numbers', 'others');
  const streams = batch * heads;
  const take = <T extends AnyArray>(name: string, kind: TypeName, size: number): T => {
    const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
    if (array === undefined || typeName(array) !== kind || array.length !== size)
      throw damaged(`${size} numbers as ${name}`, 'something else');
    return array as T;
  };
  const element = type === 'float32' ? 'float32' : 'uint16';
  const offsets = take<Uint32Array>('offsets', 'uint32', streams * (clusters + 1));
  const positions = take<Uint32Array>('positions', 'uint32', streams * length);
  if (positions.some((position) => position >= length)) throw damaged('positions of keys', 'others');
  requireRanges(offsets, streams, clusters, clusters === 0 ? null : [sink, sink + clustered]);
  let coarse = null;
  if (groups > 0) {
    coarse = {
      groups,
      centroids: take<Float32Array>('coarseCentroids', 'float32', streams * groups * dims),
      offsets: take<Uint32Array>('coarseOffsets', 'uint32', streams * (groups + 1)),
    };
    requireRanges(coarse.offsets, streams, groups, [0, clusters]);
  }
  return {
    ...{ batch, heads, dims, type, scale, sink, clustered, tail, clusters, recent, coarse, positions },
    rowRoom: length,
    clusterRoom: clusters,
    keys: take('keys', element, streams * length * dims),
    values: take('values', element, streams * length * dims),
    arrays: {
      centroids: take('centroids', 'float32', streams * clusters * dims),
      keyVariances: take('keyVariances', 'float32', streams * clusters * dims),
      valueMeans: take('valueMeans', 'float32', streams * clusters * dims),
      offsets,
    },
  };
}

/** Each stream's offsets rise from the first to the last of `ends`. */
function requireRanges(offsets: Uint32Array, streams: number, count: number, ends: readonly [number, number] | null): void {
  for (let stream = 0; stream < streams; stream++) {
    const own = offsets.subarray(stream * (count + 1), (stream + 1) * (count + 1));
    const rising = own.every((offset, i) => i === 0 || own[i - 1] <= offset);
    if (!rising || (ends !== null && (own[0] !== ends[0] || own[count] !== ends[1]))) throw damaged('offsets of clusters', 'others');
  }
}

function typeName(array: AnyArray): TypeName {
  const name = Object.prototype.toString.call(array);
  return name === '[object Float32Array]' ? 'float32' : name === '[object Uint16Array]' ? 'uint16' : 'uint32';
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

export function damaged(expected: string, actual: string): MerganserError {
  return new MerganserError('MALFORMED_FILE', `Expected a saved context with ${expected}, but got ${actual}.`);
}
