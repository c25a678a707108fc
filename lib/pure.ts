/** merganser/pure: the same package without native code. The build replaces every module that has a `.browser.ts` neighbour. */
export * from './index';
