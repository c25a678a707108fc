/** Arrays of callers as the language makes them. */
import { unexpected } from './errors';

export type NumberArray = Float32Array | Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array | Int8Array;

type NumberArrayClass<Numbers> = { readonly name: string } & (new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Numbers);

const CLASSES: ReadonlyMap<string | undefined, NumberArrayClass<NumberArray>> = new Map(
  [Float32Array, Float64Array, Uint32Array, Int32Array, Uint16Array, Uint8Array, Int8Array].map((Class) => [Class.name, Class]),
);

/** A property of the arrays themselves, whatever an object or its class has under that name. */
function intrinsic<Value>(key: PropertyKey): (array: unknown) => Value {
  const property = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype) as object, key)!;
  return (array) => property.get!.call(array) as Value;
}

const typeOf = intrinsic<string | undefined>(Symbol.toStringTag);
const lengthOf = intrinsic<number>('length');
const offsetOf = intrinsic<number>('byteOffset');
const bufferOf = intrinsic<ArrayBufferLike>('buffer');

/**
 * The same numbers in the same memory, by an array of no subclass and without properties of its own: such make what they like of parts, copies and lengths (parts of a Buffer are
 * no copies, for example), and kernels believe lengths. null for what is no array of that class, even if its prototype is one's. Throws INVALID_ARGUMENT if its memory was taken away.
 */
export function plainArray<Numbers extends NumberArray>(array: unknown, Class: NumberArrayClass<Numbers>, name: string): Numbers | null {
  if (typeOf(array) !== Class.name) return null;
  try {
    return new Class(bufferOf(array), offsetOf(array), lengthOf(array));
  } catch {
    throw unexpected(name, 'numbers in memory', 'an array whose memory was taken away');
  }
}

/** The same of an array of any of these classes. */
export function plainly<Numbers extends NumberArray>(array: Numbers, name: string): Numbers {
  const plain = plainArray(array, CLASSES.get(typeOf(array)) ?? Float32Array, name);
  if (plain === null) throw unexpected(name, 'an array of numbers', 'what only looks like one');
  return plain as Numbers;
}
