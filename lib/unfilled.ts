/** Memory for results. */
import { Buffer, constants } from 'node:buffer';

/** An array of whatever the memory held: all of its numbers must be written. Filling it with zeros first takes longer than some operators do. */
export function unfilledFloats(length: number): Float32Array {
  return unfilledLike(Float32Array, length);
}

export interface NumberArrayConstructor<Numbers> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): Numbers;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Numbers;
}

/** The same of any type. */
export function unfilledLike<Numbers>(constructor: NumberArrayConstructor<Numbers>, length: number): Numbers {
  const bytes = length * constructor.BYTES_PER_ELEMENT;
  // Arrays may be larger than buffers.
  if (bytes > constants.MAX_LENGTH) return new constructor(length);
  return new constructor(Buffer.allocUnsafeSlow(bytes).buffer, 0, length);
}
