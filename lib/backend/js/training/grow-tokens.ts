/** From the tokens of the start and merges to all tokens. */
import type { TokenBytes } from '../../training-kernels';

export function growTokens(start: TokenBytes, merges: Uint32Array, prefix: Uint8Array): TokenBytes {
  const first = start.tokenOffsets.length - 1;
  const tokenOffsets = new Uint32Array(first + merges.length / 3 + 1);
  tokenOffsets.set(start.tokenOffsets);
  const bytes = new Uint8Array(start.tokenBytes.length + bytesOfProducts(start, merges));
  bytes.set(start.tokenBytes);
  let count = first;
  for (let i = 0; i < merges.length; i += 3) {
    if (merges[i + 2] < count) continue;
    const [left, right] = [merges[i], merges[i + 1]];
    let end = tokenOffsets[count];
    for (let at = tokenOffsets[left]; at < tokenOffsets[left + 1]; at++) bytes[end++] = bytes[at];
    const rest = tokenOffsets[right] + (startsWith(bytes, tokenOffsets[right], tokenOffsets[right + 1], prefix) ? prefix.length : 0);
    for (let at = rest; at < tokenOffsets[right + 1]; at++) bytes[end++] = bytes[at];
    tokenOffsets[++count] = end;
  }
  return { tokenBytes: bytes.slice(0, tokenOffsets[count]), tokenOffsets: tokenOffsets.slice(0, count + 1) };
}

/** At most, as nothing is taken off. */
function bytesOfProducts({ tokenOffsets }: TokenBytes, merges: Uint32Array): number {
  const first = tokenOffsets.length - 1;
  const lengths = new Uint32Array(first + merges.length / 3);
  for (let id = 0; id < first; id++) lengths[id] = tokenOffsets[id + 1] - tokenOffsets[id];
  let sum = 0;
  for (let i = 0, count = first; i < merges.length; i += 3) {
    if (merges[i + 2] < count) continue;
    sum += lengths[count++] = lengths[merges[i]] + lengths[merges[i + 1]];
  }
  return sum;
}

function startsWith(bytes: Uint8Array, from: number, to: number, prefix: Uint8Array): boolean {
  return to - from >= prefix.length && prefix.every((byte, i) => bytes[from + i] === byte);
}
