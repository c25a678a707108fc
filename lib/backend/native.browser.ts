/** What the build puts in the place of native.ts for browsers and merganser/pure. */

export function loadNativeKernels(): never {
  throw new Error('This build of merganser is the TypeScript one, for browsers and merganser/pure; it has no native addon.');
}
