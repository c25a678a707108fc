/** The tokens of a batch: the vocabulary's, and those that merges made. Twin of native/include/merganser/dynamic/batch_tokens.hpp. */
import { IdBuffer } from '../id-buffer';
import { bytesKey, type MergerVocabulary } from './merger-vocabulary';
import { joinTraits } from './traits';

export class BatchTokens {
  private readonly newIds = new Map<string, number>();
  private readonly newTexts: Uint8Array[] = [];
  private readonly newTraits: number[] = [];
  private readonly parts = new IdBuffer();
  private readonly partOffsets: number[] = [0];

  constructor(readonly vocabulary: MergerVocabulary) {}

  traits(id: number): number {
    const { spec, size } = this.vocabulary;
    return id < size ? spec.traits[id] : this.newTraits[id - size];
  }

  text(id: number): Uint8Array {
    const { vocabulary } = this;
    return id < vocabulary.size ? vocabulary.text(id) : this.newTexts[id - vocabulary.size];
  }

  textOfPair(left: number, right: number): Uint8Array {
    const start = this.text(left);
    const end = this.text(right);
    const text = new Uint8Array(start.length + end.length);
    text.set(start);
    text.set(end, start.length);
    return text;
  }

  /** The token that a pair becomes: one that is there already, or a new one. */
  join(left: number, right: number): number {
    const text = this.textOfPair(left, right);
    const known = this.vocabulary.find(text);
    if (known >= 0) return known;
    const key = bytesKey(text);
    const earlier = this.newIds.get(key);
    if (earlier !== undefined) return earlier;
    const id = this.vocabulary.size + this.newTexts.length;
    this.newIds.set(key, id);
    this.newTexts.push(text);
    this.newTraits.push(joinTraits(this.traits(left), this.traits(right)));
    for (const token of [left, right]) this.pushParts(token);
    this.partOffsets.push(this.parts.length);
    return id;
  }

  /** The new tokens, as `MergedTokens` has them. */
  result(): { newBytes: Uint8Array; newByteOffsets: Uint32Array; newParts: Uint32Array; newPartOffsets: Uint32Array } {
    const newByteOffsets = new Uint32Array(this.newTexts.length + 1);
    this.newTexts.forEach((text, i) => (newByteOffsets[i + 1] = newByteOffsets[i] + text.length));
    const newBytes = new Uint8Array(newByteOffsets[this.newTexts.length]);
    this.newTexts.forEach((text, i) => newBytes.set(text, newByteOffsets[i]));
    return {
      newBytes,
      newByteOffsets,
      newParts: this.parts.values.slice(0, this.parts.length),
      newPartOffsets: Uint32Array.from(this.partOffsets),
    };
  }

  private pushParts(token: number): void {
    const { parts, partOffsets, vocabulary } = this;
    if (token < vocabulary.size) return parts.push(token);
    const from = partOffsets[token - vocabulary.size];
    const to = partOffsets[token - vocabulary.size + 1];
    for (let i = from; i < to; i++) parts.push(parts.values[i]);
  }
}
