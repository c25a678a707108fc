/** The text of the vocabulary files that OpenAI publishes, written from tokens. */

/** A `.tiktoken` file: base64 and rank, one token a line. */
export function tiktokenFile(tokens: readonly Uint8Array[]): string {
  return tokens.map((token, rank) => (token.length > 0 ? `${Buffer.from(token).toString('base64')} ${rank}\n` : '')).join('');
}

/** GPT-2's `vocab.bpe`: the two tokens that each product is merged from, in its printable alphabet. */
export function gpt2MergesFile(tokens: readonly Uint8Array[]): string {
  const ranks = new Map(tokens.map((token, rank) => [Buffer.from(token).toString('latin1'), rank]));
  const lines = tokens
    .slice(256)
    .map((token, index) => lastMerge(Buffer.from(token).toString('latin1'), ranks, index + 256))
    .map((parts) => parts.map(printable).join(' '));
  return `#version: 0.2\n${lines.join('\n')}\n`;
}

/** The two parts that byte-pair encoding has left of a token before the merge of rank `rank`. */
function lastMerge(token: string, ranks: ReadonlyMap<string, number>, rank: number): string[] {
  const parts = [...token];
  for (;;) {
    let lowest = rank;
    let place = -1;
    for (let index = 0; index + 1 < parts.length; index++) {
      const pairRank = ranks.get(parts[index] + parts[index + 1]) ?? rank;
      if (pairRank < lowest) [lowest, place] = [pairRank, index];
    }
    if (place < 0) break;
    parts.splice(place, 2, parts[place] + parts[place + 1]);
  }
  if (parts.length !== 2) throw new Error(`Expected the token of rank ${rank} to be a merge of two, but it has ${parts.length} parts.`);
  return parts;
}

/** GPT-2's alphabet: printable Latin-1 stands for itself, the other bytes for the characters from U+0100 on. */
function printable(bytes: string): string {
  return Array.from(bytes, (character) => {
    const byte = character.charCodeAt(0);
    if (isPrintable(byte)) return character;
    let before = 0;
    for (let other = 0; other < byte; other++) if (!isPrintable(other)) before++;
    return String.fromCharCode(0x100 + before);
  }).join('');
}

function isPrintable(byte: number): boolean {
  return (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
}
