/** What bundlers for browsers take in the place of index.ts. The build replaces every module that has a `.browser.ts` neighbour. */
export * from './index';
