/** The files of dist/encodings. */
export type BundledFile = 'p50k_base' | 'cl100k_base' | 'o200k_base';
