/** What all runs of a merger share: the vocabulary, and the verdicts so far. Twin of native/include/merganser/dynamic/merger_vocabulary.hpp. */
import type { TokenMergerSpec } from '../../dynamic-kernels';
import { TokenMap } from '../token-map';

/** Verdicts that are remembered before all are forgotten. */
const MOST_VERDICTS = 1 << 20;

export class MergerVocabulary {
  readonly size: number;
  private readonly index: TokenMap;
  private readonly verdicts = new Map<string, boolean>();

  constructor(readonly spec: TokenMergerSpec) {
    this.size = spec.traits.length;
    this.index = new TokenMap(spec.tokenBytes, spec.tokenOffsets);
  }

  text(id: number): Uint8Array {
    const { tokenBytes, tokenOffsets } = this.spec;
    return tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]);
  }

  /** The token with this text, or −1. */
  find(text: Uint8Array): number {
    return this.index.find(text, 0, text.length);
  }

  /** undefined: never asked. */
  verdict(text: Uint8Array, split: number): boolean | undefined {
    return this.verdicts.get(this.key(text, split));
  }

  remember(text: Uint8Array, split: number, allowed: boolean): void {
    if (this.verdicts.size >= MOST_VERDICTS) this.verdicts.clear();
    this.verdicts.set(this.key(text, split), allowed);
  }

  private key(text: Uint8Array, split: number): string {
    const bytes = bytesKey(text);
    return this.spec.splitMatters ? `${bytes}${String.fromCharCode(split)}` : bytes;
  }
}

/** Bytes as a string of as many characters. */
export function bytesKey(bytes: Uint8Array): string {
  let key = '';
  for (let i = 0; i < bytes.length; i++) key += String.fromCharCode(bytes[i]);
  return key;
}
