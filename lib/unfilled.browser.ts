/** What the build puts in the place of unfilled.ts for browsers and merganser/pure. */

export function unfilledFloats(length: number): Float32Array {
  return new Float32Array(length);
}
