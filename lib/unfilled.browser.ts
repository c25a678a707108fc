/** What the build puts in the place of unfilled.ts for browsers and merganser/pure. */

export function unfilledFloats(length: number): Float32Array {
  return new Float32Array(length);
}

export interface NumberArrayConstructor<Numbers> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): Numbers;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Numbers;
}

export function unfilledLike<Numbers>(constructor: NumberArrayConstructor<Numbers>, length: number): Numbers {
  return new constructor(length);
}
