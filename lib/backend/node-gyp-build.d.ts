declare module 'node-gyp-build' {
  /** Loads the `.node` file for this platform from a package's folder; throws if there is none. */
  export default function load(folder: string): unknown;
}
