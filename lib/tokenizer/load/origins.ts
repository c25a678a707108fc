/** The origins that tokenizers are loaded from. */
import {
  encodingHead,
  parseEncoding,
  readEncoding,
  readEncodingHead,
  readEncodingHeadSync,
  readEncodingSync,
} from '../encodings/load-ranks';
import { stampOf } from '../compiled/source-stamp';
import type { HubOptions, TiktokenOptions } from '../types';
import { absolutePath, nameOfFile, stampFile, stampFileSync } from './compiled-cache';
import { readBytes, readBytesSync } from './files';
import { fetchFromHub } from './hub';
import type { Origin, SyncOrigin } from './load-engine';
import { parseTiktokenFile, tiktokenDefinition } from './tiktoken-file';
import { readTokenizerJson } from './tokenizer-json';

/** A tokenizer.json. */
export function tokenizerFile(path: string): SyncOrigin {
  return {
    ...file('tokenizer.json', path, []),
    define: (bytes, kernels) => readTokenizerJson(bytes, path, kernels),
  };
}

/** A `.tiktoken` file with the pattern and special tokens that the options give. */
export function tiktokenFile(path: string, options: TiktokenOptions): SyncOrigin {
  const { encoding, pattern, specialTokens } = options;
  return {
    ...file('tiktoken', path, [encoding ?? null, pattern ?? null, specialTokens === undefined ? null : Object.entries(specialTokens)]),
    define: (bytes) => tiktokenDefinition(parseTiktokenFile(bytes, path), options),
  };
}

/** The tokenizer.json of a repository on the Hub. */
export function hubFile(id: string, options: HubOptions): Origin {
  const name = `${id}/tokenizer.json`;
  return {
    identify: () => ({ name, how: ['hub', id, options.revision ?? 'main'] }),
    read: () => fetchFromHub(id, 'tokenizer.json', options),
    define: (bytes, kernels) => readTokenizerJson(bytes, name, kernels),
  };
}

/** An encoding that travels with the package. */
export function bundledEncoding(name: string): SyncOrigin {
  return {
    identify: () => ({ name, how: ['encoding', name] }),
    read: () => readEncoding(name),
    readSync: () => readEncodingSync(name),
    define: (bytes) => tiktokenDefinition(parseEncoding(name, bytes), { encoding: name }),
    stampOf: (bytes, kernels) => stampOf(encodingHead(bytes), kernels),
    stamp: async (kernels) => stampOf(await readEncodingHead(name), kernels),
    stampSync: (kernels) => stampOf(readEncodingHeadSync(name, kernels), kernels),
  };
}

function file(format: string, path: string, how: readonly unknown[]): Omit<SyncOrigin, 'define'> {
  return {
    identify: () => ({ name: nameOfFile(path), how: [format, absolutePath(path), ...how] }),
    read: () => readBytes(path),
    readSync: () => readBytesSync(path),
    stamp: (kernels) => stampFile(path, kernels),
    stampSync: (kernels) => stampFileSync(path, kernels),
  };
}
