/** Memory for results. */
import { Buffer, constants } from 'node:buffer';

/** An array of whatever the memory held: all of its numbers must be written. Filling it with zeros first takes longer than some operators do. */
export function unfilledFloats(length: number): Float32Array {
  const bytes = length * Float32Array.BYTES_PER_ELEMENT;
  // Arrays may be larger than buffers.
  if (bytes > constants.MAX_LENGTH) return new Float32Array(length);
  return new Float32Array(Buffer.allocUnsafeSlow(bytes).buffer, 0, length);
}
