/** What the build puts in the place of addon.ts for browsers and merganser/pure. */

/** Never reached: where there are no native kernels, there is nothing to tell of them. */
export function addonInfo(): Record<string, never> {
  return {};
}
