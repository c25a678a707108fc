import type { Kernels } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import type { BundledFile } from './bundled-file';
import { type EncodingRanks, HEADER_BYTES, parseRanksFile } from './ranks-file';
import { readBundledFile, readBundledFileSync, readBundledHead, readBundledHeadSync } from './read-bundled';

export type BundledEncoding = 'gpt2' | 'r50k_base' | 'p50k_base' | 'p50k_edit' | 'cl100k_base' | 'o200k_base' | 'o200k_harmony';

interface Bundle {
  readonly file: BundledFile;
  /** Only the ids below this belong to the encoding. */
  readonly idLimit?: number;
}

/** r50k and GPT-2 have one vocabulary, with which p50k's begins; the rest of what tells these encodings apart are their special tokens. */
const BUNDLES = {
  gpt2: { file: 'p50k_base', idLimit: 50256 },
  r50k_base: { file: 'p50k_base', idLimit: 50256 },
  p50k_base: { file: 'p50k_base' },
  p50k_edit: { file: 'p50k_base' },
  cl100k_base: { file: 'cl100k_base' },
  o200k_base: { file: 'o200k_base' },
  o200k_harmony: { file: 'o200k_base' },
} as const satisfies Record<BundledEncoding, Bundle>;

/** Names of the encodings whose vocabularies travel with the package. */
export const BUNDLED_ENCODINGS = Object.keys(BUNDLES) as readonly BundledEncoding[];

/**
 * The vocabulary of a bundled encoding.
 * In Node it is read from the package, in browsers fetched from where the bundler put it; `options.bytes` gives the contents of the `.bin` file instead.
 * Throws UNKNOWN_MODEL for a name that is not bundled, NOT_FOUND (Node) or DOWNLOAD_FAILED (browser) if the file cannot be had, MALFORMED_FILE if it is damaged.
 */
export async function loadEncodingRanks(name: string, options: { readonly bytes?: Uint8Array } = {}): Promise<EncodingRanks> {
  return parseEncoding(name, options.bytes ?? (await readEncoding(name)));
}

/** The bundled file that holds an encoding's vocabulary. Throws as {@link loadEncodingRanks}. */
export async function readEncoding(name: string): Promise<Uint8Array> {
  return readBundledFile(bundleOf(name).file);
}

/** `readEncoding` without a promise. Throws UNSUPPORTED in browsers, which cannot read files synchronously. */
export function readEncodingSync(name: string): Uint8Array {
  return readBundledFileSync(bundleOf(name).file);
}

/** The part of an encoding's file by which it is recognised, as long as it is in one piece. */
export function encodingHead(file: Uint8Array): Uint8Array {
  return file.subarray(0, HEADER_BYTES);
}

/** The same without the rest of the file. */
export async function readEncodingHead(name: string): Promise<Uint8Array> {
  return readBundledHead(bundleOf(name).file, HEADER_BYTES);
}

/** `readEncodingHead` without a promise. */
export function readEncodingHeadSync(name: string, kernels: Kernels): Uint8Array {
  return readBundledHeadSync(bundleOf(name).file, HEADER_BYTES, kernels);
}

/** An encoding's vocabulary out of its bundled file. Throws MALFORMED_FILE. */
export function parseEncoding(name: string, file: Uint8Array): EncodingRanks {
  return parseRanksFile(file, bundleOf(name).idLimit);
}

function bundleOf(name: string): Bundle {
  if (Object.hasOwn(BUNDLES, name)) return BUNDLES[name as BundledEncoding];
  throw new MerganserError(
    'UNKNOWN_MODEL',
    `Expected the name of an encoding (${BUNDLED_ENCODINGS.join(', ')}), but got ${JSON.stringify(name)}.`,
  );
}
