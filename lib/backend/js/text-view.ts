/** Text as bytes, and the same bytes for reading as words. */
export interface TextView {
  readonly bytes: Uint8Array;
  readonly words: DataView;
}

export function viewText(bytes: Uint8Array): TextView {
  return { bytes, words: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
