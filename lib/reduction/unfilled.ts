/** Memory for results. */
import { Buffer } from 'node:buffer';

/** An array of whatever the memory held: all of its numbers must be written. Filling it with zeros first takes longer than some operators do. */
export function unfilledFloats(length: number): Float32Array {
  return new Float32Array(Buffer.allocUnsafeSlow(length * Float32Array.BYTES_PER_ELEMENT).buffer, 0, length);
}
